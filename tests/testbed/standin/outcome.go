package standin

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
)

// takeOutputs reads from the stamped object what its template offers to other resources.
func (c *component) takeOutputs(template, live *Object, resource string) verdict {
	values := map[string]any{}
	var shown []any
	paths := outputPaths(template)
	for _, output := range slices.Sorted(maps.Keys(paths)) {
		value, err := read(live.Object, paths[output])
		if err != nil {
			message := fmt.Sprintf("waiting to read value [%s] from resource [%s/%s] in namespace [%s]",
				paths[output], resource, live.GetName(), live.GetNamespace())
			return verdict{"Unknown", "MissingValueAtPath", message}
		}
		values[output] = value
		preview, _ := json.Marshal(value)
		shown = append(shown, map[string]any{
			"name": output, "preview": string(preview) + "\n",
			"digest": fmt.Sprintf("sha256:%x", sha256.Sum256(preview)), "lastTransitionTime": now(),
		})
	}
	c.outputs[text(c.resource, "name")] = values
	if shown != nil {
		c.status["outputs"] = shown
	}
	return verdict{}
}

// keepTimes leaves the time of an output that has not changed.
func (c *component) keepTimes(before map[string]any) {
	for _, old := range list(before, "outputs") {
		for _, new := range c.shownOutputs() {
			if new["name"] == old["name"] && new["digest"] == old["digest"] {
				new["lastTransitionTime"] = old["lastTransitionTime"]
			}
		}
	}
}

func (c *component) shownOutputs() []map[string]any {
	shown, _ := c.status["outputs"].([]any)
	var outputs []map[string]any
	for _, output := range shown {
		outputs = append(outputs, output.(map[string]any))
	}
	return outputs
}

// health judges a stamped object by its template's rule. Without one, Cartographer looks at no condition of the object:
// it is healthy when it gives its outputs, and that of a ClusterTemplate, which has none, always is.
func health(template, live *Object, status map[string]any) verdict {
	rule := nested(template, "spec", "healthRule")
	if _, always := rule["alwaysHealthy"]; always {
		return verdict{"True", "AlwaysHealthy", ""}
	}
	if wanted := text(rule, "singleConditionType"); wanted != "" {
		for _, condition := range list(live.Object, "status", "conditions") {
			if text(condition, "type") != wanted {
				continue
			}
			found := text(condition, "status")
			if found != "True" && found != "False" {
				found = "Unknown"
			}
			return verdict{found, wanted + "Condition", text(condition, "message")}
		}
		return verdict{"Unknown", wanted + "Condition",
			fmt.Sprintf("condition with type [%s] not found on resource status", wanted)}
	}
	switch {
	case rule != nil:
		return verdict{"Unknown", "Unknown", "the stand-in knows alwaysHealthy and singleConditionType only"}
	case status["outputs"] != nil:
		return verdict{"True", "OutputsAvailable", ""}
	case template.GetKind() == "ClusterTemplate":
		return verdict{"True", "AlwaysHealthy", ""}
	}
	return verdict{"Unknown", "OutputNotAvailable", ""}
}
