package pluginhost

import (
	"context"
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/protocol-workbench/workbench/core/wire"
)

// quarantineIdle is how long a quarantine process outlives its last session.
const quarantineIdle = 2 * time.Second

// quarantine is a mode's second process, for sessions whose next event may end
// it. It takes one session at a time, so that no other session suffers and the
// one to blame is known. It runs only while it is needed.
type quarantine struct {
	build  *Build
	place  chan struct{} // holds a token while a session is in
	starts *rate.Limiter

	mu      sync.Mutex
	process *process
	idle    *time.Timer
}

// open is Build.Open on a process that no other session uses while the connection
// is open. It waits for the session before, as long as ctx lets it.
func (q *quarantine) open(ctx context.Context) (*wire.Conn, error) {
	select {
	case q.place <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	case <-q.build.ctx.Done():
		return nil, errStopping
	}
	release := sync.OnceFunc(q.leave)
	for {
		p, err := q.enter(ctx)
		if errors.Is(err, wire.ErrKilled) {
			continue
		}
		if err != nil {
			release()
			return nil, err
		}
		conn, err := p.open(ctx, release)
		if errors.Is(err, errGone) {
			continue // it died before the session was in
		}
		if err != nil {
			release()
		}
		return conn, err
	}
}

// enter returns the process, started when there is none.
func (q *quarantine) enter(ctx context.Context) (*process, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.idle != nil {
		q.idle.Stop()
	}
	if q.process != nil && !isClosed(q.process.gone) {
		return q.process, nil
	}
	if err := q.starts.Wait(ctx); err != nil {
		return nil, err
	}
	p, err := startProcess(q.build, func() bool { return true })
	if err != nil {
		return nil, err
	}
	q.build.log.Info("quarantine process started", "pid", p.run.pid)
	q.process = p
	return p, nil
}

// leave frees the place, and ends the process if no session takes it.
func (q *quarantine) leave() {
	q.mu.Lock()
	p := q.process
	if p != nil {
		q.idle = time.AfterFunc(quarantineIdle, func() {
			q.mu.Lock()
			defer q.mu.Unlock()
			if q.process == p && p.count() == 0 {
				q.process = nil
				p.end(fail(CodeUnneeded, "no longer needed"))
			}
		})
	}
	q.mu.Unlock()
	<-q.place
}
