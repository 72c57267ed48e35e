package main

import (
	"context"
	"fmt"

	"github.com/argoproj/argo-cd/v2/common"
	"github.com/argoproj/argo-cd/v2/util/db"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"kubectl-tapmc/testbed/readers/clusters"
)

// readArgoSecret reads the Secret of that name among those that Argo CD takes for clusters.
func readArgoSecret(ctx context.Context, asked clusters.Asked) (string, *rest.Config, error) {
	config, err := asked.Build()
	if err != nil {
		return "", nil, err
	}
	build, err := kubernetes.NewForConfig(config)
	if err != nil {
		return "", nil, err
	}
	ofClusters := common.LabelKeySecretType + "=" + common.LabelValueSecretTypeCluster
	all, err := build.CoreV1().Secrets(asked.Namespace).List(ctx, metav1.ListOptions{LabelSelector: ofClusters})
	if err != nil {
		return "", nil, err
	}
	for _, secret := range all.Items {
		if secret.Name != asked.Name {
			continue
		}
		cluster, err := db.SecretToCluster(&secret)
		if err != nil {
			return "", nil, err
		}
		read, err := cluster.RawRestConfig()
		return cluster.Name, read, err
	}
	return "", nil, fmt.Errorf("Argo CD finds no cluster Secret %q", asked.Name)
}
