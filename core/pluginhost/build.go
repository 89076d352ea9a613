package pluginhost

import (
	"cmp"
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

// State is how a mode's process is, for a session that opens now.
type State string

// The states.
const (
	Idle     State = "idle"     // no session has opened yet, and the first one has it started
	Starting State = "starting" // not ready yet, or again not: Open waits
	Ready    State = "ready"
	Failed   State = "failed"  // cannot start; the host goes on trying
	Stopped  State = "stopped" // the host was stopped
)

// Status tells how one mode is.
type Status struct {
	Manifest  core.Manifest
	State     State
	Code      Code       // what its process does
	PID       int        // of the process that is ready
	Spare     int        // PID of the process that takes its place when it dies; 0: none
	Uptime    float64    // of that process, in seconds
	Sessions  int        // that are open
	Restarts  int        // processes that came after the first one
	Starts    int        // processes that became ready, those in quarantine too
	Crashes   int        // processes that had been ready and died, not by our doing
	Hangs     int        // processes that were killed because they did not answer
	Overload  *wire.Load // nil: the process keeps up with what it has to do
	LastError string     // why the last process died or did not start, also when the mode is well again
	ErrorCode Code       // of LastError
}

// Unavailable says that a mode's process cannot start.
type Unavailable struct {
	Plugin  string
	Path    string // of its executable, as a person calls it; "" of a built-in mode
	Version string // of the plugin, if it ever said so
	Code    Code
	Reason  string   // in words, with what to do where that is known
	Stderr  []string // the last lines that the process wrote, oldest first; at most 20
}

// Error returns the reason, followed by the process's last lines.
func (u *Unavailable) Error() string {
	words := "the " + u.Plugin + " plugin"
	if u.Version != "" {
		words += " (version " + u.Version + ")"
	}
	words += " cannot start: " + u.Reason
	if u.Path != "" {
		words += fmt.Sprintf("; it is %s; see it alone with: workbench plugin info %s", u.Path, u.Path)
	}
	if len(u.Stderr) > 0 {
		words += "; its last words:\n" + strings.Join(u.Stderr, "\n")
	}
	return words
}

func (u *Unavailable) errorCode() Code { return u.Code }

// unavailable says why a process of the build cannot start.
func (b *Build) unavailable(why *fault, r *runner) *Unavailable {
	return &Unavailable{
		Plugin: b.conf.Manifest.Name, Path: b.conf.Source, Version: b.Manifest().Version,
		Code: why.code, Reason: why.words, Stderr: r.lastWords(why.words),
	}
}

// Build is one build of a line mode, whose process it keeps running. Most modes
// have one for as long as the host runs; in development builds replace each
// other.
type Build struct {
	host       *Host
	conf       Mode
	log        *slog.Logger
	output     *slog.Logger    // of what its processes write
	ctx        context.Context // ends with the host, or when nobody needs the build any more
	stop       context.CancelFunc
	quarantine *quarantine
	waiting    atomic.Int64  // how many wait for its process
	opens      atomic.Uint64 // sessions that opened
	pausing    atomic.Bool   // before the next start
	hurry      chan struct{} // a value ends the pause
	jsonLines  atomic.Bool   // its executable speaks JSON lines, by way of the adapter
	newer      chan struct{} // closed when another build has replaced it
	leave      chan struct{} // closed when its sessions are to move whatever it costs
	leaving    sync.Once     // closes it

	mu       sync.Mutex
	state    State
	manifest core.Manifest
	process  *process      // while ready
	spare    *process      // takes its place
	used     bool          // by sessions: there is to be a spare
	pause    time.Duration // before the next start; 0: the last process did well
	killed   bool          // the last one that died, from outside
	restarts int
	counts   counts
	err      error         // why the last process died or did not start
	changed  chan struct{} // closed and replaced when the state changes
	leases   int           // of sessions
	trial    bool          // prepared but not in use: the caller of Prepare learns why it fails, not the log
	replaced bool
}

// counts count a mode's processes, those in quarantine too.
type counts struct{ starts, crashes, hangs atomic.Int64 }

func newBuild(h *Host, conf Mode) *Build {
	log := cmp.Or(conf.Log, h.log)
	b := &Build{
		host: h, conf: conf,
		log: log.With("plugin", conf.Manifest.Name), output: cmp.Or(conf.Output, log).With("plugin", conf.Manifest.Name),
		newer: make(chan struct{}), leave: make(chan struct{}), hurry: make(chan struct{}, 1),
		state: Starting, manifest: conf.Manifest, changed: make(chan struct{}),
	}
	if conf.OnUse {
		b.state = Idle
	}
	b.jsonLines.Store(conf.JSONLines)
	b.ctx, b.stop = context.WithCancel(h.ctx)
	b.quarantine = &quarantine{build: b, starts: newStarts()}
	return b
}

// died notes that no process serves, and that the next one should do better. b is
// locked, as it is for failed and set.
func (b *Build) died(cause error) {
	if b.ctx.Err() != nil {
		return
	}
	b.log.Warn("plugin process died", "reason", cause)
	b.set(Starting, nil, cause)
}

// failed notes that the process cannot start, or dies each time before it answers
// anything.
func (b *Build) failed(err error) {
	if b.ctx.Err() != nil {
		return
	}
	var now, before *Unavailable
	same := errors.As(err, &now) && errors.As(b.err, &before) && now.Reason == before.Reason // its last words hold times
	if !same && !b.trial {                                                                   // once, not for each try
		b.log.Error("plugin process cannot start", "reason", err)
	}
	b.set(Failed, nil, err)
}

// set enters a state. A nil err leaves the last one to be read.
func (b *Build) set(s State, p *process, err error) {
	b.state, b.process = s, p
	if p != nil {
		b.manifest = p.manifest
	}
	if err != nil {
		b.err = err
	}
	b.tell()
}

// tell wakes those who wait for a change. b is locked.
func (b *Build) tell() {
	close(b.changed)
	b.changed = make(chan struct{})
}

// Open opens a connection to the build's process, as Host.Open does.
func (b *Build) Open(ctx context.Context) (*wire.Conn, error) {
	var p *process
	for {
		gone := p
		err := b.await(ctx, func() bool { p = b.process; return p != nil && p != gone })
		if err != nil {
			return nil, err
		}
		c, err := p.open(ctx, nil)
		if !errors.Is(err, errGone) {
			return c, err
		}
		// It died meanwhile; the next one may do better.
	}
}

// await waits until done, which it calls with b locked, reports true. The error
// says why the process cannot start, or is errStopping or ctx's.
func (b *Build) await(ctx context.Context, done func() bool) error {
	b.waiting.Add(1)
	defer b.waiting.Add(-1)
	for {
		b.mu.Lock()
		ok := done()
		if !ok && b.state == Idle {
			b.set(Starting, nil, nil)
		}
		state, err, changed := b.state, b.err, b.changed
		b.mu.Unlock()
		switch {
		case ok:
			return nil
		case state == Failed:
			return err
		case state == Stopped:
			return errStopping
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("the %s plugin is still starting: %w", b.conf.Manifest.Name, context.Cause(ctx))
		}
	}
}

func (b *Build) status() Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	s := Status{
		Manifest: b.manifest, State: b.state, Code: CodeStarting, Restarts: b.restarts,
		Starts: int(b.counts.starts.Load()), Crashes: int(b.counts.crashes.Load()), Hangs: int(b.counts.hangs.Load()),
	}
	if b.err != nil {
		s.LastError, s.ErrorCode = b.err.Error(), codeOf(b.err)
	}
	switch p := b.process; {
	case p != nil:
		s.Code, s.PID, s.Uptime = CodeReady, p.run.pid, time.Since(p.started).Seconds()
		s.Sessions, s.Overload = p.count(), p.overload()
		if s.Overload != nil {
			s.Code = CodeOverloaded
		}
		if b.spare != nil {
			s.Spare = b.spare.run.pid
		}
	case b.state == Idle:
		s.Code = CodeIdle
	case b.state == Stopped:
		s.Code = CodeStopped
	case b.pausing.Load():
		s.Code = CodeBackingOff
	}
	return s
}
