package standin

import "testing"

// configMap is an object as a server would answer, with a default that nobody asked for.
func configMap(value string) *Object {
	object := &Object{Object: map[string]any{
		"data": map[string]any{"key": value}, "defaulted": true, "status": map[string]any{"seen": int64(1)},
	}}
	object.SetUID("1")
	object.SetAnnotations(map[string]string{originalKey: value})
	return object
}

func TestWhatIsWrittenAgain(t *testing.T) {
	for name, c := range map[string]struct {
		change  func(live *Object)
		differs bool
	}{
		"nothing":     {func(*Object) {}, false},
		"the status":  {func(live *Object) { live.Object["status"] = map[string]any{"seen": int64(2)} }, false},
		"the version": {func(live *Object) { live.SetResourceVersion("2"); live.SetGeneration(2) }, false},
		"an owner":    {func(live *Object) { live.SetFinalizers([]string{"x"}) }, false},
		"a field":     {func(live *Object) { live.Object["data"] = map[string]any{"key": "edited"} }, true},
		"a new field": {func(live *Object) { live.Object["paused"] = true }, true},
		"a label":     {func(live *Object) { live.SetLabels(map[string]string{"foreign": ""}) }, true},
		"an annotation": {func(live *Object) {
			live.SetAnnotations(map[string]string{originalKey: "a", "foreign": ""})
		}, true},
	} {
		written := NewWritten()
		written.Keep(configMap("a"))
		live := configMap("a")
		c.change(live)
		if got := written.Differs(configMap("a"), live); got != c.differs {
			t.Errorf("%s changed: differs is %v", name, got)
		}
	}
	written := NewWritten()
	if !written.Differs(configMap("a"), configMap("a")) {
		t.Error("what was never written is taken as it is")
	}
	written.Keep(configMap("a"))
	if !written.Differs(configMap("b"), configMap("a")) {
		t.Error("new content is not written")
	}
}

func TestWhatAnObjectContains(t *testing.T) {
	live := map[string]any{"a": map[string]any{"b": int64(1), "c": "d"}, "e": []any{"f"}}
	for name, c := range map[string]struct {
		wanted map[string]any
		want   bool
	}{
		"less":          {map[string]any{"a": map[string]any{"b": int64(1)}}, true},
		"another value": {map[string]any{"a": map[string]any{"b": int64(2)}}, false},
		"more":          {map[string]any{"x": "y"}, false},
		"a longer list": {map[string]any{"e": []any{"f", "g"}}, false},
	} {
		if got := contains(live, c.wanted); got != c.want {
			t.Errorf("%s: got %v", name, got)
		}
	}
}

func TestStamping(t *testing.T) {
	inputs := map[string]any{"workload": map[string]any{"name": "w"}, "params": map[string]any{"n": int64(3)}}
	for template, want := range map[string]any{
		"$(params.n)$":                   int64(3),
		"$(workload.name)$-$(params.n)$": "w-3",
		"plain $(text":                   "plain $(text",
	} {
		if got, err := stamp(template, inputs); err != nil || got != want {
			t.Errorf("%s: got %v, %v", template, got, err)
		}
	}
	if _, err := stamp("a $(params.missing)$", inputs); err == nil {
		t.Error("what is missing is passed over")
	}
}
