package session

import (
	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Bounds of a ledger.
const (
	CheckpointBytes  = 64 << 10 // a checkpoint is due at this much of events' data,
	CheckpointEvents = 1000     // or at this many events,
	CheckpointIdle   = 8 << 10  // or, while nothing waits to be fed, at this much of both
	LedgerBound      = 4 << 20  // a ledger past this is dropped
)

// ledger is what a session needs to make its machine anew: a checkpoint, and
// the events since with their exact boundaries, each with a digest of its
// actions. It is pure: no clock, no lock, no I/O.
type ledger struct {
	state   []byte // the checkpoint; nil: the opening
	opening uint64 // digest of the opening actions
	events  []logged
	data    []byte
	doubled uint // how often the machine could not write its state down
	bound   int  // bytes that it may hold
	whole   bool // no checkpoint replaces it
	dropped bool // it went past its bound: the machine cannot be made anew
}

type logged struct {
	n        uint64
	kind     core.EventKind
	link     string
	from, to int // of data
	digest   uint64
}

// done logs one event that was answered. It reports true if the ledger went
// past its bound with it, and was dropped.
func (l *ledger) done(e wire.Event, digest uint64) (dropped bool) {
	if l.dropped {
		return false
	}
	if len(l.data)+len(e.Data)+(len(l.events)+1)*eventWeight > l.bound {
		*l = ledger{bound: l.bound, dropped: true}
		return true
	}
	from := len(l.data)
	l.data = append(l.data, e.Data...)
	l.events = append(l.events, logged{e.N, e.Kind, e.Link, from, len(l.data), digest})
	return false
}

// due reports that a checkpoint should replace the log. While the session is
// idle one costs nobody time, and is due as soon as the log outweighs what it
// would replace: the shorter the log, the faster the recovery.
func (l *ledger) due(idle bool) bool {
	switch {
	case l.whole || l.dropped:
		return false
	case len(l.data) >= CheckpointBytes<<l.doubled, len(l.events) >= CheckpointEvents<<l.doubled:
		return true
	}
	weight := len(l.data) + len(l.events)*eventWeight
	return idle && weight >= max(CheckpointIdle, len(l.state))<<l.doubled
}

// checkpointed replaces the log by a state.
func (l *ledger) checkpointed(state []byte) {
	*l = ledger{bound: l.bound, state: state, opening: l.opening}
}

// answered puts new digests in the place of all, the opening's first.
func (l *ledger) answered(digests []uint64) {
	if l.state == nil {
		l.opening = digests[0]
	}
	for i, d := range digests[1:] {
		l.events[i].digest = d
	}
}

// refused says that the machine cannot write its state down; the next
// checkpoint is due at twice the size.
func (l *ledger) refused() { l.doubled++ }

// batches hands the log over in batches, with the digests of their answers,
// until yield returns false.
func (l *ledger) batches(yield func(batch []wire.Event, digests []uint64) bool) {
	var batch []wire.Event
	var digests []uint64
	for i := 0; i < len(l.events); {
		batch, digests = batch[:0], digests[:0]
		for size := 0; i < len(l.events) && len(batch) < wire.MaxBatch; i++ {
			e := l.events[i]
			if size += e.to - e.from; size > wire.MaxBatchBytes && len(batch) > 0 {
				break
			}
			batch = append(batch, wire.Event{N: e.n, Event: core.Event{Kind: e.kind, Link: e.link, Data: l.data[e.from:e.to]}})
			digests = append(digests, e.digest)
		}
		if !yield(batch, digests) {
			return
		}
	}
}
