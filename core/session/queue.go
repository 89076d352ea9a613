package session

import "sync"

// Messages are messages for the client, in order.
type Messages struct {
	data  []byte
	parts []part
}

type part struct {
	end  int // of data; it begins where the part before ends
	text bool
}

// Len returns the number of messages.
func (m *Messages) Len() int { return len(m.parts) }

// At returns message i, and whether it is text. The bytes are valid until the
// call that was given the messages returns.
func (m *Messages) At(i int) (data []byte, text bool) {
	from := 0
	if i > 0 {
		from = m.parts[i-1].end
	}
	p := m.parts[i]
	return m.data[from:p.end:p.end], p.text
}

// Joined returns the bytes of all messages, one after the other.
func (m *Messages) Joined() []byte { return m.data }

// Size returns the bytes of all messages together.
func (m *Messages) Size() int { return len(m.data) }

// one makes m one binary message, without a copy.
func (m *Messages) one(data []byte) *Messages {
	m.data = data
	m.parts = append(m.parts[:0], part{end: len(data)})
	return m
}

// end marks what was appended to data since the last end as one message.
func (m *Messages) end(text bool) { m.parts = append(m.parts, part{len(m.data), text}) }

// weight is what the messages count in a queue.
func (m *Messages) weight() int { return len(m.data) + len(m.parts)*partWeight }

const partWeight = 16 // what a message counts beside its data

// messageLists are lent while something waits to be written.
var messageLists = sync.Pool{New: func() any { return new(Messages) }}

func (m *Messages) release() {
	if cap(m.data) <= 2*GateAt {
		m.data, m.parts = m.data[:0], m.parts[:0]
		messageLists.Put(m)
	}
}

// queue holds what waits to be written to one side. Guarded by the session's
// lock, but for the messages that a writer has taken out.
type queue struct {
	waiting *Messages // nil while nothing waits
	held    *Messages // what waits for an upgrade to TLS; nil while nothing does
	holding bool      // what is added is held
	shut    bool      // nothing is written for now
	out     int       // weight of what a writer has taken out
	writing bool      // somebody has the right to write
	added   int64     // bytes that were, in all
	phase   phase     // open, finished, closed or cut: what is added is dropped unless it is open
}

// size returns the weight of what the queue holds, what is being written
// included.
func (q *queue) size() int {
	size := q.out
	for _, m := range [...]*Messages{q.waiting, q.held} {
		if m != nil {
			size += m.weight()
		}
	}
	return size
}

// open returns the messages to append to: data, then end.
func (q *queue) open() *Messages {
	to := &q.waiting
	if q.holding {
		to = &q.held
	}
	if *to == nil {
		*to = messageLists.Get().(*Messages)
	}
	return *to
}

func (q *queue) add(data []byte, text bool) {
	if q.phase == open {
		m := q.open()
		m.data = append(m.data, data...)
		m.end(text)
		q.added += int64(len(data))
	}
}

// take hands what waits to the writer.
func (q *queue) take() *Messages {
	m := q.waiting
	q.waiting, q.out = nil, m.weight()
	return m
}

// finish says that nothing more is added.
func (q *queue) finish() { q.phase = q.phase.on(lastOrdered) }

// cut drops what waits and all that will come.
func (q *queue) cut() { q.waiting, q.phase = nil, q.phase.on(writingFailed) }

// idle reports that nothing waits and nobody writes.
func (q *queue) idle() bool { return !q.writing && q.waiting == nil }

// due reports that something waits that may be written now.
func (q *queue) due() bool { return q.waiting != nil && !q.shut }
