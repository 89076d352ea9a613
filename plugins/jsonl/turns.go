package jsonl

import (
	"cmp"
	"sync/atomic"
	"time"

	"github.com/protocol-workbench/workbench/core/wire"
)

// sliceTime is how long the program may be kept by one session's line while
// others wait: a batch leaves in lines of as many events as it does in that
// time, or of one.
const sliceTime = 50 * time.Millisecond

// turns tell where the program is. It reads one line after the other, so the
// turn of a line has come when all before it are answered. A program may do
// several at once: a line's turn has also come when a later one is answered.
type turns struct {
	furthest atomic.Uint64 // the latest line of which anything was answered
	pace     atomic.Int64  // nanoseconds that an event takes, on average; 0: not known yet
	last     time.Time     // when an event was last answered; the reader's own
}

// slice is how many events a line may have.
func (t *turns) slice() int {
	if pace := t.pace.Load(); pace > 0 {
		return max(1, int(int64(sliceTime)/pace))
	}
	return 1
}

// answered notes an answer to a line that was asked at the time given: to event n,
// or with 0 to a request without events, such as an opening. Only the reader calls
// it.
func (t *turns) answered(line uint64, asked time.Time, n uint64) {
	if line > t.furthest.Load() {
		t.furthest.Store(line)
	}
	began, now := asked, time.Now()
	if t.last.After(asked) {
		began = t.last
	}
	t.last = now
	if n == 0 {
		return
	}
	took, pace := int64(now.Sub(began)), t.pace.Load()
	pace = cmp.Or(pace, took)
	took = min(took, 8*pace) // once may be another process's doing: a busy machine must not cut batches up
	t.pace.Store(max(8, pace+(took-pace)/8))
}

// sighting is how load found a session: whether its turn had come, and since when
// that has been so.
type sighting struct {
	turn  bool
	since time.Time
}

// load says which sessions have their turn. It costs the others nothing: times
// count from the first call that finds a session so.
func (c *Child) load() wire.Load {
	c.mu.Lock()
	var due []*machine
	var oldest uint64
	for _, m := range c.sessions {
		m.mu.Lock()
		waits := m.due > 0
		m.mu.Unlock()
		if !waits {
			continue
		}
		due = append(due, m)
		if line := m.line.Load(); line > 0 && (oldest == 0 || line < oldest) {
			oldest = line
		}
	}
	c.mu.Unlock()

	var l wire.Load
	now, furthest := time.Now(), c.turns.furthest.Load()
	for _, m := range due {
		line := m.line.Load()
		turn := line > 0 && (line <= oldest || line <= furthest)
		m.mu.Lock()
		if m.seen.since.IsZero() || m.seen.turn != turn {
			m.seen = sighting{turn, now}
		}
		since := now.Sub(m.seen.since)
		m.mu.Unlock()
		switch {
		case turn:
			l.Serving = append(l.Serving, wire.Served{Stream: m.stream, For: since})
		default:
			l.Waiting++
			l.Longest = max(l.Longest, since)
		}
	}
	return l
}
