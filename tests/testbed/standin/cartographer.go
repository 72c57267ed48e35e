package standin

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// cartographerManager is the name under which Cartographer writes.
const cartographerManager = "cartographer"

// lookPeriod is how often a Workload looks at what it stamped.
const lookPeriod = time.Second

var (
	chains    = cartographer("clustersupplychains")
	workloads = cartographer("workloads")

	// templates are the kinds of templates that a supply chain may name.
	templates = map[string]Resource{
		"ClusterSourceTemplate": cartographer("clustersourcetemplates"),
		"ClusterImageTemplate":  cartographer("clusterimagetemplates"),
		"ClusterConfigTemplate": cartographer("clusterconfigtemplates"),
		"ClusterTemplate":       cartographer("clustertemplates"),
	}
)

func cartographer(plural string) Resource {
	return schema.GroupVersion{Group: "carto.run", Version: "v1alpha1"}.WithResource(plural)
}

func watchCartographer(ctx context.Context, cluster *Cluster, watches *Watches) {
	chainLoops := NewLoops(ctx, (&Chains{cluster}).Reconcile)
	all := func() []*Object { return watches.All(chains) }
	workloadLoops := NewLoops(ctx, (&Workloads{cluster, all}).Reconcile)
	watches.On(chains, func(chain *Object) {
		chainLoops.Wake(nameOf(chain))
		workloadLoops.WakeAll()
	})
	for _, template := range templates {
		watches.On(template, func(*Object) {
			chainLoops.WakeAll()
			workloadLoops.WakeAll()
		})
	}
	watches.On(workloads, func(workload *Object) { workloadLoops.Wake(nameOf(workload)) })
}

// Conditions collects those of one object and sums them up: all hold, one does not, or one is not known.
type Conditions struct {
	before  []map[string]any
	all     []any
	status  string
	reason  string
	message string
}

// NewConditions begins with those that the object has; of these only the times are kept.
func NewConditions(before []map[string]any) *Conditions {
	return &Conditions{before: before, status: "True", reason: "Ready"}
}

// Add adds a condition. The last that does not hold gives the reason of the sum, or else the first that is not known.
func (c *Conditions) Add(kind, status, reason, message string) {
	if status == "False" || status == "Unknown" && c.status == "True" {
		c.status, c.reason, c.message = status, reason, message
	}
	since := now()
	for _, condition := range c.before {
		if text(condition, "type") == kind && text(condition, "status") == status &&
			text(condition, "reason") == reason && text(condition, "message") == message {
			since = text(condition, "lastTransitionTime")
		}
	}
	c.all = append(c.all, map[string]any{
		"type": kind, "status": status, "reason": reason, "message": message, "lastTransitionTime": since,
	})
}

// WithReady gives all of them with their sum.
func (c *Conditions) WithReady() []any {
	c.Add("Ready", c.status, c.reason, c.message)
	return c.all
}
