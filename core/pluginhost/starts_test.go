//go:build linux

package pluginhost

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/sandbox"
)

// named are modes of other names that one role of the test binary plays.
func named(t testing.TB, role string, n int) (modes []Mode) {
	t.Helper()
	self, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	for i := range n {
		name := fmt.Sprintf("%s%d", role, i)
		modes = append(modes, Mode{Manifest: core.Manifest{Name: name, Title: "T"}, Path: self, Args: []string{"be", role, name}})
	}
	return modes
}

// busy has the machine do much else until the test ends.
func busy(t testing.TB) {
	t.Helper()
	self, err := Self()
	if err != nil {
		t.Fatal(err)
	}
	for range 8 * runtime.NumCPU() {
		cmd := exec.Command(self, "be", "spin")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			cmd.Process.Kill()
			cmd.Wait()
		})
	}
}

// Nine modes that start while the machine is busy are all slow. None of them
// has failed.
func TestStartOfManyOnABusyMachine(t *testing.T) {
	busy(t)
	h := start(t, Config{Modes: named(t, "named", 9), startTimeout: time.Second})
	until(t, "all to be ready", func() bool {
		ready := 0
		for _, s := range h.Status() {
			if s.LastError != "" {
				t.Fatal(s.LastError)
			}
			if s.State == Ready {
				ready++
			}
		}
		return ready == 9
	})
}

// One that does nothing has no excuse in that others do much.
func TestHangAtTheStartOnABusyMachine(t *testing.T) {
	busy(t)
	h := start(t, Config{Modes: modesOf(t, "silent"), startTimeout: time.Second, Sandbox: held(sandbox.Off)})
	began := time.Now()
	_, err := h.Open(t.Context(), "silent")
	var u *Unavailable
	if !errors.As(err, &u) || !strings.Contains(u.Reason, "not ready within 1s") {
		t.Errorf("the error is %v", err)
	}
	t.Logf("it was given up after %v", time.Since(began))
}

// What somebody waits for comes before what was there first, and what hangs
// holds the others up for a while only.
func TestStartsInTurn(t *testing.T) {
	h := start(t, Config{Modes: append(named(t, "silent", 20), modesOf(t, "echo")...), startsAtOnce: 1})
	open(t, h, "echo").must(t, "x", "x")
	h.starts.mu.Lock()
	defer h.starts.mu.Unlock()
	if left := len(h.starts.queue); left < 15 {
		t.Errorf("%d of 20 others were still waiting for their turn, want nearly all", left)
	}
}

func TestStartsQueue(t *testing.T) {
	s := starts{free: 1}
	always, never := func() bool { return true }, func() bool { return false }
	release, ok := s.wait(t.Context(), never)
	if !ok {
		t.Fatal("a free turn was not given")
	}
	came := make(chan string)
	queued := func(n int) func() bool {
		return func() bool {
			s.mu.Lock()
			defer s.mu.Unlock()
			return len(s.queue) == n
		}
	}
	line := func(name string, ctx context.Context, wanted func() bool, n int) {
		go func() {
			release, ok := s.wait(ctx, wanted)
			came <- fmt.Sprintf("%s %v", name, ok)
			if ok {
				release()
				release()
			}
		}()
		until(t, name+" to wait", queued(n))
	}
	line("first", t.Context(), never, 1)
	leaving, leave := context.WithCancel(t.Context())
	line("leaving", leaving, always, 2)
	line("wanted", t.Context(), always, 3)
	leave()
	if got := <-came; got != "leaving false" {
		t.Error(got)
	}
	release()
	for _, want := range []string{"wanted true", "first true"} {
		if got := <-came; got != want {
			t.Errorf("%s, want %s", got, want)
		}
	}
	until(t, "the turn to be given back", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return s.free == 1
	})
}
