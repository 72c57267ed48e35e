package standin

import (
	"context"
	"reflect"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/client-go/util/retry"
)

// Object is any object of the API.
type Object = unstructured.Unstructured

// Name is an object's namespace, which is empty for the whole cluster's, and name.
type Name = types.NamespacedName

// Resource is a kind of objects as requests name it.
type Resource = schema.GroupVersionResource

// Cluster is the API server that the stand-in works on.
type Cluster struct {
	client dynamic.Interface
	mapper *restmapper.DeferredDiscoveryRESTMapper
}

// Connect makes the clients; it sends nothing yet.
func Connect(kubeconfig string) (*Cluster, error) {
	config, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return nil, err
	}
	return connect(config)
}

func connect(config *rest.Config) (*Cluster, error) {
	config.QPS = -1
	client, err := dynamic.NewForConfig(config)
	if err != nil {
		return nil, err
	}
	served, err := discovery.NewDiscoveryClientForConfig(config)
	if err != nil {
		return nil, err
	}
	return &Cluster{client, restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(served))}, nil
}

// At is where the objects of a kind are that have this namespace.
func (c *Cluster) At(resource Resource, namespace string) dynamic.ResourceInterface {
	if namespace == "" {
		return c.client.Resource(resource)
	}
	return c.client.Resource(resource).Namespace(namespace)
}

// Get reads an object.
func (c *Cluster) Get(ctx context.Context, resource Resource, name Name) (*Object, error) {
	return c.At(resource, name.Namespace).Get(ctx, name.Name, metav1.GetOptions{})
}

// Mapping finds how a kind is asked for, also when it has come to be served only lately.
func (c *Cluster) Mapping(kind schema.GroupKind, versions ...string) (*meta.RESTMapping, error) {
	mapping, err := c.mapper.RESTMapping(kind, versions...)
	if meta.IsNoMatchError(err) {
		c.mapper.Reset()
		mapping, err = c.mapper.RESTMapping(kind, versions...)
	}
	return mapping, err
}

// Change reads an object, lets it be changed and writes it, again and again while others write too.
func (c *Cluster) Change(
	ctx context.Context, resource Resource, name Name, manager string, change func(*Object),
) error {
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		found, err := c.Get(ctx, resource, name)
		if err != nil {
			return err
		}
		wanted := found.DeepCopy()
		change(wanted)
		if reflect.DeepEqual(found, wanted) {
			return nil
		}
		_, err = c.At(resource, name.Namespace).Update(ctx, wanted, metav1.UpdateOptions{FieldManager: manager})
		return err
	})
}

// SetStatus does the same to an object's status alone.
func (c *Cluster) SetStatus(
	ctx context.Context, resource Resource, name Name, manager string, change func(status map[string]any),
) error {
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		found, err := c.Get(ctx, resource, name)
		if err != nil {
			return err
		}
		status, _, _ := unstructured.NestedMap(found.Object, "status")
		if status == nil {
			status = map[string]any{}
		}
		before := (&Object{Object: status}).DeepCopy().Object
		change(status)
		if reflect.DeepEqual(before, status) {
			return nil
		}
		found.Object["status"] = status
		options := metav1.UpdateOptions{FieldManager: manager}
		_, err = c.At(resource, name.Namespace).UpdateStatus(ctx, found, options)
		return err
	})
}

func nameOf(object *Object) Name {
	return Name{Namespace: object.GetNamespace(), Name: object.GetName()}
}

func text(object map[string]any, path ...string) string {
	value, _, _ := unstructured.NestedString(object, path...)
	return value
}

func isSet(object map[string]any, path ...string) bool {
	value, _, _ := unstructured.NestedBool(object, path...)
	return value
}

func number(object map[string]any, path ...string) int64 {
	value, _, _ := unstructured.NestedInt64(object, path...)
	return value
}

// list gives the maps of a list; what else the list holds is left out.
func list(object map[string]any, path ...string) []map[string]any {
	values, _, _ := unstructured.NestedSlice(object, path...)
	var maps []map[string]any
	for _, value := range values {
		if item, ok := value.(map[string]any); ok {
			maps = append(maps, item)
		}
	}
	return maps
}
