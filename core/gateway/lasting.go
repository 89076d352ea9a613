package gateway

import (
	"fmt"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/limit"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/wire"
)

// lasting ends a session that is idle for too long, or lasts too long. A stop of
// this process does not use such a time up: see package limit.
type lasting struct {
	session.Ignore
	bounds Bounds
	stop   func(session.End)

	mu    sync.Mutex
	came  time.Time    // when a peer sent something last
	idle  *limit.Timer // nil: not bounded, or not running
	whole *limit.Timer // likewise
	over  bool
}

func (l *lasting) Began(session.Beginning) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.bounds.Longest > 0 {
		l.whole = limit.AfterFunc(l.bounds.Longest, func() {
			l.stop(session.End{Cause: session.TimeUp, Words: fmt.Sprintf("the session lasted for %v, which is the most", l.bounds.Longest)})
		})
	}
	if l.bounds.Idle > 0 {
		l.came = time.Now()
		l.idle = limit.AfterFunc(l.bounds.Idle, l.look)
	}
}

// Done notes that a peer has done something.
func (l *lasting) Done(_ time.Duration, e wire.Event, _ []core.Action) {
	if l.bounds.Idle == 0 || e.Kind.Side() == 0 || e.Kind == core.ServerQuiet {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.came = time.Now()
}

// look ends the session if it was idle all the time, or else looks again when it
// can have been.
func (l *lasting) look() {
	l.mu.Lock()
	left := l.bounds.Idle - time.Since(l.came)
	if left > 0 && !l.over {
		l.idle = limit.AfterFunc(left, l.look)
	}
	l.mu.Unlock()
	if left <= 0 {
		l.stop(session.End{Cause: session.Idle, Words: fmt.Sprintf("neither side sent anything for %v, which is the most", l.bounds.Idle)})
	}
}

func (l *lasting) Ended(time.Duration, session.End) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	for _, t := range []*limit.Timer{l.idle, l.whole} {
		if t != nil {
			t.Stop()
		}
	}
}
