package session

import (
	"strconv"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Bounds of what waits for a machine that watches, by side: data and weight.
const (
	UnseenAt    = 8 << 20 // from here on the machine misses that side,
	SeenAgainAt = 4 << 20 // until no more than this waits of it
)

// chunkSize is how much memory for data is taken at a time, at most.
const chunkSize = 64 << 10

// crossed is what has crossed and waits to be answered by a machine that watches, in the
// order of crossing. It is to such a session what inbox is to another: nobody waits for
// room in it, and what does not fit is only counted. Guarded by the session's lock.
type crossed struct {
	waiting []crossing
	head    int    // of waiting: what was taken is before it
	chunk   []byte // with room for the next data
	held    [core.Server + 1]int
	blind   [core.Server + 1]bool // the machine misses this side
	most    int                   // bytes of an event
	opened  core.Opening

	first uint64          // number of the first event of the batch that is out
	times []time.Duration // when those of the batch crossed
}

type crossing struct {
	at     time.Duration
	kind   core.EventKind
	data   []byte
	unseen uint64 // of the kinds for that: how many bytes
}

// joinWithin is how soon after a side's last bytes more of them join these.
const joinWithin = 10 * time.Millisecond

// empty reports that nothing waits.
func (c *crossed) empty() bool { return c.head == len(c.waiting) }

// add puts an event after the others, or counts what the machine misses of it.
func (c *crossed) add(at time.Duration, kind core.EventKind, data []byte) {
	side := kind.Side()
	if kind.IsBytes() {
		if c.blind[side] = c.held[side] >= UnseenAt || c.blind[side] && c.held[side] > SeenAgainAt; c.blind[side] {
			c.miss(at, side, len(data))
			return
		}
	}
	c.held[side] += len(data)
	if last := len(c.waiting) - 1; c.opened.IsStream(kind) && last >= c.head && c.waiting[last].kind == kind && at-c.waiting[last].at < joinWithin {
		// Nothing was added since: its data ends the chunk.
		if l := &c.waiting[last]; len(l.data)+len(data) <= c.most && cap(c.chunk)-len(c.chunk) >= len(data) {
			c.chunk = append(c.chunk, data...)
			l.data = l.data[:len(l.data)+len(data)]
			return
		}
	}
	c.held[side] += eventWeight
	c.waiting = append(c.waiting, crossing{at: at, kind: kind, data: c.keep(data)})
}

// keep copies data into the chunk. Its capacity reaches to the chunk's end, for what joins
// it.
func (c *crossed) keep(data []byte) []byte {
	if cap(c.chunk)-len(c.chunk) < len(data) {
		c.chunk = make([]byte, 0, max(len(data), min(chunkSize, max(4<<10, 2*cap(c.chunk)))))
	}
	from := len(c.chunk)
	c.chunk = append(c.chunk, data...)
	return c.chunk[from:]
}

// miss counts bytes of a side that the machine does not see: with those that it did not
// see before, if nothing that it sees came between.
func (c *crossed) miss(at time.Duration, side core.Side, n int) {
	kind := core.ClientUnseen
	if side == core.Server {
		kind = core.ServerUnseen
	}
	for i := len(c.waiting) - 1; i >= max(c.head, len(c.waiting)-2) && c.waiting[i].unseen > 0; i-- {
		if c.waiting[i].kind == kind {
			c.waiting[i].unseen += uint64(n)
			return
		}
	}
	c.held[side] += eventWeight
	c.waiting = append(c.waiting, crossing{at: at, kind: kind, unseen: uint64(n)})
}

// take returns the next batch, as inbox.take does; nil when there is nothing.
func (c *crossed) take(now time.Duration, first core.Event, fed func(core.EventKind) bool) *eventList {
	if c.empty() && first.Kind == 0 {
		return nil
	}
	l := eventLists.Get().(*eventList)
	c.times = c.times[:0]
	if first.Kind != 0 {
		c.put(l, now, first)
	}
	for size := 0; !c.empty() && len(l.batch) < wire.MaxBatch; {
		next := &c.waiting[c.head]
		known := fed(next.kind)
		if len(l.batch) > 0 && (size+len(next.data) > wire.MaxBatchBytes || !known) {
			break
		}
		size += len(next.data)
		e := core.Event{Kind: next.kind, Data: next.data[:len(next.data):len(next.data)]}
		if next.unseen > 0 {
			e.Data = strconv.AppendUint(nil, next.unseen, 10)
		}
		c.held[next.kind.Side()] -= len(next.data) + eventWeight
		c.put(l, next.at, e)
		*next = crossing{}
		c.head++
		if !known {
			break
		}
	}
	c.compact()
	return l
}

// compact moves what waits to the front, once as much was taken.
func (c *crossed) compact() {
	switch {
	case c.empty():
		c.waiting, c.head = c.waiting[:0], 0
		if cap(c.waiting) > 1024 {
			c.waiting = nil
		}
	case c.head > len(c.waiting)/2:
		n := copy(c.waiting, c.waiting[c.head:])
		clear(c.waiting[n:])
		c.waiting, c.head = c.waiting[:n], 0
	}
}

func (c *crossed) put(l *eventList, at time.Duration, e core.Event) {
	l.batch = append(l.batch, wire.Event{Event: e})
	c.times = append(c.times, at)
}

// timeOf returns when an event of the batch that is out crossed.
func (c *crossed) timeOf(n uint64) time.Duration { return c.times[n-c.first] }
