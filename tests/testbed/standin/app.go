package standin

import (
	"context"
	"sync"
	"time"
)

const appFinalizer = "finalizers.kapp-ctrl.k14s.io/delete"

// Apps is what kapp-controller does with Apps.
type Apps struct {
	cluster *Cluster
	written *Written
	lock    sync.Mutex
	ended   map[Name]time.Time
}

// NewApps makes one that knows of no deploy yet.
func NewApps(cluster *Cluster) *Apps {
	return &Apps{cluster: cluster, written: NewWritten(), ended: map[Name]time.Time{}}
}

// Reconcile deploys an App when it has changed or its time has come. A pause that comes during a deploy is seen by the
// next pass, when that deploy has ended.
func (a *Apps) Reconcile(ctx context.Context, name Name) (time.Duration, error) {
	app, err := a.cluster.Get(ctx, apps, name)
	if err != nil {
		a.setEnded(name, time.Time{})
		return 0, err
	}
	switch {
	case app.GetDeletionTimestamp() != nil:
		return a.delete(ctx, app)
	case isPausedOrCanceled(app):
		return 0, a.cluster.SetStatus(ctx, apps, name, carvelManager, func(status map[string]any) {
			markPaused(status, app.GetGeneration())
		})
	}
	changed := number(app.Object, "status", "observedGeneration") != app.GetGeneration()
	if wait := time.Until(a.lastEnded(name).Add(syncPeriod)); wait > 0 && !changed {
		return wait, nil
	}
	if err := addFinalizer(ctx, a.cluster, apps, app, appFinalizer); err != nil {
		return 0, err
	}
	err = a.deploy(ctx, app)
	a.setEnded(name, time.Now())
	return syncPeriod, err
}

// deploy runs one deploy from its begin to its end.
func (a *Apps) deploy(ctx context.Context, app *Object) error {
	name, began := nameOf(app), now()
	err := a.cluster.SetStatus(ctx, apps, name, carvelManager, func(status map[string]any) {
		status["observedGeneration"] = app.GetGeneration()
		carvelStatus(status).set(reconciling, "", "Reconciling", "")
	})
	if err != nil {
		return err
	}
	var done Deployed
	kapp, failure := a.kapp(ctx, app)
	if failure == nil {
		done, failure = kapp.Deploy(ctx, app)
	}
	return a.cluster.SetStatus(ctx, apps, name, carvelManager, func(status map[string]any) {
		a.complete(status, failure)
		status["managedAppName"] = kapp.recordName().Name
		status["fetch"] = map[string]any{"exitCode": int64(0), "startedAt": began, "updatedAt": began}
		status["template"] = map[string]any{"exitCode": int64(0), "updatedAt": began}
		status["deploy"] = deployStatus(done, failure, began)
	})
}

func (a *Apps) complete(status map[string]any, failure error) {
	if failure == nil {
		carvelStatus(status).set(reconcileSucceeded, "", "Reconcile succeeded", "")
		status["consecutiveReconcileSuccesses"] = number(status, "consecutiveReconcileSuccesses") + 1
		delete(status, "consecutiveReconcileFailures")
		return
	}
	const message = "Deploying: Error (see .status.usefulErrorMessage for details)"
	carvelStatus(status).set(reconcileFailed, message, "Reconcile failed: "+message, failure.Error())
	status["consecutiveReconcileFailures"] = number(status, "consecutiveReconcileFailures") + 1
	delete(status, "consecutiveReconcileSuccesses")
}

func deployStatus(done Deployed, failure error, began string) map[string]any {
	status := map[string]any{
		"startedAt": began, "updatedAt": now(), "finished": true, "exitCode": int64(0),
		"kapp": map[string]any{"associatedResources": done.Status()},
	}
	if failure != nil {
		status["exitCode"] = int64(1)
		status["error"] = "Deploying: Error (see .status.usefulErrorMessage for details)"
		status["stderr"] = failure.Error()
	}
	return status
}

// delete deletes the content first, also that of a paused App. While that fails the App stays.
func (a *Apps) delete(ctx context.Context, app *Object) (time.Duration, error) {
	name := nameOf(app)
	err := a.cluster.SetStatus(ctx, apps, name, carvelManager, func(status map[string]any) {
		status["observedGeneration"] = app.GetGeneration()
		if _, failed := holding(status, deleteFailed); !failed {
			carvelStatus(status).set(deleting, "", "Deleting", "")
		}
	})
	if err != nil {
		return 0, err
	}
	if !isSet(app.Object, "spec", "noopDelete") {
		kapp, err := a.kapp(ctx, app)
		if err == nil {
			err = kapp.Delete(ctx)
		}
		if err != nil {
			const message = "Deleting: Error (see .status.usefulErrorMessage for details)"
			return syncPeriod, a.cluster.SetStatus(ctx, apps, name, carvelManager, func(status map[string]any) {
				carvelStatus(status).set(deleteFailed, message, "Delete failed: "+message, err.Error())
			})
		}
	}
	return 0, removeFinalizer(ctx, a.cluster, apps, name, appFinalizer)
}

func (a *Apps) lastEnded(name Name) time.Time {
	a.lock.Lock()
	defer a.lock.Unlock()
	return a.ended[name]
}

// setEnded remembers when the last deploy ended; the zero time forgets it.
func (a *Apps) setEnded(name Name, at time.Time) {
	a.lock.Lock()
	defer a.lock.Unlock()
	if at.IsZero() {
		delete(a.ended, name)
		return
	}
	a.ended[name] = at
}
