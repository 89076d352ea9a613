package wire

import (
	"sync"
	"sync/atomic"
	"time"
)

// Load is how busy a plugin process is. Its sessions share it, so an event may
// wait for others; an event's clock starts when its turn comes.
type Load struct {
	Serving []Served      // sessions whose turn it is, in no particular order
	Waiting int           // sessions that wait for their turn
	Longest time.Duration // how long the first of these has waited
}

// Served is a session whose turn it is.
type Served struct {
	Stream uint32        // the host's number for its stream
	For    time.Duration // since its turn came, or since it was last seen to answer an event
}

// Turns lets the sessions of one process take turns, first come first served,
// so that an event is answered within its own time however many others there
// are. A turn ends when its answers are sent: at the end of its batch, or with an
// event that is done flushAfter the last frame. An event is never interrupted.
type Turns struct {
	slots int

	mu      sync.Mutex
	serving []*Turn // at most slots
	waiting []*Turn // none while a slot is free
}

// NewTurns returns turns that serve slots sessions at a time.
func NewTurns(slots int) *Turns { return &Turns{slots: slots} }

// Turn is one session's place among the others, for Serve.
type Turn struct {
	turns  *Turns
	stream uint32
	held   bool          // it is this session's turn; used by the session only
	calls  atomic.Uint64 // of the machine; each one restarts the clock
	come   chan struct{} // says that the turn has come; nil until it first had to wait

	since time.Time // when it began to wait, or to answer as far as Load has seen; guarded by turns
	seen  uint64    // calls that Load saw
}

// Join returns the place of the session on the stream of that number.
func (t *Turns) Join(stream uint32) *Turn { return &Turn{turns: t, stream: stream} }

// Load returns how busy the process is.
func (t *Turns) Load() Load {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	l := Load{Waiting: len(t.waiting)}
	for _, s := range t.serving {
		if calls := s.calls.Load(); calls != s.seen {
			s.seen, s.since = calls, now
		}
		l.Serving = append(l.Serving, Served{s.stream, now.Sub(s.since)})
	}
	if len(t.waiting) > 0 {
		l.Longest = now.Sub(t.waiting[0].since)
	}
	return l
}

// begin precedes each call of the machine and waits until it is the session's
// turn.
func (t *Turn) begin() {
	if t == nil {
		return
	}
	t.calls.Add(1)
	if t.held {
		return // the usual case, so no clock is read
	}
	q, now := t.turns, time.Now()
	q.mu.Lock()
	t.since, t.seen = now, t.calls.Load()
	t.held = true
	if len(q.serving) < q.slots {
		q.serving = append(q.serving, t)
		q.mu.Unlock()
		return
	}
	if t.come == nil {
		t.come = make(chan struct{}, 1)
	}
	q.waiting = append(q.waiting, t)
	q.mu.Unlock()
	<-t.come
}

// end gives the turn up. It precedes every other wait of the session: for the
// host's next frame, or for the host to read an answer.
func (t *Turn) end() {
	if t == nil || !t.held {
		return
	}
	t.held = false
	t.turns.mu.Lock()
	defer t.turns.mu.Unlock()
	t.turns.handOver(t, time.Now())
}

// handOver gives one session's slot to the first that waits.
func (t *Turns) handOver(from *Turn, now time.Time) {
	last := len(t.serving) - 1
	for i, s := range t.serving {
		if s == from {
			t.serving[i] = t.serving[last]
			break
		}
	}
	t.serving = t.serving[:last]
	if len(t.waiting) == 0 {
		return
	}
	next := t.waiting[0]
	t.waiting[0] = nil
	t.waiting = t.waiting[1:]
	next.since = now
	t.serving = append(t.serving, next)
	next.come <- struct{}{}
}
