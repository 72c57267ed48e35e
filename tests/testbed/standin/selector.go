package standin

import (
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/client-go/util/jsonpath"
)

// Selector is by what a chain, or an option of a template, chooses Workloads. The rules are those of pkg/selector of
// Cartographer.
type Selector struct {
	Labels      map[string]string
	Expressions []metav1.LabelSelectorRequirement
	Fields      []metav1.LabelSelectorRequirement
}

// chainSelector reads the selector of a chain.
func chainSelector(chain *Object) Selector {
	matched, _, _ := unstructured.NestedStringMap(chain.Object, "spec", "selector")
	return Selector{
		Labels:      matched,
		Expressions: requirements(chain.Object, "spec", "selectorMatchExpressions"),
		Fields:      requirements(chain.Object, "spec", "selectorMatchFields"),
	}
}

// optionSelector reads the selector of an option.
func optionSelector(option map[string]any) Selector {
	matched, _, _ := unstructured.NestedStringMap(option, "selector", "matchLabels")
	return Selector{
		Labels:      matched,
		Expressions: requirements(option, "selector", "matchExpressions"),
		Fields:      requirements(option, "selector", "matchFields"),
	}
}

func requirements(object map[string]any, path ...string) []metav1.LabelSelectorRequirement {
	var found []metav1.LabelSelectorRequirement
	for _, item := range list(object, path...) {
		values, _, _ := unstructured.NestedStringSlice(item, "values")
		found = append(found, metav1.LabelSelectorRequirement{
			Key: text(item, "key"), Operator: metav1.LabelSelectorOperator(text(item, "operator")), Values: values,
		})
	}
	return found
}

// Score is how closely a selector fits: one for each requirement, and zero where one is not met.
func (s Selector) Score(workload *Object) (int, error) {
	ofLabels := metav1.LabelSelector{MatchLabels: s.Labels, MatchExpressions: s.Expressions}
	selector, err := metav1.LabelSelectorAsSelector(&ofLabels)
	if err != nil {
		return 0, fmt.Errorf("selector labels or matchExpressions are not valid: %w", err)
	}
	if !selector.Matches(labels.Set(workload.GetLabels())) {
		return 0, nil
	}
	for _, field := range s.Fields {
		if !meets(workload, field) {
			return 0, nil
		}
	}
	return len(s.Labels) + len(s.Expressions) + len(s.Fields), nil
}

// Best gives the indices of the selectors that fit most closely: more than one where they fit equally.
func Best(workload *Object, selectors []Selector) ([]int, error) {
	var best []int
	highest := 1
	for i, selector := range selectors {
		score, err := selector.Score(workload)
		if err != nil {
			return nil, err
		}
		if score > highest {
			highest, best = score, nil
		}
		if score == highest {
			best = append(best, i)
		}
	}
	return best, nil
}

func meets(workload *Object, field metav1.LabelSelectorRequirement) bool {
	found, err := read(workload.Object, strings.TrimPrefix(field.Key, "workload."))
	switch field.Operator {
	case metav1.LabelSelectorOpExists:
		return err == nil
	case metav1.LabelSelectorOpDoesNotExist:
		return err != nil
	case metav1.LabelSelectorOpIn:
		return err == nil && slices.Contains(field.Values, fmt.Sprint(found))
	case metav1.LabelSelectorOpNotIn:
		return err == nil && !slices.Contains(field.Values, fmt.Sprint(found))
	}
	return false
}

// read evaluates a path, which may have filters, to its first value.
func read(object map[string]any, path string) (any, error) {
	expression := jsonpath.New("path")
	if err := expression.Parse("{." + strings.TrimPrefix(path, ".") + "}"); err != nil {
		return nil, err
	}
	results, err := expression.FindResults(object)
	if err != nil {
		return nil, err
	}
	for _, result := range results {
		for _, value := range result {
			return value.Interface(), nil
		}
	}
	return nil, fmt.Errorf("there is nothing at %s", path)
}
