package main

import (
	"context"
	"errors"
	"os"

	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/yaml"

	"kubectl-tapmc/testbed/readers/clusters"
)

// readFile reads a kubeconfig as kubectl and everything else does that is built on client-go: tensile-kube's
// virtual-node by its path, liqoctl by kubectl's own flags.
func readFile(_ context.Context, asked clusters.Asked) (string, *rest.Config, error) {
	config, err := clientcmd.BuildConfigFromFlags("", asked.File)
	return "", config, err
}

// typeInstances is the file of `capact typeinstance create`, as far as a kubeconfig goes
// (capactio/capact: cmd/cli/docs/capact_typeinstance_create.md).
type typeInstances struct {
	TypeInstances []struct {
		TypeRef struct {
			Path string `json:"path"`
		} `json:"typeRef"`
		Value struct {
			Config any `json:"config"`
		} `json:"value"`
	} `json:"typeInstances"`
}

// readTypeInstance reads a TypeInstance as Capact's Helm runner does, whose module cannot be had: `value.config` is a
// mapping, which is written out again and read as a kubeconfig (capactio/capact: pkg/runner/helm/config_loader.go).
func readTypeInstance(_ context.Context, asked clusters.Asked) (string, *rest.Config, error) {
	content, err := os.ReadFile(asked.File)
	if err != nil {
		return "", nil, err
	}
	var file typeInstances
	if err := yaml.Unmarshal(content, &file); err != nil {
		return "", nil, err
	}
	for _, instance := range file.TypeInstances {
		if instance.TypeRef.Path != "cap.type.containerization.kubernetes.kubeconfig" {
			continue
		}
		if _, ok := instance.Value.Config.(map[string]any); !ok {
			return "", nil, errors.New("value.config is no mapping")
		}
		kubeconfig, err := yaml.Marshal(instance.Value.Config)
		if err != nil {
			return "", nil, err
		}
		config, err := clientcmd.RESTConfigFromKubeConfig(kubeconfig)
		return "", config, err
	}
	return "", nil, errors.New("there is no TypeInstance with a kubeconfig")
}
