package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// State is how a mode's process is.
type State string

// The states.
const (
	Starting State = "starting" // not ready yet, or again not: Open waits
	Ready    State = "ready"
	Failed   State = "failed"  // can not start; it is tried again all the time
	Stopped  State = "stopped" // the host was stopped
)

// Status tells how one mode is.
type Status struct {
	Manifest  core.Manifest `json:"manifest"`
	State     State         `json:"state"`
	PID       int           `json:"pid,omitempty"`       // of the process that is ready
	StartedAt time.Time     `json:"startedAt,omitzero"`  // when it was
	Uptime    float64       `json:"uptime,omitempty"`    // seconds since
	Sessions  int           `json:"sessions"`            // that are open
	Restarts  int           `json:"restarts"`            // processes that came after the first one
	Starts    int           `json:"starts"`              // processes that became ready, those in quarantine too
	Crashes   int           `json:"crashes"`             // processes that had been ready and died, not by our doing
	Hangs     int           `json:"hangs"`               // processes that were killed because they did not answer
	LastError string        `json:"lastError,omitempty"` // why the last process died or did not start, also when the mode is well again
}

// Unavailable says that a mode's process can not start.
type Unavailable struct {
	Plugin string
	Reason string   // in words, with what to do where that is known
	Stderr []string // the last lines that the process wrote, oldest first
}

// Error returns the reason, followed by the process's last lines.
func (u *Unavailable) Error() string {
	words := fmt.Sprintf("the %s plugin can not start: %s", u.Plugin, u.Reason)
	if len(u.Stderr) > 0 {
		words += "; its last words:\n" + strings.Join(u.Stderr, "\n")
	}
	return words
}

// The pauses before a process is started again when the one before answered
// nothing.
const (
	firstPause = 50 * time.Millisecond
	longPause  = 5 * time.Second // pauses double up to this
)

// mode keeps one mode's process running.
type mode struct {
	host       *Host
	conf       Mode
	log        *slog.Logger
	quarantine *quarantine

	mu       sync.Mutex
	state    State
	manifest core.Manifest
	process  *process // while ready
	restarts int
	counts   counts
	err      error         // why the last process died or did not start
	changed  chan struct{} // closed and replaced when the state changes
}

// counts count a mode's processes, those in quarantine too.
type counts struct{ starts, crashes, hangs atomic.Int64 }

func newMode(h *Host, conf Mode) *mode {
	m := &mode{
		host: h, conf: conf, log: h.log.With("plugin", conf.Manifest.Name),
		state: Starting, manifest: conf.Manifest, changed: make(chan struct{}),
	}
	m.quarantine = newQuarantine(m)
	return m
}

// run starts the process, again and again, until the host stops.
func (m *mode) run() {
	pause := time.Duration(0) // before the next start; 0: the last process answered
	for first := true; m.host.ctx.Err() == nil; first = false {
		if !first {
			m.mu.Lock()
			m.restarts++
			m.mu.Unlock()
		}
		p, err := startProcess(m.host, m.conf, m.log, &m.counts)
		longer := min(max(2*pause, firstPause), longPause)
		if err != nil {
			pause = longer
			m.failed(err)
		} else {
			m.ready(p)
			<-p.gone
			pause = longer
			if p.answered.Load() {
				pause = 0
			}
			m.died(p, pause > firstPause)
		}
		select {
		case <-time.After(pause):
		case <-m.host.ctx.Done():
		}
	}
	m.set(Stopped, nil, nil)
}

func (m *mode) ready(p *process) {
	m.mu.Lock()
	m.manifest = p.manifest
	m.mu.Unlock()
	m.log.Info("plugin process started", "pid", p.run.pid, "took", p.took.Round(time.Millisecond))
	m.set(Ready, p, nil)
}

// died says that a process that had been ready is gone. One that is gone again
// and again before it answered anything has failed.
func (m *mode) died(p *process, again bool) {
	if m.host.ctx.Err() != nil {
		return
	}
	m.log.Warn("plugin process died", "pid", p.run.pid, "reason", p.cause)
	if again {
		m.set(Failed, nil, &Unavailable{
			Plugin: m.conf.Manifest.Name,
			Reason: "it died again and again before it answered anything: " + p.how,
			Stderr: p.run.out.last(),
		})
		return
	}
	m.set(Starting, nil, p.cause)
}

func (m *mode) failed(err error) {
	if m.host.ctx.Err() != nil {
		return
	}
	m.mu.Lock()
	news := m.err == nil || m.err.Error() != err.Error()
	m.mu.Unlock()
	if news { // once, not for each try
		m.log.Error("plugin process can not start", "reason", err)
	}
	m.set(Failed, nil, err)
}

// set enters a state. A nil err leaves the last one to be read.
func (m *mode) set(s State, p *process, err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.state, m.process = s, p
	if err != nil {
		m.err = err
	}
	close(m.changed)
	m.changed = make(chan struct{})
}

func (m *mode) open(ctx context.Context) (*wire.Conn, error) {
	for {
		m.mu.Lock()
		state, p, err, changed := m.state, m.process, m.err, m.changed
		m.mu.Unlock()
		switch state {
		case Failed:
			return nil, err
		case Stopped:
			return nil, errStopping
		case Ready:
			c, err := p.open(ctx, nil)
			if !errors.Is(err, errGone) {
				return c, err
			}
			// It died meanwhile; the next one may be better.
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return nil, fmt.Errorf("the %s plugin is still starting: %w", m.conf.Manifest.Name, context.Cause(ctx))
		}
	}
}

func (m *mode) status() Status {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := Status{
		Manifest: m.manifest, State: m.state, Restarts: m.restarts,
		Starts: int(m.counts.starts.Load()), Crashes: int(m.counts.crashes.Load()), Hangs: int(m.counts.hangs.Load()),
	}
	if m.err != nil {
		s.LastError = m.err.Error()
	}
	if p := m.process; p != nil {
		s.PID, s.StartedAt, s.Uptime = p.run.pid, p.started, time.Since(p.started).Seconds()
		s.Sessions = p.count()
	}
	return s
}
