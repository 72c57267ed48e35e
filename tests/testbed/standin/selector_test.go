package standin

import (
	"reflect"
	"testing"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
)

func workloadWith(labels map[string]string) *Object {
	workload := &Object{Object: map[string]any{"spec": map[string]any{
		"source": map[string]any{"git": map[string]any{"url": "https://example.com/x"}},
	}}}
	workload.SetLabels(labels)
	return workload
}

func need(key string, operator metav1.LabelSelectorOperator, values ...string) []metav1.LabelSelectorRequirement {
	return []metav1.LabelSelectorRequirement{{Key: key, Operator: operator, Values: values}}
}

func TestTheSelectorThatFitsBest(t *testing.T) {
	web := map[string]string{"type": "web"}
	plain := Selector{Labels: web}
	withField := Selector{Labels: web, Fields: need("workload.spec.source.git.url", metav1.LabelSelectorOpExists)}
	withExpression := Selector{Labels: web, Expressions: need("type", metav1.LabelSelectorOpIn, "web", "job")}
	otherField := Selector{Labels: web, Fields: need("spec.image", metav1.LabelSelectorOpExists)}
	for name, c := range map[string]struct {
		labels    map[string]string
		selectors []Selector
		want      []int
	}{
		"one":                        {web, []Selector{plain}, []int{0}},
		"none":                       {map[string]string{"type": "job"}, []Selector{plain, withField}, nil},
		"equal ones are all given":   {web, []Selector{plain, plain}, []int{0, 1}},
		"more requirements win":      {web, []Selector{plain, withField}, []int{1}},
		"of every sort":              {web, []Selector{withExpression, plain, withField}, []int{0, 2}},
		"a field that is not there":  {web, []Selector{otherField, plain}, []int{1}},
		"an empty one never matches": {web, []Selector{{}}, nil},
	} {
		got, err := Best(workloadWith(c.labels), c.selectors)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s: got %v, %v; want %v", name, got, err, c.want)
		}
	}
}

func TestASelectorThatIsWrong(t *testing.T) {
	wrong := Selector{Expressions: need("type", "Like", "web")}
	if _, err := Best(workloadWith(nil), []Selector{wrong}); err == nil {
		t.Error("an operator that does not exist is accepted")
	}
}
