package session

import (
	"context"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Watcher is an Observer that never holds up its session: what it is told waits,
// up to a bound, for whoever calls Next, and what finds no room is counted in
// place of being kept.
type Watcher struct {
	bound int

	mu    sync.Mutex
	seen  []Seen
	size  int
	gap   Gap
	there chan struct{} // holds a value when Next may find something
}

// Seen is one thing that happened in a session. One of Event, Remark, End and
// Gap is set; an Event has its actions.
type Seen struct {
	At      time.Duration // since the session's start
	Event   *wire.Event
	Actions []core.Action
	Remark  *Remark
	End     *End
	Gap     *Gap
}

// Gap is what a watcher missed.
type Gap struct {
	Events  uint64
	Bytes   uint64 // of their data
	Remarks uint64
}

// NewWatcher returns a watcher for which about so many bytes wait at most.
func NewWatcher(bound int) *Watcher {
	return &Watcher{bound: bound, there: make(chan struct{}, 1)}
}

var _ Observer = (*Watcher)(nil)

// Began does nothing.
func (w *Watcher) Began(Beginning) {}

// Done keeps an event and its actions.
func (w *Watcher) Done(at time.Duration, e wire.Event, actions []core.Action) {
	w.mu.Lock()
	defer w.mu.Unlock()
	size := len(e.Data) + eventWeight
	for _, a := range actions {
		size += len(a.Data) + eventWeight
	}
	if !w.hasRoom(size) {
		w.miss(Gap{Events: 1, Bytes: uint64(len(e.Data))})
		return
	}
	e.Data = append([]byte(nil), e.Data...)
	w.keep(size, Seen{At: at, Event: &e, Actions: core.CloneActions(actions)})
}

// Remarked keeps a remark.
func (w *Watcher) Remarked(at time.Duration, r Remark) {
	w.mu.Lock()
	defer w.mu.Unlock()
	size := len(r.Words) + len(r.Diff) + eventWeight
	if !w.hasRoom(size) {
		w.miss(Gap{Remarks: 1})
		return
	}
	w.keep(size, Seen{At: at, Remark: &r})
}

// Ended keeps the end, for which there is always room.
func (w *Watcher) Ended(at time.Duration, end End) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.keep(0, Seen{At: at, End: &end})
}

// hasRoom reports whether so much can be kept. After a gap nothing is kept until
// all before it was taken, so that a gap is a whole stretch.
func (w *Watcher) hasRoom(size int) bool { return w.gap == Gap{} && w.size+size <= w.bound }

func (w *Watcher) keep(size int, s Seen) {
	if w.gap != (Gap{}) {
		gap := w.gap
		w.gap = Gap{}
		w.seen = append(w.seen, Seen{At: s.At, Gap: &gap})
	}
	w.seen = append(w.seen, s)
	w.size += size
	w.signal()
}

func (w *Watcher) miss(g Gap) {
	w.gap.Events += g.Events
	w.gap.Bytes += g.Bytes
	w.gap.Remarks += g.Remarks
	w.signal()
}

func (w *Watcher) signal() {
	select {
	case w.there <- struct{}{}:
	default:
	}
}

// Next returns what happened since it was called last, in order, and waits while
// that is nothing. The last is the session's End; it is called no more then. The
// error is the context's.
func (w *Watcher) Next(ctx context.Context) ([]Seen, error) {
	for {
		if seen := w.take(); len(seen) > 0 {
			return seen, nil
		}
		select {
		case <-w.there:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

func (w *Watcher) take() []Seen {
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := w.seen
	w.seen, w.size = nil, 0
	if gap := w.gap; gap != (Gap{}) {
		w.gap = Gap{}
		seen = append(seen, Seen{Gap: &gap})
	}
	return seen
}
