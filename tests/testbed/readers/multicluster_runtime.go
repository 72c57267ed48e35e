package main

import (
	"context"
	"errors"

	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/cluster"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	multimanager "sigs.k8s.io/multicluster-runtime/pkg/manager"
	"sigs.k8s.io/multicluster-runtime/pkg/multicluster"
	"sigs.k8s.io/multicluster-runtime/providers/kubeconfig"

	"kubectl-tapmc/testbed/readers/clusters"
)

// engaged is a part of a manager that is told of its clusters.
type engaged chan cluster.Cluster

// engagement waits for the cluster of one name.
type engagement struct {
	name    string
	engaged engaged
}

// Start belongs to the parts of a manager; there is nothing to start.
func (engagement) Start(ctx context.Context) error {
	<-ctx.Done()
	return nil
}

// Engage is called for each cluster.
func (e engagement) Engage(_ context.Context, name multicluster.ClusterName, found cluster.Cluster) error {
	if string(name) == e.name {
		e.engaged <- found
	}
	return nil
}

// engage runs a manager with multicluster-runtime's kubeconfig provider on the namespace until that engages the cluster
// of that name.
func engage(ctx context.Context, asked clusters.Asked) (string, *rest.Config, error) {
	build, err := asked.Build()
	if err != nil {
		return "", nil, err
	}
	provider := kubeconfig.New(kubeconfig.Options{Namespace: asked.Namespace})
	all, err := multimanager.New(build, provider, manager.Options{Metrics: server.Options{BindAddress: "0"}})
	if err != nil {
		return "", nil, err
	}
	if err := provider.SetupWithManager(ctx, all); err != nil {
		return "", nil, err
	}
	waiting := engagement{name: asked.Name, engaged: make(engaged, 1)}
	if err := all.Add(waiting); err != nil {
		return "", nil, err
	}
	ended := make(chan error, 1)
	go func() { ended <- all.Start(ctx) }()
	select {
	case found := <-waiting.engaged:
		return asked.Name, found.GetConfig(), nil
	case err := <-ended:
		return "", nil, errors.Join(errors.New("the cluster was not engaged"), err)
	}
}
