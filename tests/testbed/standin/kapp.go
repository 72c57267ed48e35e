package standin

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/utils/ptr"
)

// Kapp is one use of what kapp does for one App: it applies, puts back, deletes what is gone, and waits.
type Kapp struct {
	// home is where the App is, cluster is where its content goes.
	home, cluster *Cluster
	written       *Written
	app           Name
	// namespace is that of the record, and of what names none.
	namespace string
	// deleting holds while the App itself goes.
	deleting bool
}

// target is an object of the content and where it is.
type target struct {
	object   *Object
	resource Resource
}

// kapp prepares a use for an App: for the stand-in's own cluster, or for the one that spec.cluster names. A service
// account comes first, as it does with kapp-controller.
func (a *Apps) kapp(ctx context.Context, app *Object) (*Kapp, error) {
	kapp := &Kapp{home: a.cluster, cluster: a.cluster, written: a.written, app: nameOf(app), namespace: app.GetNamespace()}
	if text(app.Object, "spec", "serviceAccountName") != "" {
		return kapp, nil
	}
	if text(app.Object, "spec", "cluster", "kubeconfigSecretRef", "name") == "" {
		return kapp, fmt.Errorf("Expected service account or cluster specified")
	}
	cluster, namespace, err := remote(ctx, a.cluster, app)
	if err == nil {
		kapp.cluster, kapp.namespace = cluster, namespace
	}
	return kapp, err
}

// Deploy makes the cluster hold an App's content, and nothing that was content once, and waits for it.
func (k *Kapp) Deploy(ctx context.Context, app *Object) (Deployed, error) {
	objects, err := documents(ctx, app)
	if err != nil {
		return Deployed{}, err
	}
	record, err := k.record(ctx)
	if err != nil {
		return Deployed{}, kappError(err)
	}
	targets, err := k.targets(objects, record.Number)
	if err != nil {
		return record.deployed(), kappError(err)
	}
	live, err := k.live(ctx, record)
	if err != nil {
		return record.deployed(), kappError(err)
	}
	// The kinds are recorded before there are objects of them, so that none is ever forgotten.
	if err := k.extend(ctx, &record, targets); err != nil {
		return record.deployed(), kappError(err)
	}
	for _, wanted := range targets {
		if err := k.put(ctx, wanted, find(live, wanted), record.Number); err != nil {
			return record.deployed(), kappError(err)
		}
	}
	gone := slices.DeleteFunc(live, func(t target) bool { return find(targets, t) != nil })
	if err := k.deleteAll(ctx, gone); err != nil {
		return record.deployed(), kappError(err)
	}
	if err := k.await(ctx, targets); err != nil {
		return record.deployed(), kappError(err)
	}
	return record.deployed(), k.shrink(ctx, &record, targets)
}

// Delete deletes everything that was deployed, and the record.
func (k *Kapp) Delete(ctx context.Context) error {
	k.deleting = true
	record, found, err := k.readRecord(ctx)
	if err != nil || !found {
		return err
	}
	live, err := k.live(ctx, record)
	if err != nil {
		return err
	}
	if err := k.deleteAll(ctx, live); err != nil {
		return err
	}
	name := k.recordName()
	err = k.cluster.At(configMaps, name.Namespace).Delete(ctx, name.Name, metav1.DeleteOptions{})
	if errors.IsNotFound(err) {
		return nil
	}
	return err
}

// targets says where the objects are and marks them as kapp does.
func (k *Kapp) targets(objects []*Object, number string) ([]target, error) {
	var targets []target
	for _, object := range objects {
		kind := object.GroupVersionKind()
		mapping, err := k.cluster.Mapping(kind.GroupKind(), kind.Version)
		if err != nil {
			return nil, fmt.Errorf("Expected to find kind '%s/%s', but did not", kind.GroupVersion(), kind.Kind)
		}
		if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
			object.SetNamespace(cmp.Or(object.GetNamespace(), k.namespace))
		}
		targets = append(targets, target{mark(object, number), mapping.Resource})
	}
	return targets, nil
}

// mark puts kapp's labels and annotations on an object.
func mark(object *Object, number string) *Object {
	labels := object.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels[appLabel] = number
	labels[associationLabel] = association(object)
	object.SetLabels(labels)
	// Without a line's end, as kapp has it.
	original, _ := object.MarshalJSON()
	annotations := object.GetAnnotations()
	if annotations == nil {
		annotations = map[string]string{}
	}
	annotations[identityKey] = fmt.Sprintf("v1;%s;%s", identity(object), object.GetAPIVersion())
	annotations[originalKey] = strings.TrimSpace(string(original))
	annotations[originalMD5Key] = sum(annotations[originalKey])
	object.SetAnnotations(annotations)
	return object
}

func identity(object *Object) string {
	kind := object.GroupVersionKind()
	return strings.Join([]string{object.GetNamespace(), kind.Group, kind.Kind, object.GetName()}, "/")
}

func association(object *Object) string {
	return "v1." + sum(identity(object))
}

// live finds what the App has deployed: the label alone may have been copied to something else.
func (k *Kapp) live(ctx context.Context, record Record) ([]target, error) {
	var live []target
	for _, kind := range record.UsedGKs {
		mapping, err := k.cluster.Mapping(schema.GroupKind(kind))
		if meta.IsNoMatchError(err) {
			continue
		}
		if err != nil {
			return nil, err
		}
		options := metav1.ListOptions{LabelSelector: appLabel + "=" + record.Number}
		objects, err := k.cluster.At(mapping.Resource, "").List(ctx, options)
		if errors.IsForbidden(err) {
			objects, err = k.cluster.At(mapping.Resource, k.namespace).List(ctx, options)
		}
		if err != nil {
			return nil, err
		}
		for _, object := range objects.Items {
			if object.GetLabels()[associationLabel] == association(&object) {
				live = append(live, target{&object, mapping.Resource})
			}
		}
	}
	return live, nil
}

func find(targets []target, like target) *Object {
	for _, t := range targets {
		if identity(t.object) == identity(like.object) {
			return t.object
		}
	}
	return nil
}

// put writes an object where it differs.
func (k *Kapp) put(ctx context.Context, wanted target, live *Object, number string) error {
	name := nameOf(wanted.object)
	client := k.cluster.At(wanted.resource, name.Namespace)
	if live == nil {
		options := metav1.CreateOptions{FieldManager: carvelManager}
		answer, err := client.Create(ctx, wanted.object, options)
		if err == nil {
			k.written.Keep(answer)
		}
		if !errors.IsAlreadyExists(err) {
			return refused("create", "Creating", wanted.object, err)
		}
		if live, err = k.cluster.Get(ctx, wanted.resource, name); err != nil {
			return err
		}
		if owner := live.GetLabels()[appLabel]; owner != "" && owner != number {
			return fmt.Errorf("Ownership errors:\n- Resource '%s' is already associated with a different app '%s=%s'",
				describe(live), appLabel, owner)
		}
	}
	if !k.written.Differs(wanted.object, live) {
		return nil
	}
	next := wanted.object.DeepCopy()
	next.SetResourceVersion(live.GetResourceVersion())
	next.SetFinalizers(live.GetFinalizers())
	next.SetOwnerReferences(live.GetOwnerReferences())
	if status, ok := live.Object["status"]; ok {
		next.Object["status"] = status
	}
	answer, err := client.Update(ctx, next, metav1.UpdateOptions{FieldManager: carvelManager})
	if err == nil {
		k.written.Keep(answer)
	}
	return refused("update", "Updating", wanted.object, err)
}

// deleteAll deletes objects and waits until they are gone.
func (k *Kapp) deleteAll(ctx context.Context, gone []target) error {
	background := metav1.DeletePropagationBackground
	for _, t := range gone {
		client := k.cluster.At(t.resource, t.object.GetNamespace())
		err := client.Delete(ctx, t.object.GetName(), metav1.DeleteOptions{PropagationPolicy: ptr.To(background)})
		if err != nil && !errors.IsNotFound(err) {
			return refused("delete", "Deleting", t.object, err)
		}
	}
	for _, t := range gone {
		if err := k.awaitGone(ctx, t); err != nil {
			return err
		}
	}
	return nil
}

// describe names an object as kapp does in its messages.
func describe(object *Object) string {
	described := fmt.Sprintf("%s/%s (%s)", strings.ToLower(object.GetKind()), object.GetName(), object.GetAPIVersion())
	if object.GetNamespace() == "" {
		return described + " cluster"
	}
	return described + " namespace: " + object.GetNamespace()
}

// refused says what the API server had against an object, in kapp's words.
func refused(verb, doing string, object *Object, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("Applying %s %s: %s resource %s: API server says: %w (reason: %s)",
		verb, describe(object), doing, describe(object), err, errors.ReasonForError(err))
}

func kappError(err error) error {
	return fmt.Errorf("kapp: Error: %w", err)
}
