package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"

	"kubectl-tapmc/testbed/standin"
)

var customResourceDefinitions = schema.GroupVersionResource{
	Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions",
}

// ReadCRDs reads the objects of every YAML file in some folders.
func ReadCRDs(folders []string) ([]*unstructured.Unstructured, error) {
	var crds []*unstructured.Unstructured
	for _, folder := range folders {
		files, err := filepath.Glob(filepath.Join(folder, "*.yaml"))
		if err != nil {
			return nil, err
		}
		if len(files) == 0 {
			return nil, fmt.Errorf("there is no *.yaml in %s", folder)
		}
		for _, file := range files {
			content, err := os.ReadFile(file)
			if err != nil {
				return nil, err
			}
			read, err := standin.ReadObjects(content)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", file, err)
			}
			crds = append(crds, read...)
		}
	}
	return crds, nil
}

// createCRDs creates them all at once and returns when each is served.
func (c *Cluster) createCRDs(ctx context.Context, folders []string, api *Probe) error {
	crds, err := ReadCRDs(folders)
	if err != nil {
		return err
	}
	client, err := dynamic.NewForConfig(&rest.Config{
		Host:            c.Server(),
		BearerToken:     c.credentials.Token,
		TLSClientConfig: rest.TLSClientConfig{CAData: c.credentials.ServerCA},
		QPS:             -1,
	})
	if err != nil {
		return err
	}
	ends := make(chan error, len(crds))
	for _, crd := range crds {
		go func() { ends <- createCRD(ctx, client, crd, api) }()
	}
	for range crds {
		err = errors.Join(err, <-ends)
	}
	return err
}

func createCRD(ctx context.Context, client dynamic.Interface, crd *unstructured.Unstructured, api *Probe) error {
	_, err := client.Resource(customResourceDefinitions).Create(ctx, crd, metav1.CreateOptions{})
	if err != nil {
		return fmt.Errorf("creating %s: %w", crd.GetName(), err)
	}
	var checks []Check
	versions, _, _ := unstructured.NestedSlice(crd.Object, "spec", "versions")
	for _, version := range versions {
		group, _, _ := unstructured.NestedString(crd.Object, "spec", "group")
		plural, _, _ := unstructured.NestedString(crd.Object, "spec", "names", "plural")
		name, _, _ := unstructured.NestedString(version.(map[string]any), "name")
		// It is established when its objects can be listed; kubectl finds it when discovery names it too.
		checks = append(checks,
			api.Answers(fmt.Sprintf("/apis/%s/%s/%s?limit=1", group, name, plural)),
			api.Says(fmt.Sprintf("/apis/%s/%s", group, name), `"name":"`+plural+`"`))
	}
	return Await(ctx, checks...)
}
