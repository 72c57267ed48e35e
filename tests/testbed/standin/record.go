package standin

import (
	"cmp"
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strconv"
	"time"

	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// UsedKind is a kind of objects as a record and a status spell it.
type UsedKind struct {
	Group, Kind string
}

// Record is what kapp writes into the ConfigMap by which it finds again what it has deployed.
type Record struct {
	Key     string     `json:"labelKey"`
	Number  string     `json:"labelValue"`
	UsedGKs []UsedKind `json:"usedGKs"`

	namespaces []string
}

// Deployed is what a deploy says of its objects.
type Deployed struct {
	number     string
	namespaces []string
	kinds      []UsedKind
}

// Status is status.deploy.kapp.associatedResources of an App.
func (d Deployed) Status() map[string]any {
	kinds, namespaces := []any{}, []any{}
	for _, kind := range d.kinds {
		kinds = append(kinds, map[string]any{"group": kind.Group, "kind": kind.Kind})
	}
	for _, namespace := range d.namespaces {
		namespaces = append(namespaces, namespace)
	}
	status := map[string]any{"groupKinds": kinds, "namespaces": namespaces}
	if d.number != "" {
		status["label"] = appLabel + "=" + d.number
	}
	return status
}

func (r Record) deployed() Deployed {
	return Deployed{r.Number, r.namespaces, r.UsedGKs}
}

func (k *Kapp) recordName() Name {
	return Name{Namespace: k.namespace, Name: k.app.Name + ".app"}
}

func (k *Kapp) readRecord(ctx context.Context) (record Record, found bool, err error) {
	configMap, err := k.cluster.Get(ctx, configMaps, k.recordName())
	if errors.IsNotFound(err) {
		return Record{}, false, nil
	}
	if err != nil {
		return Record{}, false, err
	}
	return record, true, json.Unmarshal([]byte(text(configMap.Object, "data", "spec")), &record)
}

// record reads the App's record, or makes it.
func (k *Kapp) record(ctx context.Context) (Record, error) {
	record, found, err := k.readRecord(ctx)
	if err != nil || found {
		return record, err
	}
	record = Record{Key: appLabel, Number: strconv.FormatInt(time.Now().UnixNano(), 10)}
	name := k.recordName()
	configMap := &Object{Object: map[string]any{"data": map[string]any{"spec": record.spec()}}}
	configMap.SetAPIVersion("v1")
	configMap.SetKind("ConfigMap")
	configMap.SetName(name.Name)
	configMap.SetNamespace(name.Namespace)
	configMap.SetLabels(map[string]string{recordLabel: ""})
	options := metav1.CreateOptions{FieldManager: carvelManager}
	_, err = k.cluster.At(configMaps, name.Namespace).Create(ctx, configMap, options)
	return record, err
}

// extend adds the kinds of what will be there.
func (k *Kapp) extend(ctx context.Context, record *Record, targets []target) error {
	kinds, namespaces := kindsAndNamespaces(targets)
	for _, kind := range record.UsedGKs {
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
	}
	record.namespaces = namespaces
	return k.use(ctx, record, kinds)
}

// shrink leaves the kinds of what is there.
func (k *Kapp) shrink(ctx context.Context, record *Record, targets []target) error {
	kinds, _ := kindsAndNamespaces(targets)
	return k.use(ctx, record, kinds)
}

func (k *Kapp) use(ctx context.Context, record *Record, kinds []UsedKind) error {
	slices.SortFunc(kinds, func(a, b UsedKind) int {
		return cmp.Or(cmp.Compare(a.Group, b.Group), cmp.Compare(a.Kind, b.Kind))
	})
	if reflect.DeepEqual(record.UsedGKs, kinds) {
		return nil
	}
	record.UsedGKs = kinds
	return k.cluster.Change(ctx, configMaps, k.recordName(), carvelManager, func(configMap *Object) {
		_ = unstructured.SetNestedField(configMap.Object, record.spec(), "data", "spec")
	})
}

func (r Record) spec() string {
	spec, _ := json.Marshal(r)
	return string(spec)
}

func kindsAndNamespaces(targets []target) (kinds []UsedKind, namespaces []string) {
	for _, t := range targets {
		kind := UsedKind(t.object.GroupVersionKind().GroupKind())
		if !slices.Contains(kinds, kind) {
			kinds = append(kinds, kind)
		}
		if namespace := t.object.GetNamespace(); namespace != "" && !slices.Contains(namespaces, namespace) {
			namespaces = append(namespaces, namespace)
		}
	}
	return kinds, namespaces
}
