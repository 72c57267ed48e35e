package standin

import (
	"fmt"
	"regexp"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// expression is what Cartographer replaces in a template: $(path)$.
var expression = regexp.MustCompile(`\$\(([^()]+(?:\([^()]*\)[^()]*)*)\)\$`)

// stamp replaces the expressions in a template's value. A text that is one expression becomes what that evaluates to,
// whatever its type.
func stamp(value any, inputs map[string]any) (any, error) {
	switch value := value.(type) {
	case map[string]any:
		stamped := map[string]any{}
		for key, inner := range value {
			result, err := stamp(inner, inputs)
			if err != nil {
				return nil, err
			}
			stamped[key] = result
		}
		return stamped, nil
	case []any:
		stamped := make([]any, len(value))
		for i, inner := range value {
			result, err := stamp(inner, inputs)
			if err != nil {
				return nil, err
			}
			stamped[i] = result
		}
		return stamped, nil
	case string:
		return stampText(value, inputs)
	}
	return value, nil
}

func stampText(value string, inputs map[string]any) (any, error) {
	if match := expression.FindStringSubmatch(value); match != nil && match[0] == value {
		return read(inputs, match[1])
	}
	var failure error
	stamped := expression.ReplaceAllStringFunc(value, func(found string) string {
		result, err := read(inputs, expression.FindStringSubmatch(found)[1])
		if err != nil {
			failure = err
			return ""
		}
		return fmt.Sprint(result)
	})
	return stamped, failure
}

// params chooses the value of each parameter: the chain's value, else the Workload's, else the chain's default, else
// the template's. What the chain says of the resource goes before what it says of all.
func params(template, chain *Object, resource map[string]any, workload *Object) map[string]any {
	chosen := map[string]any{}
	take := func(items []map[string]any, field string) {
		for _, item := range items {
			if value, ok := item[field]; ok {
				chosen[text(item, "name")] = value
			}
		}
	}
	ofChain, ofResource := list(chain.Object, "spec", "params"), list(resource, "params")
	take(list(template.Object, "spec", "params"), "default")
	take(ofChain, "default")
	take(ofResource, "default")
	take(list(workload.Object, "spec", "params"), "value")
	take(ofChain, "value")
	take(ofResource, "value")
	return chosen
}

// outputPaths says where a stamped object has what the kind of its template gives to others.
func outputPaths(template *Object) map[string]string {
	paths := map[string]string{}
	for field, output := range map[string]string{
		"urlPath": "url", "revisionPath": "revision", "imagePath": "image", "configPath": "config",
	} {
		if path := text(template.Object, "spec", field); path != "" {
			paths[output] = path
		}
	}
	return paths
}

// contains tells whether everything that is wanted is there; a server adds more.
func contains(live, wanted any) bool {
	switch wanted := wanted.(type) {
	case map[string]any:
		live, ok := live.(map[string]any)
		for key, value := range wanted {
			ok = ok && contains(live[key], value)
		}
		return ok
	case []any:
		live, ok := live.([]any)
		ok = ok && len(live) == len(wanted)
		for i := 0; ok && i < len(wanted); i++ {
			ok = contains(live[i], wanted[i])
		}
		return ok
	}
	return live == wanted
}

func nested(object *Object, path ...string) map[string]any {
	value, _, _ := unstructured.NestedMap(object.Object, path...)
	return value
}
