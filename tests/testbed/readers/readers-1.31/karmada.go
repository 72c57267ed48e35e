package main

import (
	"context"

	cluster "github.com/karmada-io/karmada/pkg/apis/cluster/v1alpha1"
	"github.com/karmada-io/karmada/pkg/util"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"kubectl-tapmc/testbed/readers/clusters"
)

// readKarmadaCluster reads the Cluster of that name, and the Secret that it refers to, with Karmada's own function.
func readKarmadaCluster(ctx context.Context, asked clusters.Asked) (string, *rest.Config, error) {
	config, err := asked.Build()
	if err != nil {
		return "", nil, err
	}
	scheme := runtime.NewScheme()
	for _, add := range []func(*runtime.Scheme) error{cluster.AddToScheme, corev1.AddToScheme} {
		if err := add(scheme); err != nil {
			return "", nil, err
		}
	}
	build, err := client.New(config, client.Options{Scheme: scheme})
	if err != nil {
		return "", nil, err
	}
	ofCluster := func(name string) (*cluster.Cluster, error) { return util.GetCluster(build, name) }
	ofSecret := func(namespace, name string) (*corev1.Secret, error) {
		found := &corev1.Secret{}
		return found, build.Get(ctx, client.ObjectKey{Namespace: namespace, Name: name}, found)
	}
	read, err := util.BuildClusterConfig(asked.Name, ofCluster, ofSecret)
	return asked.Name, read, err
}
