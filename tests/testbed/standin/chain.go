package standin

import (
	"context"
	"fmt"
	"strings"
	"time"

	"k8s.io/apimachinery/pkg/api/errors"
)

// Chains is what Cartographer does with ClusterSupplyChains: it looks for their templates.
type Chains struct {
	cluster *Cluster
}

// Reconcile says whether all templates of a chain exist.
func (c *Chains) Reconcile(ctx context.Context, name Name) (time.Duration, error) {
	chain, err := c.cluster.Get(ctx, chains, name)
	if err != nil {
		return 0, err
	}
	var missing []string
	for _, resource := range list(chain.Object, "spec", "resources") {
		exist, err := c.templatesExist(ctx, resource)
		if err != nil {
			return 0, err
		}
		if !exist {
			missing = append(missing, text(resource, "name"))
		}
	}
	return 0, c.cluster.SetStatus(ctx, chains, name, cartographerManager, func(status map[string]any) {
		conditions := NewConditions(list(status, "conditions"))
		if len(missing) == 0 {
			conditions.Add("TemplatesReady", "True", "Ready", "")
		} else {
			message := fmt.Sprintf("did not find the template of the resource(s) [%s]", strings.Join(missing, ", "))
			conditions.Add("TemplatesReady", "False", "TemplatesNotFound", message)
		}
		status["conditions"] = conditions.WithReady()
		status["observedGeneration"] = chain.GetGeneration()
	})
}

func (c *Chains) templatesExist(ctx context.Context, resource map[string]any) (bool, error) {
	kind := templates[text(resource, "templateRef", "kind")]
	names := []string{text(resource, "templateRef", "name")}
	if options := list(resource, "templateRef", "options"); len(options) > 0 {
		names = nil
		for _, option := range options {
			names = append(names, text(option, "name"))
		}
	}
	for _, name := range names {
		if _, err := c.cluster.Get(ctx, kind, Name{Name: name}); errors.IsNotFound(err) {
			return false, nil
		} else if err != nil {
			return false, err
		}
	}
	return true, nil
}
