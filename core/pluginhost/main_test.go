//go:build linux

package pluginhost

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"math"
	"net"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/hashicorp/go-plugin"
	"go.uber.org/goleak"
	"golang.org/x/sys/unix"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/pluginproto"
	"github.com/protocol-workbench/workbench/core/sandbox"
	"github.com/protocol-workbench/workbench/core/sandbox/step"
	"github.com/protocol-workbench/workbench/core/wire"
	"github.com/protocol-workbench/workbench/plugins"
)

// The test binary is the plugin, and in one test the host that is killed.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == "sandbox-exec" {
		os.Exit(step.Run(os.Args[2:]))
	}
	if len(os.Args) > 1 && (os.Args[1] == "no-step" || os.Args[1] == "deaf-step") {
		if os.Args[1] == "no-step" || slices.Contains(os.Args, "--probe") {
			os.Exit(1)
		}
		os.Exit(step.Run(os.Args[2:]))
	}
	if len(os.Args) > 2 && os.Args[1] == "be" {
		roles[os.Args[2]]()
		os.Exit(0)
	}
	// The plugins inherit it, so that nothing but the sandbox keeps them from opening many files.
	var files unix.Rlimit
	if unix.Getrlimit(unix.RLIMIT_NOFILE, &files) == nil {
		syscall.Setrlimit(syscall.RLIMIT_NOFILE, &syscall.Rlimit{Cur: files.Max, Max: files.Max})
	}
	goleak.VerifyTestMain(m, goleak.Cleanup(func(code int) {
		os.RemoveAll(hostileDir)
		os.Exit(code)
	}))
}

// stdout and stderr are the process's own, before go-plugin replaces them.
var stdout, stderr = os.Stdout, os.Stderr

var roles = map[string]func(){
	"echo":  func() { plugins.Serve(echo("echo")) },
	"other": func() { plugins.Serve(echo("other")) },
	"exit": func() {
		fmt.Fprintln(os.Stderr, "there is no \x1b[31mlicence")
		os.Exit(3)
	},
	"rubbish": func() {
		fmt.Println("hello from my plugin")
		plugins.Serve(echo("rubbish"))
	},
	"version": func() {
		plugin.Serve(&plugin.ServeConfig{
			HandshakeConfig:  pluginproto.Handshake,
			VersionedPlugins: map[int]plugin.PluginSet{7: pluginproto.Set(&pluginproto.Server{})},
		})
	},
	"named": func() { plugins.Serve(echo(os.Args[3])) },
	"spin": func() {
		for n := 1; n > 0; n |= 1 {
		}
	},
	"misnamed": func() { plugins.Serve(echo("else")) },
	"silent":   hang,
	"mute": func() { // is an adapter whose program says no hello
		fmt.Fprintln(os.Stderr, "the program said no hello")
		hang()
	},
	"needy": func() { // wants memory of an unusual kind
		if _, err := unix.MemfdCreate("x", 0); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		plugins.Serve(echo("needy"))
	},
	"deaf": func() { // does not notice that its host is gone
		plugin.Serve(&plugin.ServeConfig{
			HandshakeConfig:  pluginproto.Handshake,
			VersionedPlugins: pluginproto.Sets(&pluginproto.Server{Manifest: echo("deaf").Manifest}),
		})
	},
	"fading": func() { // is ready, and dies before it answers anything
		stop := func(net.Conn, uint32) { os.Exit(4) }
		plugin.Serve(&plugin.ServeConfig{
			HandshakeConfig:  pluginproto.Handshake,
			VersionedPlugins: pluginproto.Sets(&pluginproto.Server{Manifest: echo("fading").Manifest, Session: stop}),
		})
	},
	"elsewhere": func() {
		fmt.Println("1|1|unix|/var/run/docker.sock|netrpc|")
		hang()
	},
	"old": func() { // was built before its sessions took turns
		plugin.Serve(&plugin.ServeConfig{
			HandshakeConfig: pluginproto.Handshake,
			VersionedPlugins: pluginproto.Sets(&pluginproto.Server{
				Manifest: echo("old").Manifest,
				Session:  func(stream net.Conn, _ uint32) { wire.Serve(stream, echo("old"), nil, slog.Default()) },
			}),
		})
	},
	"liar": func() { // says that all wait for their turn, and answers none
		plugin.Serve(&plugin.ServeConfig{
			HandshakeConfig: pluginproto.Handshake,
			VersionedPlugins: pluginproto.Sets(&pluginproto.Server{
				Manifest: echo("liar").Manifest,
				Session:  func(net.Conn, uint32) {},
				Load:     func() wire.Load { return wire.Load{Waiting: 1, Longest: time.Second} },
			}),
		})
	},
	"host": beHost,
}

// patience is how long a test waits for what has to happen. On a busy machine the start of
// a process alone may take most of a minute.
const patience = 2 * time.Minute

// hang does nothing until it is killed. An empty select would end at once in a
// binary built without cgo, where the runtime sees that nothing can wake it.
func hang() { time.Sleep(math.MaxInt64) }

// puppet is a machine that echoes, and does to its process what it is told.
type puppet struct{ noise *atomic.Bool }

const slowPace = 50 * time.Millisecond

// slowly makes the machines of this process answer one after the other.
var slowly sync.Mutex

func (p puppet) Handle(ev core.Event, out *core.Out) error {
	word, arg, _ := strings.Cut(string(ev.Data), " ")
	switch word {
	case "stderr":
		fmt.Fprintln(stderr, arg)
	case "print":
		fmt.Println(arg)
	case "noise": // to standard error, 20 MB
		go func() {
			line := bytes.Repeat([]byte("x"), 99)
			for range 200_000 {
				stderr.Write(append(line, '\n'))
			}
			p.noise.Store(true)
		}()
	case "long": // 1 MB in one line on standard output
		go func() {
			stdout.Write(bytes.Repeat([]byte("y"), 1<<20))
			stdout.Write([]byte("\n"))
			p.noise.Store(true)
		}()
	case "done?":
		out.Text([]byte(strconv.FormatBool(p.noise.Load())))
		return nil
	case "slow": // as one processor would do it that all share
		slowly.Lock()
		time.Sleep(slowPace)
		slowly.Unlock()
	case "hang":
		select {}
	case "crash":
		done := make(chan bool)
		go func() { panic("a goroutine of " + arg) }()
		<-done
	case "child":
		c := exec.Command("sleep", "1000")
		if err := c.Start(); err != nil {
			return err
		}
		out.Text([]byte(strconv.Itoa(c.Process.Pid)))
		return nil
	case "env":
		out.Text([]byte(strings.Join(os.Environ(), "\n")))
		return nil
	}
	out.Text(ev.Data)
	return nil
}

func echo(name string) core.Discipline {
	noise := new(atomic.Bool)
	return core.Discipline{
		Manifest: core.Manifest{Name: name, Title: "Echo", Summary: "From the process.", Input: core.InputLine},
		Open: func(o core.Opening, out *core.Out) (core.Machine, error) {
			out.Note("for " + o.Target)
			return puppet{noise}, nil
		},
	}
}

func modesOf(t testing.TB, names ...string) []Mode {
	t.Helper()
	self, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	var modes []Mode
	for _, name := range names {
		modes = append(modes, Mode{
			Manifest: core.Manifest{Name: name, Title: "T"}, Path: self, Args: []string{"be", name},
		})
	}
	return modes
}

func start(t testing.TB, cfg Config) *Host {
	t.Helper()
	if cfg.RuntimeDir == "" {
		cfg.RuntimeDir = shortDir(t)
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	if cfg.Sandbox.Mode == "" {
		cfg.Sandbox = held(sandbox.BestEffort)
	}
	h, err := Start(cfg)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := h.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return h
}

// held is how the tests' processes are held back, where they say nothing else.
func held(mode sandbox.Mode, without ...string) sandbox.Config {
	return sandbox.Config{Mode: mode, Path: "/proc/self/exe", Args: []string{"sandbox-exec"}, Without: without}
}

// shortDir is a directory with a name short enough for sockets below it.
func shortDir(t testing.TB) string {
	dir, err := os.MkdirTemp("", "ph")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

func open(t testing.TB, h *Host, mode string) *session {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	c, err := h.Open(ctx, mode)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Open(core.Opening{Target: "x:1"}, nil, func(wire.Answer) {}); err != nil {
		t.Fatal(err)
	}
	return &session{c, 0}
}

type session struct {
	*wire.Conn
	n uint64
}

// say sends one message and returns the answer's text.
func (s *session) say(message string) (answer string, err error) {
	s.n++
	ev := wire.Event{N: s.n, Event: core.Event{Kind: core.ClientText, Data: []byte(message)}}
	err = s.Batch([]wire.Event{ev}, func(a wire.Answer) {
		for _, action := range a.Actions {
			answer += string(action.Data)
		}
	})
	return answer, err
}

func (s *session) must(t testing.TB, message, want string) {
	t.Helper()
	if got, err := s.say(message); err != nil || got != want {
		t.Fatalf("%q was answered with %q, %v", message, got, err)
	}
}

// until waits for a condition that something outside of this process meets.
func until(t testing.TB, what string, met func() bool) {
	t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	limit := time.After(patience)
	for !met() {
		select {
		case <-tick.C:
		case <-limit:
			t.Fatalf("waited in vain for: %s", what)
		}
	}
}

func lost(t testing.TB, s *session) error {
	t.Helper()
	select {
	case <-s.Lost():
		return s.Cause()
	case <-time.After(patience):
		t.Fatal("the session never noticed")
		return nil
	}
}

// logs collects a log as lines of text.
type logs struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logs) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logs) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logs) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: slog.LevelDebug}))
}
