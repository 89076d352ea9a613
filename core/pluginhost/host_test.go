//go:build linux

package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/sandbox"
	"github.com/protocol-workbench/workbench/core/wire"
)

func TestSessionThroughAProcess(t *testing.T) {
	h := start(t, Config{Modes: modesOf(t, "echo")})
	c, err := h.Open(t.Context(), "echo")
	if err != nil {
		t.Fatal(err)
	}
	var note string
	if err := c.Open(core.Opening{Target: "x:1"}, nil, func(a wire.Answer) { note = string(a.Actions[0].Data) }); err != nil || note != "for x:1" {
		t.Fatalf("the opening was answered with %q, %v", note, err)
	}
	s := &session{c, 0}
	s.must(t, "one", "one")
	s.must(t, strings.Repeat("big ", 100_000), strings.Repeat("big ", 100_000))
	if got := h.Status()[0]; got.State != Ready || got.Code != CodeReady || got.Sessions != 1 || got.PID == 0 || got.Manifest.Summary != "From the process." {
		t.Errorf("its status is %+v", got)
	}
	if err := c.Bye(); err != nil {
		t.Error(err)
	}
	if n := h.Status()[0].Sessions; n != 0 {
		t.Errorf("%d sessions are left after the end", n)
	}
	if n, err := h.Memory("echo"); err != nil || n < 1<<20 {
		t.Errorf("it has %d bytes of memory, %v", n, err)
	}
}

func TestTwoModesHaveAProcessEach(t *testing.T) {
	h := start(t, Config{Modes: modesOf(t, "echo", "other")})
	open(t, h, "echo").must(t, "a", "a")
	open(t, h, "other").must(t, "b", "b")
	if s := h.Status(); s[0].PID == s[1].PID || s[0].Manifest.Name != "echo" || s[1].Manifest.Name != "other" {
		t.Errorf("the status is %+v", s)
	}
}

func TestManySessionsAtOnce(t *testing.T) {
	h := start(t, Config{Modes: modesOf(t, "echo")})
	var all sync.WaitGroup
	for i := range 200 {
		all.Go(func() {
			c, err := h.Open(t.Context(), "echo")
			if err != nil {
				t.Error(err)
				return
			}
			defer c.Bye()
			s := &session{c, 0}
			if err := c.Open(core.Opening{}, nil, func(wire.Answer) {}); err != nil {
				t.Error(err)
			}
			for j := range 10 {
				want := fmt.Sprintf("%d/%d", i, j)
				if got, err := s.say(want); got != want {
					t.Errorf("%q was answered with %q, %v", want, got, err)
				}
			}
		})
	}
	all.Wait()
	if n := h.Status()[0].Sessions; n != 0 {
		t.Errorf("%d sessions are left", n)
	}
}

// A killed process takes its sessions along, says how, and is replaced.
func TestKilledProcess(t *testing.T) {
	h := start(t, Config{Modes: modesOf(t, "echo")})
	idle, busy := open(t, h, "echo"), open(t, h, "echo")
	idle.must(t, "x", "x")
	pid := h.Status()[0].PID
	failed := make(chan error)
	go func() {
		for {
			if _, err := busy.say("again"); err != nil {
				failed <- err
				return
			}
		}
	}()
	kill(t, pid)
	const how = "the echo plugin died: killed (SIGKILL)"
	if err := lost(t, idle); err.Error() != how {
		t.Errorf("the idle session was told %q", err)
	}
	if err := <-failed; !errors.Is(err, wire.ErrLost) {
		t.Errorf("the busy session's batch ended with %v", err)
	}
	if err := lost(t, busy); err.Error() != how { // the stream may end before the process is known to be dead
		t.Errorf("the busy session was told %q", err)
	}
	open(t, h, "echo").must(t, "back", "back")
	if s := h.Status()[0]; s.PID == pid || s.Restarts != 1 || s.LastError != how || s.ErrorCode != CodeKilled {
		t.Errorf("the status is %+v", s)
	}
}

// A process that somebody kills while it starts has not failed: the next one
// starts at once, and who waits for it goes on waiting.
func TestKilledWhileStarting(t *testing.T) {
	h := start(t, Config{Modes: modesOf(t, "echo")})
	opened := make(chan error, 1)
	go func() {
		c, err := h.Open(t.Context(), "echo")
		if err == nil {
			c.Close()
		}
		opened <- err
	}()
	killed := map[int]bool{}
	until(t, "ten processes to kill", func() bool {
		for _, pid := range children(t) {
			if !killed[pid] && syscall.Kill(pid, syscall.SIGKILL) == nil { // one that tries the sandbox may be gone
				killed[pid] = true
			}
		}
		if s := h.Status()[0]; s.State == Failed {
			t.Fatalf("the status is %+v", s)
		}
		return len(killed) >= 10
	})
	if err := <-opened; err != nil {
		t.Error(err)
	}
	// The last of them may have been ready, and is not known to be dead yet.
	until(t, "a process that lives", func() bool {
		s := h.Status()[0]
		return s.State == Ready && !killed[s.PID]
	})
	open(t, h, "echo").must(t, "well again", "well again")
	if s := h.Status()[0]; s.State != Ready || !strings.Contains(s.LastError, "killed (SIGKILL)") {
		t.Errorf("the status is %+v", s)
	}
}

// children returns the processes that this one has started and that run.
func children(t testing.TB) (pids []int) {
	t.Helper()
	all, err := filepath.Glob("/proc/[0-9]*/stat")
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range all {
		stat, _ := os.ReadFile(path) // of one that is gone: nothing
		_, rest, _ := strings.Cut(string(stat), ") ")
		if f := strings.Fields(rest); len(f) > 1 && f[0] != "Z" && f[1] == strconv.Itoa(os.Getpid()) {
			pids = append(pids, atoi(t, filepath.Base(filepath.Dir(path))))
		}
	}
	return pids
}

func TestCrashIsNamed(t *testing.T) {
	h := start(t, Config{Modes: modesOf(t, "echo")})
	s := open(t, h, "echo")
	if _, err := s.say("crash mine"); err == nil {
		t.Fatal("it lives")
	}
	if got, want := lost(t, s).Error(), "the echo plugin died: exit status 2 (panic: a goroutine of mine)"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestProcessesThatCanNotStart(t *testing.T) {
	for mode, want := range map[string][]string{ // the code first
		"exit":      {"ended-early", "the exit plugin cannot start", "ended before it was ready", "exit status 3", "there is no \\x1b[31mlicence"},
		"rubbish":   {"no-handshake", `printed "hello from my plugin"`, "before plugins.Serve", "standard error instead"},
		"version":   {"version", "protocol version 7", "this workbench 1", "update the workbench"},
		"misnamed":  {"manifest", `start: calls itself "else"`},
		"silent":    {"not-ready", "not ready within"},
		"mute":      {"not-ready", "not ready within 2s: the program said no hello"},
		"elsewhere": {"address", `listens on unix "/var/run/docker.sock"`},
	} {
		t.Run(mode, func(t *testing.T) {
			cfg := Config{Modes: modesOf(t, mode, "echo")}
			switch mode {
			case "silent":
				cfg.startTimeout = 500 * time.Millisecond
			case "mute":
				cfg.startTimeout = 2 * time.Second
				cfg.Modes[0].JSONLines, cfg.Modes[0].Adapter = true, []string{cfg.Modes[0].Path, "be", "mute"}
			}
			h := start(t, cfg)
			if mode != "silent" { // where both are short of time
				open(t, h, "echo").must(t, "the others work", "the others work")
			}
			until(t, "state failed", func() bool { return h.Status()[0].State == Failed })
			_, err := h.Open(t.Context(), mode) // at once
			var u *Unavailable
			if !errors.As(err, &u) || u.Plugin != mode || u.Code.String() != want[0] || h.Status()[0].ErrorCode != u.Code {
				t.Fatalf("the error is %#v", err)
			}
			for _, part := range want[1:] {
				if !strings.Contains(err.Error(), part) || !strings.Contains(h.Status()[0].LastError, part) {
					t.Errorf("%q does not say %q", err, part)
				}
			}
			until(t, "a pause", func() bool { return h.Status()[0].Code == CodeBackingOff })
			until(t, "another try", func() bool { s := h.Status()[0]; return s.Restarts > 0 && s.Code == CodeStarting })
		})
	}
}

// A process that gets ready and dies of each session is no better than one
// that cannot start.
func TestProcessThatDiesUnheard(t *testing.T) {
	h := start(t, Config{Modes: modesOf(t, "fading")})
	for {
		c, err := h.Open(t.Context(), "fading")
		if err == nil {
			err = c.Open(core.Opening{}, nil, func(wire.Answer) {})
			until(t, "why it was lost", func() bool { return c.Cause() != nil }) // the stream may end before the process
			if !errors.Is(err, wire.ErrLost) || c.Cause().Error() != "the fading plugin died: exit status 4" {
				t.Fatalf("%v, %v", err, c.Cause())
			}
			continue
		}
		if !strings.Contains(err.Error(), "cannot start: died again and again before it answered anything: exit status 4") {
			t.Error(err)
		}
		break
	}
}

func TestNoSuchExecutable(t *testing.T) {
	for _, how := range []sandbox.Mode{sandbox.Off, sandbox.BestEffort} {
		modes := []Mode{{Manifest: core.Manifest{Name: "none"}, Path: "/no/such/file"}}
		h := start(t, Config{Modes: modes, Sandbox: held(how)})
		until(t, "state failed", func() bool { return h.Status()[0].State == Failed })
		if got := h.Status()[0].LastError; !strings.Contains(got, "the none plugin cannot start") || !strings.Contains(got, "/no/such/file: no such file") {
			t.Errorf("the reason is %q", got)
		}
	}
}

func TestOpenErrors(t *testing.T) {
	h := start(t, Config{Modes: modesOf(t, "silent")})
	if _, err := h.Open(t.Context(), "nope"); !errors.Is(err, ErrNoMode) {
		t.Errorf("an unknown mode: %v", err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := h.Open(ctx, "silent"); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "silent plugin is still starting") {
		t.Errorf("a mode that is not ready: %v", err)
	}
}

func TestConfig(t *testing.T) {
	for _, cfg := range []Config{
		{Modes: modesOf(t, "a", "a")},
		{Modes: modesOf(t, "no name")},
		{Modes: []Mode{{Manifest: core.Manifest{Name: "a"}}}},
		{Timeout: time.Minute},
		{RuntimeDir: "/" + strings.Repeat("long", 30)},
	} {
		cfg.RuntimeDir = shortDir(t) + cfg.RuntimeDir
		if h, err := Start(cfg); err == nil {
			t.Errorf("%+v was taken", cfg)
			h.Stop(t.Context())
		}
	}
}

func TestStop(t *testing.T) {
	for _, how := range []sandbox.Mode{sandbox.Off, sandbox.BestEffort} {
		t.Run(string(how), func(t *testing.T) { stopHost(t, how) })
	}
}

func stopHost(t *testing.T, how sandbox.Mode) {
	dir := shortDir(t)
	h := start(t, Config{Modes: modesOf(t, "echo", "silent"), RuntimeDir: dir, Sandbox: held(how)})
	s := open(t, h, "echo")
	child := ""
	if how == sandbox.Off { // else it starts none
		var err error
		if child, err = s.say("child"); err != nil {
			t.Fatal(err)
		}
	}
	pid := h.Status()[0].PID
	if err := h.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := lost(t, s); !strings.Contains(err.Error(), "the workbench is stopping") {
		t.Errorf("the session was told %q", err)
	}
	if alive(t, pid) {
		t.Error("the process is still there")
	}
	until(t, "what the process had started to end", func() bool { return child == "" || !alive(t, atoi(t, child)) })
	if left, _ := os.ReadDir(dir); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
	if _, err := h.Open(t.Context(), "echo"); err == nil || h.Status()[0].State != Stopped || h.Status()[0].Code != CodeStopped {
		t.Errorf("after Stop: %v, %+v", err, h.Status()[0])
	}
	if err := h.Stop(t.Context()); err != nil {
		t.Errorf("a second Stop: %v", err)
	}
}
