package pluginhost

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	goplugin "github.com/hashicorp/go-plugin/runner"

	"github.com/protocol-workbench/workbench/core/pluginproto"
	"github.com/protocol-workbench/workbench/core/sandbox"
)

// runner runs one plugin process for go-plugin, which sees only the handshake:
// one line of standard output. All else that the process writes goes to out.
type runner struct {
	build *Build
	out   *output
	cmd   *exec.Cmd
	dir   string   // where the process makes its socket
	via   []string // the command that starts it, if it speaks JSON lines
	pid   int

	refusals *sandbox.Refusals // of its system calls; set by Start

	hello  *io.PipeReader         // the handshake, and then the end
	line   atomic.Pointer[string] // the handshake, as it was printed
	exited chan struct{}          // closed as soon as the process is gone
	quiet  chan struct{}          // closed when its output was read to the end
	held   *sandbox.Held          // once it was started
	state  *os.ProcessState       // once exited is closed
	memory bool                   // it died because it used up its memory; once exited is closed

	mu     sync.Mutex
	killed bool // by us
}

var _ goplugin.Runner = (*runner)(nil)

func newRunner(b *Build) *runner {
	m := b.conf
	r := &runner{
		build: b, out: newOutput(b.output),
		cmd:    &exec.Cmd{Path: m.Path, Args: append([]string{m.Path}, m.Args...)},
		exited: make(chan struct{}), quiet: make(chan struct{}),
	}
	if b.jsonLines.Load() {
		r.via = m.Adapter
	}
	return r
}

// launch has go-plugin start the process and returns the address that it says
// it listens on. From then on the process is ours alone: go-plugin's Client.Kill
// would wait for it, up to 40 s for a stopped one, and is never called.
func (r *runner) launch() (net.Addr, error) {
	return plugin.NewClient(&plugin.ClientConfig{
		HandshakeConfig:  pluginproto.Handshake,
		VersionedPlugins: pluginproto.Sets(&pluginproto.Client{}),
		AllowedProtocols: []plugin.Protocol{plugin.ProtocolNetRPC},
		// go-plugin adds the environment of the handshake, and the directory for
		// the socket.
		RunnerFunc: func(_ hclog.Logger, cmd *exec.Cmd, dir string) (goplugin.Runner, error) {
			r.cmd.Env, r.dir = append(environment(), cmd.Env...), dir
			return r, nil
		},
		SkipHostEnv:      true,
		StartTimeout:     never,
		UnixSocketConfig: &plugin.UnixSocketConfig{TempDir: r.build.host.sockets.Path},
		Logger:           hclog.NewNullLogger(), // it says nothing that we do not
	}).Start()
}

// never is later than any limit of ours.
const never = 24 * time.Hour

// handed are the variables of the host's environment that a plugin gets: none
// that holds a secret or a way to the user's files.
var handed = []string{
	"PATH", // for plugins that are scripts
	"LANG", "LC_ALL", "LC_CTYPE", "TZ",
	"GODEBUG", "GOGC", "GOMAXPROCS", "GOMEMLIMIT", "GORACE", "GOTRACEBACK", "GOCOVERDIR",
	"SYSTEMROOT", // Windows opens no socket without it
}

// environment is what every plugin gets. A plugin in Go uses half of the
// processors: the core needs the others, and on a small machine a round trip is a
// third faster if the plugin does not use them all.
func environment() []string {
	var env []string
	for _, name := range handed {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	if os.Getenv("GOMAXPROCS") == "" {
		env = append(env, "GOMAXPROCS="+strconv.Itoa(max(1, runtime.NumCPU()/2)))
	}
	return env
}

// drainTime is how long a dead process's output is still read. Something that
// escaped from its group may hold the pipes open for ever.
const drainTime = 200 * time.Millisecond

// Start starts the process.
func (r *runner) Start(context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.killed {
		return errors.New("killed before it began")
	}
	// Nobody writes to this pipe. Its end tells the process that we are gone.
	lifeline, err1 := r.cmd.StdinPipe()
	stdout, err2 := r.cmd.StdoutPipe()
	stderr, err3 := r.cmd.StderrPipe()
	if err := errors.Join(err1, err2, err3); err != nil {
		return err
	}
	var err error
	if r.refusals, err = r.build.host.sandbox.Refusals(filepath.Join(r.dir, "refusals")); err != nil {
		return err
	}
	r.cmd.SysProcAttr = processAttributes()
	grant := sandbox.Grant{Sockets: r.dir, Read: r.build.conf.Read, Calls: r.build.conf.Calls, Refusals: r.refusals}
	if r.via != nil {
		grant.Sockets = "" // the adapter's
	}
	held, err := r.build.host.sandbox.Hold(r.cmd, grant)
	if err != nil {
		r.refusals.Close()
		return fail(CodeNotStarted, "could not be held: %v", err)
	}
	if r.via != nil {
		// The adapter is ours and starts the plugin, which is what is held.
		r.cmd.Args = slices.Concat(r.via, []string{"--", r.cmd.Path}, r.cmd.Args[1:])
		r.cmd.Path = r.via[0]
	}
	if err := r.build.host.spawner.start(r.cmd); err != nil {
		r.refusals.Close()
		held.Release()
		return fail(CodeNotStarted, "could not be started: %v", err)
	}
	r.pid, r.held = r.cmd.Process.Pid, held
	if r.build.host.yields {
		if err := yield(r.cmd.Process); err != nil { // which is no reason not to run it
			r.build.log.Warn("the priority of a plugin process could not be lowered", "pid", r.pid, "reason", err)
		}
	}
	held.Look(r.pid)

	hello, say := io.Pipe()
	r.hello = hello
	var readers sync.WaitGroup
	readers.Go(func() { r.readStdout(stdout, say) })
	readers.Go(func() { r.out.copy(stderr) })
	r.build.host.running.Go(func() {
		r.state, _ = r.cmd.Process.Wait()
		r.memory = wasKilled(r.state) && held.OutOfMemory(r.state)
		killGroup(r.cmd.Process) // what it had started
		r.refusals.Close()
		close(r.exited)
		lifeline.Close()
		for _, pipe := range []io.ReadCloser{stdout, stderr} {
			if f, ok := pipe.(*os.File); ok {
				f.SetReadDeadline(time.Now().Add(drainTime))
			}
		}
		readers.Wait()
		stdout.Close()
		stderr.Close()
		close(r.quiet)
		if err := held.Release(); err != nil {
			r.build.log.Warn("something of a plugin process is left", "pid", r.pid, "reason", err)
		}
	})
	return nil
}

// maxHello bounds the handshake's line. go-plugin would stop reading at 64 KiB, and
// the plugin would block.
const maxHello = 4 << 10

// readStdout hands the first line to go-plugin and the others to the log.
func (r *runner) readStdout(stdout io.Reader, say *io.PipeWriter) {
	in := bufio.NewReaderSize(stdout, maxHello)
	hello, _ := in.ReadSlice('\n')
	if len(hello) > 0 {
		line := strings.TrimSpace(string(hello))
		r.line.Store(&line)
		io.WriteString(say, line+"\n")
	}
	say.Close()
	r.out.copy(in)
}

// kill ends the process and all that it started. It does not wait.
func (r *runner) kill() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if isClosed(r.exited) { // its number may be another's by now
		return
	}
	r.killed = true
	if r.pid != 0 {
		killGroup(r.cmd.Process)
	}
}

// began returns the process's number, 0 until it was started.
func (r *runner) began() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.pid
}

// starved returns how long the process, what it started and this process, which
// has to shake hands with it, have waited for a processor in all; 0 before the
// start.
func (r *runner) starved() time.Duration {
	if pid := r.began(); pid != 0 {
		return starved(append(family(pid), os.Getpid())...)
	}
	return 0
}

// settle waits until the process is gone and all that it wrote has been read, for
// limit at most.
func (r *runner) settle(limit time.Duration) {
	if r.began() == 0 {
		return
	}
	select {
	case <-r.quiet:
	case <-time.After(limit):
	}
}

// reap waits until a process whose connection has closed is gone. Most often it is
// dying, and its status will say more, above all who killed it; killing it
// ourselves meanwhile would hide that. One that only let go of its connection is
// not waited for for long.
func (r *runner) reap() {
	pid := r.began()
	if pid == 0 {
		return
	}
	for late := time.Duration(0); late < dyingTime; late += reapTime {
		select {
		case <-r.exited:
			return
		case <-time.After(reapTime):
		}
		if !dying(pid) {
			return
		}
	}
}

// killedOutside reports that somebody else's signal has ended the process.
func (r *runner) killedOutside() bool {
	f := r.end()
	return f != nil && f.code == CodeKilled
}

// end says how the process ended by itself or was killed from outside; nil while
// it runs, and if we killed it.
func (r *runner) end() *fault {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !isClosed(r.exited) {
		return nil
	}
	how, signalled := ending(r.state)
	if signalled && r.killed {
		return nil
	}
	code := CodeExited
	switch {
	case r.memory:
		code, how = CodeOutOfMemory, "killed: out of memory"
	case !r.killed && wasKilled(r.state):
		code = CodeKilled
	}
	if why := r.out.why(); why != "" {
		how += " (" + why + ")"
	}
	return &fault{code, how}
}

// Wait waits for the process.
func (r *runner) Wait(context.Context) error { <-r.exited; return nil }

// Kill does nothing. go-plugin calls it when the handshake failed; tryProcess
// ends what is left of the process, once it knows whether somebody else has.
func (r *runner) Kill(context.Context) error { return nil }

// Stdout is the handshake. Stderr is empty: go-plugin's reader of log lines can
// be made to panic.
func (r *runner) Stdout() io.ReadCloser { return r.hello }
func (r *runner) Stderr() io.ReadCloser { return io.NopCloser(strings.NewReader("")) }

// Name, ID and Diagnose are for go-plugin's own log.
func (r *runner) Name() string                    { return r.cmd.Path }
func (r *runner) ID() string                      { return strconv.Itoa(r.pid) }
func (r *runner) Diagnose(context.Context) string { return "" }

// PluginToHost accepts only the address of a socket in the directory that the
// process was given or, on a system without such sockets, of a local port.
func (r *runner) PluginToHost(network, address string) (string, string, error) {
	switch network {
	case "unix":
		info, err := os.Lstat(address)
		if err == nil && filepath.Dir(address) == r.dir && info.Mode().Type() == os.ModeSocket {
			return network, address, nil
		}
	case "tcp":
		host, _, err := net.SplitHostPort(address)
		if err == nil && !unixSockets && host == "127.0.0.1" {
			return network, address, nil
		}
	}
	return "", "", fail(CodeAddress, "says that it listens on %s %q, where it was not told to", network, address)
}

// HostToPlugin changes nothing: host and plugin see the same files.
func (r *runner) HostToPlugin(network, address string) (string, string, error) {
	return network, address, nil
}
