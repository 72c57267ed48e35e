package main

import (
	"context"

	"github.com/go-logr/logr"
	sveltos "github.com/projectsveltos/libsveltos/api/v1beta1"
	"github.com/projectsveltos/libsveltos/lib/clusterproxy"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/cluster-api/util/kubeconfig"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"kubectl-tapmc/testbed/readers/clusters"
)

// buildClient talks to the build cluster; it knows the kinds that are added.
func buildClient(asked clusters.Asked, add ...func(*runtime.Scheme) error) (client.Client, error) {
	config, err := asked.Build()
	if err != nil {
		return nil, err
	}
	scheme := runtime.NewScheme()
	for _, add := range append(add, corev1.AddToScheme) {
		if err := add(scheme); err != nil {
			return nil, err
		}
	}
	return client.New(config, client.Options{Scheme: scheme})
}

// readClusterAPISecret reads the Secret of the Cluster of that name with Cluster API's own function.
func readClusterAPISecret(ctx context.Context, asked clusters.Asked) (string, *rest.Config, error) {
	build, err := buildClient(asked)
	if err != nil {
		return "", nil, err
	}
	content, err := kubeconfig.FromSecret(ctx, build, client.ObjectKey{Namespace: asked.Namespace, Name: asked.Name})
	if err != nil {
		return "", nil, err
	}
	config, err := clientcmd.RESTConfigFromKubeConfig(content)
	return asked.Name, config, err
}

// readSveltosCluster reads the SveltosCluster of that name, and the Secret that it means, with Sveltos' own function.
func readSveltosCluster(ctx context.Context, asked clusters.Asked) (string, *rest.Config, error) {
	build, err := buildClient(asked, sveltos.AddToScheme)
	if err != nil {
		return "", nil, err
	}
	config, err := clusterproxy.GetSveltosKubernetesRestConfig(ctx, logr.Discard(), build, asked.Namespace, asked.Name)
	return asked.Name, config, err
}
