package session

import (
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// silence watches for the server falling silent, for a machine that asked to be
// told. Guarded by the peers' lock, but for the clock, which is the supervisor's.
type silence struct {
	asked time.Duration // how long a silence lasts; 0: nobody asked
	since time.Time     // when the server's last bytes were taken in; zero: it was told of, or nothing came yet
	held  bool          // the reader waits with bytes of the server's until there is room
	clock *time.Timer
}

// broken says that the server sent something.
func (q *silence) broken() {
	if q.asked > 0 {
		q.since = time.Now()
	}
}

// forget says that what the server has sent is no reason to wait for a silence.
func (q *silence) forget() { q.since = time.Time{} }

// awaitSilence returns what fires when the server may have been silent for long
// enough. It is for a supervisor that has nothing to do: no event waits, and no batch
// is out.
func (p *peers) awaitSilence() <-chan time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := &p.silence
	if q.since.IsZero() || q.held || p.sides[core.Server].in == ended {
		return nil
	}
	wait := q.asked - time.Since(q.since)
	if q.clock == nil {
		q.clock = time.NewTimer(wait)
	} else {
		q.clock.Reset(wait)
	}
	return q.clock.C
}

// fellSilent has the machine told of the silence, if it lasts.
func (p *peers) fellSilent() {
	p.mu.Lock()
	defer p.mu.Unlock()
	q := &p.silence
	if p.inbox.events != nil || p.watching != nil && !p.watching.empty() || q.held || p.sides[core.Server].in == ended || time.Since(q.since) < q.asked {
		return
	}
	q.since = time.Time{}
	if p.watching != nil {
		p.watching.add(time.Since(p.start), core.ServerQuiet, nil)
		return
	}
	p.inbox.add(core.ServerQuiet, nil)
}
