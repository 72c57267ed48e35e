package standin

import (
	"context"
	"errors"

	"k8s.io/client-go/dynamic/dynamicinformer"
	"k8s.io/client-go/tools/cache"
)

// Watches tells of every object of some kinds that comes, changes or goes.
type Watches struct {
	factory dynamicinformer.DynamicSharedInformerFactory
}

// NewWatches makes one that watches nothing yet.
func NewWatches(cluster *Cluster) *Watches {
	return &Watches{dynamicinformer.NewDynamicSharedInformerFactory(cluster.client, 0)}
}

// On calls a function with every object of a kind that comes, changes or goes.
func (w *Watches) On(resource Resource, call func(*Object)) {
	tell := func(any any) {
		if gone, ok := any.(cache.DeletedFinalStateUnknown); ok {
			any = gone.Obj
		}
		if object, ok := any.(*Object); ok {
			call(object)
		}
	}
	handler := cache.ResourceEventHandlerFuncs{
		AddFunc:    tell,
		UpdateFunc: func(_, now any) { tell(now) },
		DeleteFunc: tell,
	}
	// It fails only where the informer has ended, and none has begun.
	_, _ = w.factory.ForResource(resource).Informer().AddEventHandler(handler)
}

// All gives every object of a watched kind.
func (w *Watches) All(resource Resource) []*Object {
	var objects []*Object
	for _, item := range w.factory.ForResource(resource).Informer().GetStore().List() {
		objects = append(objects, item.(*Object))
	}
	return objects
}

// Start begins to watch and returns when everything that there was has been told.
func (w *Watches) Start(ctx context.Context) error {
	w.factory.Start(ctx.Done())
	for resource, synced := range w.factory.WaitForCacheSync(ctx.Done()) {
		if !synced {
			return errors.New("stopped before the first list of " + resource.Resource)
		}
	}
	return nil
}
