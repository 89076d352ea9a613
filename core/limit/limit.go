package limit

import (
	"context"
	"sync"
	"time"
)

// Parts is how many parts a limit has.
const Parts = 8

// Timer is a limit that is running. Its methods may be called from several
// goroutines.
type Timer struct {
	part  time.Duration
	after func()

	mu    sync.Mutex
	left  int // parts
	timer *time.Timer
}

// AfterFunc calls f in a goroutine of its own once d has passed.
func AfterFunc(d time.Duration, f func()) *Timer {
	t := &Timer{part: d / Parts, after: f, left: Parts}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.timer = time.AfterFunc(t.part, t.passed)
	return t
}

// passed ends one part.
func (t *Timer) passed() {
	t.mu.Lock()
	if t.left == 0 { // stopped meanwhile
		t.mu.Unlock()
		return
	}
	t.left--
	over := t.left == 0
	if !over {
		t.timer.Reset(t.part)
	}
	t.mu.Unlock()
	if over {
		t.after()
	}
}

// Stop keeps f from being called, unless that has begun.
func (t *Timer) Stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.left = 0
	t.timer.Stop()
}

// Context returns a copy of ctx that ends, with the cause, once d has passed.
func Context(ctx context.Context, d time.Duration, cause error) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	t := AfterFunc(d, func() { cancel(cause) })
	return ctx, func() {
		t.Stop()
		cancel(nil)
	}
}
