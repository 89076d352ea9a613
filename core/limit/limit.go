package limit

import (
	"context"
	"sync"
	"time"
)

// Parts is how many parts a limit has.
const Parts = 8

// Stretch is how many times its length a limit on a peer's own time can last,
// however little the peer was allowed to run.
const Stretch = 12

// Timer is a running limit. It is safe for concurrent use.
type Timer struct {
	part  time.Duration
	after func()
	away  func() time.Duration // nil: all time counts

	mu    sync.Mutex
	over  bool          // passed, or stopped
	left  time.Duration // of the peer's time
	most  int           // most parts still to come
	was   time.Duration // what away said last
	timer *time.Timer
}

// AfterFunc calls f in its own goroutine once d has passed.
func AfterFunc(d time.Duration, f func()) *Timer { return Own(d, nil, f) }

// Own calls f in its own goroutine once the peer has had d of its own time, and
// at the latest after [Stretch] times d. away returns how long, in all, the peer
// wanted to run and could not because others had the processors; that time does
// not count. With a nil away, Own is AfterFunc.
func Own(d time.Duration, away func() time.Duration, f func()) *Timer {
	t := &Timer{part: d / Parts, after: f, away: away, left: d / Parts * Parts, most: Parts * Stretch}
	if away != nil {
		t.was = away()
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	t.timer = time.AfterFunc(t.part, t.passed)
	return t
}

// passed handles the end of one part.
func (t *Timer) passed() {
	counts := t.part
	if t.away != nil {
		now := t.away() // without the lock: it may take a while
		counts -= min(max(now-t.was, 0), t.part)
		t.was = now
	}
	t.mu.Lock()
	if t.over { // stopped meanwhile
		t.mu.Unlock()
		return
	}
	t.left -= counts
	t.most--
	t.over = t.left <= 0 || t.most == 0
	over := t.over
	if !over {
		t.timer.Reset(t.part)
	}
	t.mu.Unlock()
	if over {
		t.after()
	}
}

// Stop prevents the call of f, unless it has begun.
func (t *Timer) Stop() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.over = true
	t.timer.Stop()
}

// Context returns a copy of ctx that ends, with the cause, once d has passed.
func Context(ctx context.Context, d time.Duration, cause error) (context.Context, context.CancelFunc) {
	return OwnContext(ctx, d, nil, cause)
}

// OwnContext returns a copy of ctx that ends, with the cause, when [Own] would
// call its function.
func OwnContext(ctx context.Context, d time.Duration, away func() time.Duration, cause error) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithCancelCause(ctx)
	t := Own(d, away, func() { cancel(cause) })
	return ctx, func() {
		t.Stop()
		cancel(nil)
	}
}
