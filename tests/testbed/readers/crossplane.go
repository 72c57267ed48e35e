package main

import (
	"bytes"
	"context"
	"encoding/json"

	"github.com/crossplane-contrib/provider-kubernetes/pkg/kube/config"
	"github.com/crossplane/crossplane-runtime/v2/pkg/resource"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"kubectl-tapmc/testbed/readers/clusters"
)

// readProviderConfig reads the ProviderConfig of that name with provider-kubernetes' own type, and the credentials that
// it names with crossplane-runtime's own function, which provider-helm calls as well. What provider-kubernetes adds for
// the identities of clouds cannot be had, and is of no use here.
func readProviderConfig(group, version, kind string) clusters.Reader {
	return func(ctx context.Context, asked clusters.Asked) (string, *rest.Config, error) {
		build, err := buildClient(asked)
		if err != nil {
			return "", nil, err
		}
		found := &unstructured.Unstructured{}
		found.SetGroupVersionKind(schema.GroupVersionKind{Group: group, Version: version, Kind: kind})
		if err := build.Get(ctx, client.ObjectKey{Namespace: asked.Namespace, Name: asked.Name}, found); err != nil {
			return "", nil, err
		}
		content, err := json.Marshal(found.Object["spec"])
		if err != nil {
			return "", nil, err
		}
		var spec config.ProviderConfigSpec
		strict := json.NewDecoder(bytes.NewReader(content))
		strict.DisallowUnknownFields()
		if err := strict.Decode(&spec); err != nil {
			return "", nil, err
		}
		credentials := spec.Credentials
		kubeconfig, err := resource.CommonCredentialExtractor(ctx, credentials.Source, build, credentials.CommonCredentialSelectors)
		if err != nil {
			return "", nil, err
		}
		reached, err := clientcmd.RESTConfigFromKubeConfig(kubeconfig)
		return asked.Name, reached, err
	}
}
