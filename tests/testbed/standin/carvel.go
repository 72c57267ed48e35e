package standin

import (
	"context"
	"time"

	"k8s.io/apimachinery/pkg/runtime/schema"
)

// carvelManager is the name under which kapp-controller writes.
const carvelManager = "kapp-controller"

// syncPeriod stands for kapp-controller's 30 s and more.
const syncPeriod = time.Second

var (
	apps         = Resource{Group: "kappctrl.k14s.io", Version: "v1alpha1", Resource: "apps"}
	installs     = Resource{Group: "packaging.carvel.dev", Version: "v1alpha1", Resource: "packageinstalls"}
	repositories = Resource{Group: "packaging.carvel.dev", Version: "v1alpha1", Resource: "packagerepositories"}
	packages     = Resource{Group: "data.packaging.carvel.dev", Version: "v1alpha1", Resource: "packages"}
	configMaps   = Resource{Version: "v1", Resource: "configmaps"}

	appKind     = schema.GroupKind{Group: "kappctrl.k14s.io", Kind: "App"}
	installKind = schema.GroupKind{Group: "packaging.carvel.dev", Kind: "PackageInstall"}
	jobKind     = schema.GroupKind{Group: "batch", Kind: "Job"}
)

// Types of the conditions of kapp-controller's objects (pkg/apis/kappctrl/v1alpha1 there).
const (
	reconciling        = "Reconciling"
	reconcileSucceeded = "ReconcileSucceeded"
	reconcileFailed    = "ReconcileFailed"
	deleting           = "Deleting"
	deleteFailed       = "DeleteFailed"
)

func watchCarvel(ctx context.Context, cluster *Cluster, watches *Watches) {
	appLoops := NewLoops(ctx, NewApps(cluster).Reconcile)
	installLoops := NewLoops(ctx, (&Installs{cluster}).Reconcile)
	repositoryLoops := NewLoops(ctx, (&Repositories{cluster}).Reconcile)
	watches.On(apps, func(app *Object) {
		appLoops.Wake(nameOf(app))
		for _, owner := range app.GetOwnerReferences() {
			if owner.Kind == installKind.Kind {
				installLoops.Wake(Name{Namespace: app.GetNamespace(), Name: owner.Name})
			}
		}
	})
	watches.On(installs, func(install *Object) { installLoops.Wake(nameOf(install)) })
	watches.On(packages, func(*Object) { installLoops.WakeAll() })
	watches.On(repositories, func(repository *Object) { repositoryLoops.Wake(nameOf(repository)) })
}

// carvelStatus is the part of the status that all of kapp-controller's objects have.
type carvelStatus map[string]any

// set replaces all conditions by one that holds.
func (s carvelStatus) set(condition, message, description, usefulError string) {
	holds := map[string]any{"type": condition, "status": "True"}
	if message != "" {
		holds["message"] = message
	}
	s["conditions"] = []any{holds}
	s["friendlyDescription"] = description
	s["usefulErrorMessage"] = usefulError
	if usefulError == "" {
		delete(s, "usefulErrorMessage")
	}
}

// holding finds the message of a condition that holds.
func holding(status map[string]any, condition string) (message string, holds bool) {
	for _, item := range list(status, "conditions") {
		if text(item, "type") == condition && text(item, "status") == "True" {
			return text(item, "message"), true
		}
	}
	return "", false
}

func isPausedOrCanceled(object *Object) bool {
	return isSet(object.Object, "spec", "paused") || isSet(object.Object, "spec", "canceled")
}

// markPaused leaves the conditions as they were, as kapp-controller does.
func markPaused(status map[string]any, generation int64) {
	status["observedGeneration"] = generation
	status["friendlyDescription"] = "Canceled/paused"
}

// now is the time as the API writes it.
func now() string {
	return time.Now().UTC().Format(time.RFC3339)
}
