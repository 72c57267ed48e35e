package standin

import (
	"context"
	stderrors "errors"
	"fmt"
	"time"

	"k8s.io/apimachinery/pkg/api/errors"
)

// lookAgain is how often a deploy looks at what it waits for.
const lookAgain = 50 * time.Millisecond

var errCanceled = stderrors.New("the App was canceled or deleted meanwhile")

// await waits for the objects that kapp waits for. It ends early when the App is canceled or deleted, but not when it
// is paused.
func (k *Kapp) await(ctx context.Context, targets []target) error {
	for _, t := range targets {
		if kind := t.object.GroupVersionKind().GroupKind(); kind != jobKind && kind != installKind && kind != appKind {
			continue
		}
		err := k.poll(ctx, func() (bool, error) {
			live, err := k.cluster.Get(ctx, t.resource, nameOf(t.object))
			if err != nil {
				return false, err
			}
			done, why := isDone(live)
			if why != "" {
				const message = "waiting on reconcile %s:\n  Finished unsuccessfully (%s)"
				return false, fmt.Errorf(message, describe(live), why)
			}
			return done, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (k *Kapp) awaitGone(ctx context.Context, t target) error {
	return k.poll(ctx, func() (bool, error) {
		live, err := k.cluster.Get(ctx, t.resource, nameOf(t.object))
		if errors.IsNotFound(err) {
			return true, nil
		}
		return err == nil && live.GetUID() != t.object.GetUID(), err
	})
}

func (k *Kapp) poll(ctx context.Context, isSo func() (bool, error)) error {
	for {
		if done, err := isSo(); done || err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookAgain):
		}
		if k.deleting {
			continue
		}
		app, err := k.home.Get(ctx, apps, k.app)
		if err != nil {
			return err
		}
		if isSet(app.Object, "spec", "canceled") || app.GetDeletionTimestamp() != nil {
			return errCanceled
		}
	}
}

// isDone tells whether kapp would go on from an object, or why it would give up. It waits for few kinds; of a paused
// PackageInstall or App it takes the old conditions as they stand.
func isDone(object *Object) (done bool, failure string) {
	switch object.GroupVersionKind().GroupKind() {
	case jobKind:
		for _, condition := range list(object.Object, "status", "conditions") {
			if text(condition, "status") != "True" {
				continue
			}
			switch text(condition, "type") {
			case "Complete":
				return true, ""
			case "Failed":
				reason, message := text(condition, "reason"), text(condition, "message")
				return false, fmt.Sprintf("Failed with reason %s: %s", reason, message)
			}
		}
		return false, ""
	case installKind, appKind:
		status, _ := object.Object["status"].(map[string]any)
		if number(status, "observedGeneration") != object.GetGeneration() {
			return false, ""
		}
		if message, failed := holding(status, reconcileFailed); failed {
			return false, fmt.Sprintf("Reconcile failed: (message: %s)", message)
		}
		_, ongoing := holding(status, reconciling)
		return !ongoing, ""
	}
	return true, ""
}
