package standin

import (
	"context"
	"encoding/json"
	"fmt"

	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
)

// verdict is a condition without its type.
type verdict struct {
	status, reason, message string
}

// worse gives the verdict that counts of two: what does not hold before what is not known before what holds.
func worse(a, b verdict) verdict {
	rank := map[string]int{"True": 0, "Unknown": 1, "False": 2}
	if rank[b.status] > rank[a.status] {
		return b
	}
	return a
}

// realized is what became of all resources of a chain.
type realized struct {
	resources          []any
	submitted, healthy verdict
}

// realize stamps the resources in the order in which the chain has them.
func (w *Workloads) realize(ctx context.Context, workload, chain *Object) realized {
	all := realized{submitted: verdict{"True", "ResourceSubmissionComplete", ""}, healthy: verdict{"True", "", ""}}
	before := map[string]map[string]any{}
	for _, resource := range list(workload.Object, "status", "resources") {
		before[text(resource, "name")] = resource
	}
	outputs := map[string]map[string]any{}
	for _, resource := range list(chain.Object, "spec", "resources") {
		name := text(resource, "name")
		one := &component{w.cluster, workload, chain, resource, map[string]any{"name": name}, outputs}
		submitted, healthy := one.realize(ctx)
		conditions := NewConditions(list(before[name], "conditions"))
		conditions.Add("ResourceSubmitted", submitted.status, submitted.reason, submitted.message)
		conditions.Add("Healthy", healthy.status, healthy.reason, healthy.message)
		one.status["conditions"] = conditions.WithReady()
		one.keepTimes(before[name])
		all.resources = append(all.resources, one.status)
		all.submitted = worse(all.submitted, submitted)
		all.healthy = worse(all.healthy, healthy)
	}
	return all
}

// component is one resource of a chain for one Workload.
type component struct {
	cluster         *Cluster
	workload, chain *Object
	resource        map[string]any
	status          map[string]any
	outputs         map[string]map[string]any
}

func (c *component) realize(ctx context.Context) (submitted, healthy verdict) {
	noResource := verdict{"Unknown", "NoResource", ""}
	kind, name, failure := c.templateName()
	if failure.status != "" {
		return failure, noResource
	}
	template, err := c.cluster.Get(ctx, templates[kind], Name{Name: name})
	if err != nil {
		return verdict{"False", "TemplateObjectRetrievalFailure", err.Error()}, noResource
	}
	c.status["templateRef"] = map[string]any{
		"apiVersion": chains.GroupVersion().String(), "kind": kind, "name": name,
	}
	if text(template.Object, "spec", "ytt") != "" {
		return verdict{"Unknown", "TemplateStampFailure", "the stand-in evaluates no ytt"}, noResource
	}
	object, err := c.stamp(template)
	if err != nil {
		return verdict{"False", "TemplateStampFailure", err.Error()}, noResource
	}
	live, resource, err := c.apply(ctx, object)
	if err != nil {
		return verdict{"False", "TemplateRejectedByAPIServer", err.Error()}, noResource
	}
	c.status["stampedRef"] = map[string]any{
		"apiVersion": live.GetAPIVersion(), "kind": live.GetKind(), "namespace": live.GetNamespace(),
		"name": live.GetName(), "resource": resource,
	}
	if failure := c.takeOutputs(template, live, resource); failure.status != "" {
		return failure, health(template, live, c.status)
	}
	return verdict{"True", "ResourceSubmissionComplete", ""}, health(template, live, c.status)
}

// templateName is the template that the resource names, or the one of its options that fits the Workload.
func (c *component) templateName() (kind, name string, failure verdict) {
	kind, name = text(c.resource, "templateRef", "kind"), text(c.resource, "templateRef", "name")
	options := list(c.resource, "templateRef", "options")
	if len(options) == 0 {
		return kind, name, verdict{}
	}
	var selectors []Selector
	for _, option := range options {
		selectors = append(selectors, optionSelector(option))
	}
	best, err := Best(c.workload, selectors)
	switch {
	case err != nil:
		return "", "", verdict{"False", "ResolveTemplateOptionsError", err.Error()}
	case len(best) != 1:
		message := fmt.Sprintf("expected exactly 1 option to match, found [%d] matching options", len(best))
		return "", "", verdict{"False", "TemplateOptionsMatchError", message}
	}
	return kind, text(options[best[0]], "name"), verdict{}
}

// stamp makes the object of a template, with Cartographer's labels and owned by the Workload.
func (c *component) stamp(template *Object) (*Object, error) {
	stamped, err := stamp(nested(template, "spec", "template"), c.inputs(template))
	if err != nil {
		return nil, err
	}
	object := &Object{Object: stamped.(map[string]any)}
	if object.GetNamespace() == "" {
		object.SetNamespace(c.workload.GetNamespace())
	}
	labels := object.GetLabels()
	if labels == nil {
		labels = map[string]string{}
	}
	labels["carto.run/workload-name"] = c.workload.GetName()
	labels["carto.run/workload-namespace"] = c.workload.GetNamespace()
	labels["carto.run/supply-chain-name"] = c.chain.GetName()
	labels["carto.run/resource-name"] = text(c.resource, "name")
	labels["carto.run/template-kind"] = template.GetKind()
	labels["carto.run/cluster-template-name"] = template.GetName()
	object.SetLabels(labels)
	owner := metav1.NewControllerRef(c.workload, c.workload.GroupVersionKind())
	object.SetOwnerReferences([]metav1.OwnerReference{*owner})
	return object, nil
}

// inputs are what a template's expressions can read. The outputs of other resources have their names in this one, and
// those of a single one also the short form.
func (c *component) inputs(template *Object) map[string]any {
	inputs := map[string]any{
		"workload": c.workload.Object,
		"params":   params(template, c.chain, c.resource, c.workload),
	}
	var used []any
	for _, form := range [][2]string{{"sources", "source"}, {"images", "image"}, {"configs", "config"}} {
		kind, single := form[0], form[1]
		named := map[string]any{}
		for _, input := range list(c.resource, kind) {
			output := map[string]any{}
			for key, value := range c.outputs[text(input, "resource")] {
				output[key] = value
			}
			named[text(input, "name")] = output
			used = append(used, map[string]any{"name": text(input, "resource")})
			if len(list(c.resource, kind)) != 1 {
				continue
			}
			if inputs[single] = output[single]; kind == "sources" {
				inputs[single] = output
			}
		}
		inputs[kind] = named
	}
	if used != nil {
		c.status["inputs"] = used
	}
	return inputs
}

// apply creates the object, or changes it where something that is wanted is not there.
func (c *component) apply(ctx context.Context, object *Object) (live *Object, resource string, err error) {
	kind := object.GroupVersionKind()
	mapping, err := c.cluster.Mapping(kind.GroupKind(), kind.Version)
	if err != nil {
		return nil, "", err
	}
	resource = mapping.Resource.GroupResource().String()
	client := c.cluster.At(mapping.Resource, object.GetNamespace())
	live, err = client.Get(ctx, object.GetName(), metav1.GetOptions{})
	if errors.IsNotFound(err) {
		live, err = client.Create(ctx, object, metav1.CreateOptions{FieldManager: cartographerManager})
		return live, resource, err
	}
	if err != nil || contains(live.Object, object.Object) {
		return live, resource, err
	}
	patch, err := json.Marshal(object)
	if err != nil {
		return nil, "", err
	}
	options := metav1.PatchOptions{FieldManager: cartographerManager}
	live, err = client.Patch(ctx, object.GetName(), types.MergePatchType, patch, options)
	return live, resource, err
}
