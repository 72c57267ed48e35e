package standin

import (
	"context"
	"log"
	"sync"
	"time"

	"k8s.io/apimachinery/pkg/api/errors"
)

// retryAfter is when a failed pass is repeated.
const retryAfter = 200 * time.Millisecond

// Reconcile is one pass over an object. It says when to come again without being woken; never, if that is zero.
// An object that is not there any more is a "not found" error.
type Reconcile func(ctx context.Context, name Name) (again time.Duration, err error)

// Loops runs a pass over an object whenever it is woken. Every object has a goroutine of its own: one that waits holds
// up nobody, and there is never more than one pass over the same object.
type Loops struct {
	ctx       context.Context
	reconcile Reconcile
	lock      sync.Mutex
	wakers    map[Name]chan struct{}
}

// NewLoops makes loops that end with ctx.
func NewLoops(ctx context.Context, reconcile Reconcile) *Loops {
	return &Loops{ctx: ctx, reconcile: reconcile, wakers: map[Name]chan struct{}{}}
}

// Wake asks for a pass over an object: at once, or right after the one that is under way.
func (l *Loops) Wake(name Name) {
	l.lock.Lock()
	defer l.lock.Unlock()
	waker, ok := l.wakers[name]
	if !ok {
		waker = make(chan struct{}, 1)
		l.wakers[name] = waker
		go l.loop(name, waker)
	}
	select {
	case waker <- struct{}{}:
	default:
	}
}

// WakeAll asks for a pass over every object that is known.
func (l *Loops) WakeAll() {
	l.lock.Lock()
	var names []Name
	for name := range l.wakers {
		names = append(names, name)
	}
	l.lock.Unlock()
	for _, name := range names {
		l.Wake(name)
	}
}

func (l *Loops) loop(name Name, waker <-chan struct{}) {
	var timer <-chan time.Time
	for {
		select {
		case <-l.ctx.Done():
			return
		case <-waker:
		case <-timer:
		}
		again, err := l.reconcile(l.ctx, name)
		if errors.IsNotFound(err) && l.forget(name, waker) {
			return
		}
		if err != nil && l.ctx.Err() == nil {
			log.Printf("%s: %v", name, err)
			again = retryAfter
		}
		timer = nil
		if again > 0 {
			timer = time.After(again)
		}
	}
}

// forget ends an object's loop, unless somebody has asked for a pass meanwhile.
func (l *Loops) forget(name Name, waker <-chan struct{}) bool {
	l.lock.Lock()
	defer l.lock.Unlock()
	if len(waker) > 0 {
		return false
	}
	delete(l.wakers, name)
	return true
}
