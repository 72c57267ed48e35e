package main

import (
	"context"
	"os"
	"path/filepath"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd/api"
	"sigs.k8s.io/cluster-inventory-api/apis/v1alpha1"
	"sigs.k8s.io/cluster-inventory-api/pkg/access"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"kubectl-tapmc/testbed/readers/clusters"
)

// readClusterProfile reads the ClusterProfile of that name with cluster-inventory-api's own code, by one of its access
// providers, whose plugin is a program beside this one. The plugin reads the Secret on the build cluster when the run
// cluster is asked.
func readClusterProfile(provider string) clusters.Reader {
	return func(ctx context.Context, asked clusters.Asked) (string, *rest.Config, error) {
		build, err := buildClient(asked, v1alpha1.AddToScheme)
		if err != nil {
			return "", nil, err
		}
		var profile v1alpha1.ClusterProfile
		if err := build.Get(ctx, client.ObjectKey{Namespace: asked.Namespace, Name: asked.Name}, &profile); err != nil {
			return "", nil, err
		}
		self, err := os.Executable()
		if err != nil {
			return "", nil, err
		}
		kubeconfig, err := asked.WriteCurrent()
		if err != nil {
			return "", nil, err
		}
		config, err := access.New([]access.Provider{{
			Name: provider,
			ExecConfig: &api.ExecConfig{
				APIVersion:         "client.authentication.k8s.io/v1",
				Command:            filepath.Join(filepath.Dir(self), provider),
				Env:                []api.ExecEnvVar{{Name: "KUBECONFIG", Value: kubeconfig}},
				ProvideClusterInfo: true,
			},
		}}).BuildConfigFromCP(&profile)
		return asked.Name, config, err
	}
}
