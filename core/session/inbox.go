package session

import (
	"slices"
	"sync"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// inbox holds the events that wait to be fed, in the order in which they came.
// The bytes of a server's stream gather into one event while they wait. Guarded by the
// session's lock.
type inbox struct {
	events *eventList // nil while nothing waits: an idle session holds no memory
	held   [3]int     // by core.Side: data and weight of what waits
	single bool       // a batch has one event
	most   int        // bytes of the server's that gather into one event
	whole  bool       // the server's bytes come an event each, and do not gather
}

type eventList struct {
	waiting []waiting
	data    []byte
	batch   []wire.Event // made by take; its data is in data
}

type waiting struct {
	kind     core.EventKind
	link     string
	from, to int // of data
}

// eventLists are lent while events wait or a batch is out.
var eventLists = sync.Pool{New: func() any { return new(eventList) }}

// release gives back what take returned.
func (l *eventList) release() {
	if l == nil || cap(l.data) > StopAt {
		return
	}
	clear(l.batch)
	l.waiting, l.data, l.batch = l.waiting[:0], l.data[:0], l.batch[:0]
	eventLists.Put(l)
}

// add puts one event after the others.
func (b *inbox) add(kind core.EventKind, data []byte) {
	b.addLink(kind, "", data)
}

// addLink is add, of an event that may be of a link.
func (b *inbox) addLink(kind core.EventKind, link string, data []byte) {
	if b.events == nil {
		b.events = eventLists.Get().(*eventList)
	}
	l := b.events
	from := len(l.data)
	l.data = append(l.data, data...)
	b.held[kind.Side()] += len(data)
	if n := len(l.waiting); n > 0 && (kind == core.ServerBytes && !b.whole || kind == core.LinkBytes) {
		last, most := &l.waiting[n-1], b.most
		if kind == core.LinkBytes {
			most = core.MaxLinkEvent
		}
		if last.kind == kind && last.link == link && len(l.data)-last.from <= most {
			last.to = len(l.data)
			return
		}
	}
	b.held[kind.Side()] += eventWeight
	l.waiting = append(l.waiting, waiting{kind, link, from, len(l.data)})
}

// take returns the next batch, without numbers: first is put in front when it
// has a kind. An event of a kind that the machine does not know is a batch of
// its own. The caller releases it. It is nil when there is nothing.
func (b *inbox) take(first core.Event, feeds func(core.EventKind) bool) *eventList {
	if b.events == nil && first.Kind == 0 {
		return nil
	}
	l := b.events
	b.events = nil
	if l == nil {
		l = eventLists.Get().(*eventList)
	}
	if first.Kind != 0 {
		l.batch = append(l.batch, wire.Event{Event: first})
	}
	size, count := 0, 0
	for count < len(l.waiting) && len(l.batch) < wire.MaxBatch {
		w := l.waiting[count]
		known := feeds(w.kind)
		if len(l.batch) > 0 && (b.single || size+w.to-w.from > wire.MaxBatchBytes || !known) {
			break
		}
		size += w.to - w.from
		count++
		b.held[w.kind.Side()] -= w.to - w.from + eventWeight
		l.batch = append(l.batch, wire.Event{Event: core.Event{Kind: w.kind, Link: w.link, Data: l.data[w.from:w.to:w.to]}})
		if !known {
			break
		}
	}
	for _, w := range l.waiting[count:] { // what does not fit goes on waiting
		if b.events == nil {
			b.events = eventLists.Get().(*eventList)
		}
		from := len(b.events.data)
		b.events.data = append(b.events.data, l.data[w.from:w.to]...)
		b.events.waiting = append(b.events.waiting, waiting{w.kind, w.link, from, len(b.events.data)})
	}
	return l
}

// remove takes out the events that it is told to.
func (b *inbox) remove(out func(waiting) bool) {
	if b.events == nil {
		return
	}
	b.events.waiting = slices.DeleteFunc(b.events.waiting, func(w waiting) bool {
		if !out(w) {
			return false
		}
		b.held[w.kind.Side()] -= w.to - w.from + eventWeight
		return true
	})
	if len(b.events.waiting) == 0 {
		b.events.release()
		b.events = nil
	}
}

// hasBytes reports whether bytes of a side wait.
func (b *inbox) hasBytes(side core.Side) bool {
	return b.events != nil && slices.ContainsFunc(b.events.waiting, func(w waiting) bool {
		return w.kind.IsBytes() && w.kind.Side() == side
	})
}
