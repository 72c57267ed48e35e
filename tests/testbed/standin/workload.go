package standin

import (
	"context"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"
)

// Workloads is what Cartographer does with Workloads: it finds the chain of each and stamps what that says.
type Workloads struct {
	cluster *Cluster
	chains  func() []*Object
}

// finding is the answer to which chain a Workload has.
type finding struct {
	chain                   *Object
	status, reason, message string
}

// Reconcile finds the chain and stamps its resources. Where there is no chain that is ready, what was stamped stays.
func (w *Workloads) Reconcile(ctx context.Context, name Name) (time.Duration, error) {
	workload, err := w.cluster.Get(ctx, workloads, name)
	if err != nil || workload.GetDeletionTimestamp() != nil {
		return 0, err
	}
	found := w.find(workload)
	conditions := NewConditions(list(workload.Object, "status", "conditions"))
	conditions.Add("SupplyChainReady", found.status, found.reason, found.message)
	var resources []any
	if found.status == "True" {
		realized := w.realize(ctx, workload, found.chain)
		submitted, healthy := realized.submitted, realized.healthy
		conditions.Add("ResourcesSubmitted", submitted.status, submitted.reason, submitted.message)
		conditions.Add("ResourcesHealthy", healthy.status, "HealthyConditionRule", healthy.message)
		resources = realized.resources
		if err := w.deleteOrphans(ctx, workload, resources); err != nil {
			return 0, err
		}
	}
	ready := conditions.WithReady()
	return lookPeriod, w.cluster.SetStatus(ctx, workloads, name, cartographerManager, func(status map[string]any) {
		status["conditions"] = ready
		status["observedGeneration"] = workload.GetGeneration()
		if found.status == "True" {
			status["resources"] = resources
		}
		if found.chain != nil {
			status["supplyChainRef"] = map[string]any{"kind": "ClusterSupplyChain", "name": found.chain.GetName()}
		}
	})
}

// find gives the one chain that fits best, if it is ready, or the reason why there is none.
func (w *Workloads) find(workload *Object) finding {
	if len(workload.GetLabels()) == 0 {
		return finding{nil, "False", "WorkloadLabelsMissing", "workload has no labels to match to supply chain"}
	}
	all := w.chains()
	var selectors []Selector
	for _, chain := range all {
		selectors = append(selectors, chainSelector(chain))
	}
	best, err := Best(workload, selectors)
	switch {
	case err != nil:
		return finding{nil, "False", "UnknownError", err.Error()}
	case len(best) == 0:
		message := "no supply chain found where full selector is satisfied by labels: "
		return finding{nil, "False", "SupplyChainNotFound", message + fmt.Sprint(workload.GetLabels())}
	case len(best) > 1:
		message := "workload may only match a single supply chain's selector"
		return finding{nil, "False", "MultipleSupplyChainMatches", message}
	}
	chain := all[best[0]]
	for _, condition := range list(chain.Object, "status", "conditions") {
		if text(condition, "type") == "Ready" && text(condition, "status") == "True" {
			return finding{chain, "True", "Ready", ""}
		}
		if text(condition, "type") == "Ready" {
			return finding{chain, "False", text(condition, "reason"), text(condition, "message")}
		}
	}
	return finding{chain, "False", "Unknown", "the supply chain has not been looked at yet"}
}

// deleteOrphans deletes what an earlier pass stamped and this one did not.
func (w *Workloads) deleteOrphans(ctx context.Context, workload *Object, resources []any) error {
	kept := map[string]bool{}
	for _, resource := range list(map[string]any{"resources": resources}, "resources") {
		kept[stampedName(resource)] = true
	}
	for _, resource := range list(workload.Object, "status", "resources") {
		if stampedName(resource) == "" || kept[stampedName(resource)] {
			continue
		}
		stamped := &Object{Object: nested(&Object{Object: resource}, "stampedRef")}
		mapping, err := w.cluster.Mapping(stamped.GroupVersionKind().GroupKind(), stamped.GroupVersionKind().Version)
		if err != nil {
			return err
		}
		client := w.cluster.At(mapping.Resource, text(resource, "stampedRef", "namespace"))
		options := metav1.DeleteOptions{PropagationPolicy: ptr.To(metav1.DeletePropagationBackground)}
		err = client.Delete(ctx, text(resource, "stampedRef", "name"), options)
		if err != nil && !errors.IsNotFound(err) {
			return err
		}
	}
	return nil
}

func stampedName(resource map[string]any) string {
	if text(resource, "stampedRef", "name") == "" {
		return ""
	}
	return fmt.Sprint(text(resource, "stampedRef", "apiVersion"), text(resource, "stampedRef", "kind"),
		text(resource, "stampedRef", "namespace"), "/", text(resource, "stampedRef", "name"))
}
