package standin

import (
	"context"
	"slices"
	"time"

	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/utils/ptr"
)

const (
	installFinalizer = "finalizers.packageinstall.packaging.carvel.dev/delete"
	noVersion        = "Expected to find at least one version, but did not"
)

// Installs is what kapp-controller does with PackageInstalls: each has an App of its own name, which does the work.
type Installs struct {
	cluster *Cluster
}

// Reconcile brings the App in line and takes over what it says.
func (i *Installs) Reconcile(ctx context.Context, name Name) (time.Duration, error) {
	install, err := i.cluster.Get(ctx, installs, name)
	if err != nil {
		return 0, err
	}
	if install.GetDeletionTimestamp() != nil {
		return 0, i.delete(ctx, install)
	}
	if err := addFinalizer(ctx, i.cluster, installs, install, installFinalizer); err != nil {
		return 0, err
	}
	version := text(install.Object, "spec", "packageRef", "versionSelection", "constraints")
	of := text(install.Object, "spec", "packageRef", "refName") + "." + version
	found, err := i.cluster.Get(ctx, packages, Name{Namespace: name.Namespace, Name: of})
	if errors.IsNotFound(err) {
		return 0, i.cluster.SetStatus(ctx, installs, name, carvelManager, func(status map[string]any) {
			status["observedGeneration"] = install.GetGeneration()
			carvelStatus(status).set(reconcileFailed, noVersion, "Reconcile failed: "+noVersion, noVersion)
		})
	}
	if err != nil {
		return 0, err
	}
	app, err := i.app(ctx, install, found)
	if err != nil {
		return 0, err
	}
	return 0, i.cluster.SetStatus(ctx, installs, name, carvelManager, func(status map[string]any) {
		status["observedGeneration"] = install.GetGeneration()
		status["lastAttemptedVersion"] = version
		mirror(status, app, version)
	})
}

// app creates or changes the App of an install. Labels and annotations that somebody put on it are left alone.
func (i *Installs) app(ctx context.Context, install, of *Object) (*Object, error) {
	wanted := appSpec(install, of)
	owner := metav1.NewControllerRef(install, install.GroupVersionKind())
	name := nameOf(install)
	app, err := i.cluster.Get(ctx, apps, name)
	if errors.IsNotFound(err) {
		app = &Object{Object: map[string]any{"spec": wanted}}
		app.SetAPIVersion(apps.GroupVersion().String())
		app.SetKind(appKind.Kind)
		app.SetNamespace(name.Namespace)
		app.SetName(name.Name)
		app.SetOwnerReferences([]metav1.OwnerReference{*owner})
		options := metav1.CreateOptions{FieldManager: carvelManager}
		return i.cluster.At(apps, name.Namespace).Create(ctx, app, options)
	}
	if err != nil {
		return nil, err
	}
	err = i.cluster.Change(ctx, apps, name, carvelManager, func(app *Object) {
		app.Object["spec"] = wanted
		app.SetOwnerReferences([]metav1.OwnerReference{*owner})
	})
	if err != nil {
		return nil, err
	}
	return i.cluster.Get(ctx, apps, name)
}

// appSpec is the package's template with what the install says itself, which includes whether it is paused.
func appSpec(install, of *Object) map[string]any {
	spec, _, _ := unstructured.NestedMap(of.Object, "spec", "template", "spec")
	if spec == nil {
		spec = map[string]any{}
	}
	own, _, _ := unstructured.NestedMap(install.Object, "spec")
	for _, field := range []string{"serviceAccountName", "cluster", "syncPeriod", "noopDelete", "defaultNamespace"} {
		if value, ok := own[field]; ok {
			spec[field] = value
		}
	}
	for _, field := range []string{"paused", "canceled"} {
		if own[field] == true {
			spec[field] = true
		}
	}
	return spec
}

// mirror says of the install what the conditions of its App say; a paused App keeps those that it had.
func mirror(status map[string]any, app *Object, version string) {
	own, _, _ := unstructured.NestedMap(app.Object, "status")
	if message, failed := holding(own, reconcileFailed); failed {
		useful := text(own, "usefulErrorMessage")
		carvelStatus(status).set(reconcileFailed, message, "Reconcile failed: "+message, useful)
	} else if _, succeeded := holding(own, reconcileSucceeded); succeeded {
		carvelStatus(status).set(reconcileSucceeded, "", "Reconcile succeeded", "")
		status["version"] = version
	} else if !isPausedOrCanceled(app) || len(list(own, "conditions")) > 0 {
		carvelStatus(status).set(reconciling, "", "Reconciling", "")
	}
}

// delete waits for the App to go; its end wakes this again.
func (i *Installs) delete(ctx context.Context, install *Object) error {
	name := nameOf(install)
	options := metav1.DeleteOptions{PropagationPolicy: ptr.To(metav1.DeletePropagationBackground)}
	err := i.cluster.At(apps, name.Namespace).Delete(ctx, name.Name, options)
	if errors.IsNotFound(err) {
		return removeFinalizer(ctx, i.cluster, installs, name, installFinalizer)
	}
	if err != nil {
		return err
	}
	return i.cluster.SetStatus(ctx, installs, name, carvelManager, func(status map[string]any) {
		status["observedGeneration"] = install.GetGeneration()
		carvelStatus(status).set(deleting, "", "Deleting", "")
	})
}

func addFinalizer(ctx context.Context, cluster *Cluster, of Resource, object *Object, finalizer string) error {
	if slices.Contains(object.GetFinalizers(), finalizer) {
		return nil
	}
	return cluster.Change(ctx, of, nameOf(object), carvelManager, func(object *Object) {
		if !slices.Contains(object.GetFinalizers(), finalizer) {
			object.SetFinalizers(append(object.GetFinalizers(), finalizer))
		}
	})
}

func removeFinalizer(ctx context.Context, cluster *Cluster, of Resource, name Name, finalizer string) error {
	return cluster.Change(ctx, of, name, carvelManager, func(object *Object) {
		object.SetFinalizers(slices.DeleteFunc(object.GetFinalizers(), func(f string) bool { return f == finalizer }))
	})
}
