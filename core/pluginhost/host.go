package pluginhost

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"strings"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/sandbox"
	"github.com/protocol-workbench/workbench/core/socketdir"
	"github.com/protocol-workbench/workbench/core/wire"
)

// startTimeout bounds a start, from the process to its readiness.
const startTimeout = 10 * time.Second

// Mode says how one mode's process is started.
type Mode struct {
	// Manifest describes the mode until its process does so itself. Its name
	// must be the one that the process answers with.
	Manifest core.Manifest
	Path     string   // the executable; see Self for built-in modes
	Args     []string // its arguments, without its name
	// Read are files and folders that the process may read and run in a
	// sandbox beside its executable: a script, an interpreter's modules.
	Read []string
	// Calls are names of system calls that the process may make in addition to
	// those that the sandbox allows every process.
	Calls []string
	// Adapter is a command that serves an executable which speaks JSON lines:
	// it is started in the executable's place, with "--", the executable and
	// its arguments after its own. Empty: none.
	Adapter []string
	// JSONLines says that the executable speaks them. Otherwise the first line
	// that it prints tells.
	JSONLines bool
	// Source is what a person calls the plugin, for errors: most often the file
	// that Path is a copy of, quoted where a shell needs that. Empty for built-in
	// modes.
	Source string
	// OnUse has its process started when it is first used, and not by Start. The manifest
	// has to be given then.
	OnUse bool
	// Log takes what happens to the processes, Output what they write. Nil:
	// Config.Log, and Log.
	Log, Output *slog.Logger
}

func (m *Mode) check() error {
	switch name := m.Manifest.Name; {
	case !core.ValidName(name):
		return fmt.Errorf("%q cannot name a mode: 1 to %d letters, digits, '-' or '_', beginning with a letter", name, core.MaxName)
	case m.Path == "":
		return fmt.Errorf("mode %s names no executable", name)
	case m.OnUse && m.Manifest.Title == "":
		return fmt.Errorf("mode %s is started on use, and has no manifest until then", name)
	}
	return nil
}

// Config is what a Host is made of.
type Config struct {
	Modes []Mode
	// Log takes what happens to processes, and what they write themselves,
	// under the plugin's name. Nil: slog.Default.
	Log *slog.Logger
	// RuntimeDir is where the directory of the sockets is made. Empty: the
	// user's runtime directory, else the one for temporary files.
	RuntimeDir string
	// Sandbox says how the processes are held back. The zero value: not at all.
	Sandbox sandbox.Config
	// Timeout is how long a process may take to answer an event, from when its
	// turn comes, 0 for DefaultTimeout, at most MaxTimeout. One that takes
	// longer hangs, and is killed.
	Timeout time.Duration
	// Yield has the processes run at a lower priority than the host, for sessions that
	// must not wait for them: of line modes that only watch.
	Yield bool

	startTimeout time.Duration // tests have less patience
	startsAtOnce int           // and fewer processors
}

// Host runs the plugin processes. Its methods are safe for concurrent use.
type Host struct {
	log          *slog.Logger
	timeout      time.Duration
	yields       bool
	startTimeout time.Duration
	sockets      *socketdir.Dir
	sandbox      *sandbox.Sandbox
	spawner      *spawner
	starts       starts
	ctx          context.Context // ends when the host stops
	cancel       context.CancelFunc
	running      sync.WaitGroup // builds, and processes until they are gone
	stopping     sync.Once
	gone         chan struct{} // closed when Stop has nothing left to wait for

	mu    sync.Mutex
	modes map[string]*Build // the newest of each mode
	order []string
	old   map[string][]*Build // replaced, with sessions that have not moved
}

// ErrNoMode says that no mode has that name.
var ErrNoMode = errors.New("no such mode")

// errUnneeded is why processes end that nobody uses any more.
var errUnneeded = fail(CodeUnneeded, "no longer needed")

// errStopping is why processes, and waits for them, end when the host stops.
var errStopping = fail(CodeStopping, "the workbench is stopping")

// Start has the processes of all modes started, a few at a time, those first
// that somebody waits for, and returns without waiting for them. An error says
// what is wrong with the configuration or with the directory for the sockets, or
// that a strict sandbox does not hold here. A process that cannot start is not an
// error here; see Status.
func Start(cfg Config) (*Host, error) {
	cfg.Timeout = cmp.Or(cfg.Timeout, DefaultTimeout)
	if cfg.Timeout < 0 || cfg.Timeout > MaxTimeout {
		return nil, fmt.Errorf("the plugins' time-out is %v; it must be more than 0 and at most %v", cfg.Timeout, MaxTimeout)
	}
	h := &Host{
		log: cmp.Or(cfg.Log, slog.Default()), timeout: cfg.Timeout, yields: cfg.Yield, startTimeout: cmp.Or(cfg.startTimeout, startTimeout),
		starts: starts{free: cmp.Or(cfg.startsAtOnce, runtime.NumCPU())},
		modes:  make(map[string]*Build, len(cfg.Modes)), old: map[string][]*Build{}, gone: make(chan struct{}),
	}
	h.ctx, h.cancel = context.WithCancel(context.Background())
	for _, m := range cfg.Modes {
		if err := m.check(); err != nil {
			return nil, err
		}
		name := m.Manifest.Name
		if h.modes[name] != nil {
			return nil, fmt.Errorf("two modes are named %s", name)
		}
		h.modes[name] = newBuild(h, m)
		h.order = append(h.order, name)
	}
	var err error
	if h.sandbox, err = sandbox.Probe(context.Background(), cfg.Sandbox); err != nil {
		return nil, err
	}
	// go-plugin makes sockets of such names, with numbers of up to 10 digits.
	if h.sockets, err = socketdir.Open(cfg.RuntimeDir, len("/plugin-dir4294967295/plugin4294967295")); err != nil {
		return nil, err
	}
	h.spawner = newSpawner()
	h.running.Go(h.settle)
	for _, b := range h.modes {
		h.running.Go(b.run)
	}
	return h, nil
}

// settle keeps trying what the sandbox could not find out at the start.
func (h *Host) settle() {
	if len(h.sandbox.Unknown()) == 0 {
		return
	}
	h.sandbox.Settle(h.ctx)
	if h.ctx.Err() == nil {
		h.log.Warn("the sandbox is not in doubt any more", "missing", strings.Join(h.sandbox.Missing(), "; "))
	}
}

// Open opens a session's connection to the mode's process; nothing has been sent
// on it yet. It waits for a process that is still starting, as long as ctx lets
// it. The error is ErrNoMode, ctx's, an *Unavailable for a mode whose process
// cannot start, or says how the process failed to open a stream.
func (h *Host) Open(ctx context.Context, mode string) (*wire.Conn, error) {
	b, err := h.build(mode)
	if err != nil {
		return nil, err
	}
	return b.Open(ctx)
}

// Manifest returns what the mode's process says of itself, as soon as one of
// its processes has; at once for a mode that was given its manifest. The errors
// are Open's.
func (h *Host) Manifest(ctx context.Context, mode string) (m core.Manifest, err error) {
	b, err := h.build(mode)
	if err != nil {
		return m, err
	}
	err = b.await(ctx, func() bool { m = b.manifest; return m.Title != "" })
	return m, err
}

// Coverage asks the mode's process what of its code it has executed. The error
// says that it does not count that, or that no process is ready.
func (h *Host) Coverage(mode string) ([]byte, error) {
	p, err := h.process(mode)
	if err != nil {
		return nil, err
	}
	return p.calls.Coverage()
}

// Memory returns how many bytes of memory the mode's process has, with all that
// it started. The error says that this system does not tell
// (errors.ErrUnsupported), or that no process is ready.
func (h *Host) Memory(mode string) (uint64, error) {
	p, err := h.process(mode)
	if err != nil {
		return 0, err
	}
	return resident(family(p.run.pid)...)
}

// process returns the mode's process that is ready.
func (h *Host) process(mode string) (*process, error) {
	b, err := h.build(mode)
	if err != nil {
		return nil, err
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.process == nil {
		return nil, errGone
	}
	return b.process, nil
}

func (h *Host) build(name string) (*Build, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if b := h.modes[name]; b != nil {
		return b, nil
	}
	return nil, fmt.Errorf("%w: %q", ErrNoMode, core.CutWords(name, core.MaxName))
}

// Status tells how each mode is, in the order of Config.Modes.
func (h *Host) Status() []Status {
	h.mu.Lock()
	defer h.mu.Unlock()
	all := make([]Status, len(h.order))
	for i, name := range h.order {
		all[i] = h.modes[name].status()
	}
	return all
}

// Sandbox returns what restricts the processes. Its report is empty when it is
// off.
func (h *Host) Sandbox() *sandbox.Sandbox { return h.sandbox }

// Stop kills all processes with all that they started, and removes the
// sockets' directory. Open sessions are lost. It returns when all processes
// are gone, or with ctx's error when that takes longer.
func (h *Host) Stop(ctx context.Context) error {
	h.cancel()
	h.stopping.Do(func() {
		go func() {
			h.running.Wait()
			h.spawner.stop()
			close(h.gone)
		}()
	})
	var err error
	select {
	case <-h.gone:
	case <-ctx.Done():
		err = fmt.Errorf("plugin processes were killed but are not gone yet: %w", context.Cause(ctx))
	}
	return errors.Join(err, h.sockets.Remove())
}
