package standin

import (
	"context"
	"time"
)

// Repositories is what kapp-controller does with PackageRepositories, except that it fetches nothing.
type Repositories struct {
	cluster *Cluster
}

// Reconcile says of a repository that is not paused that it was fetched.
func (r *Repositories) Reconcile(ctx context.Context, name Name) (time.Duration, error) {
	repository, err := r.cluster.Get(ctx, repositories, name)
	if err != nil {
		return 0, err
	}
	return 0, r.cluster.SetStatus(ctx, repositories, name, carvelManager, func(status map[string]any) {
		if isPausedOrCanceled(repository) {
			markPaused(status, repository.GetGeneration())
			return
		}
		status["observedGeneration"] = repository.GetGeneration()
		carvelStatus(status).set(reconcileSucceeded, "", "Reconcile succeeded", "")
	})
}
