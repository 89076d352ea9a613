//go:build linux

package pluginhost

import (
	"errors"
	"os/exec"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// leased opens a session on a lease.
func leased(t testing.TB, l *Lease, apart bool) *session {
	t.Helper()
	c, err := l.Open(t.Context(), apart)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	if err := c.Open(core.Opening{}, nil, func(wire.Answer) {}); err != nil {
		t.Fatal(err)
	}
	return &session{c, 0}
}

func leaseOf(t testing.TB, h *Host, mode string) *Lease {
	t.Helper()
	l, err := h.Lease(mode)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(l.Release)
	return l
}

// awaitSpare returns the mode's spare once it is another than before.
func awaitSpare(t testing.TB, h *Host, before int) (pid int) {
	t.Helper()
	until(t, "a spare", func() bool {
		pid = h.Status()[0].Spare
		return pid != 0 && pid != before
	})
	return pid
}

// A mode that sessions use has a spare, which takes the place of the process that
// dies before the sessions know of it.
func TestSpare(t *testing.T) {
	h := start(t, Config{Modes: modesOf(t, "echo")})
	l := leaseOf(t, h, "echo")
	s := leased(t, l, false)
	spare := awaitSpare(t, h, 0)
	kill(t, h.Status()[0].PID)
	lost(t, s)
	if got := h.Status()[0]; got.State != Ready || got.PID != spare || got.Restarts != 1 || got.ErrorCode != CodeKilled {
		t.Errorf("the spare was %d; the status is %+v", spare, got)
	}
	s = leased(t, l, false)
	s.must(t, "x", "x")

	// One that dies is replaced, and that is all.
	next := awaitSpare(t, h, spare)
	was := h.Status()[0]
	kill(t, next)
	awaitSpare(t, h, next)
	if got := h.Status()[0]; got.PID != spare || got.Restarts != was.Restarts || got.LastError != was.LastError {
		t.Errorf("the status was %+v, and is %+v", was, got)
	}
	s.must(t, "y", "y")
}

// What no session leases has no spare; nor has what was replaced.
func TestNoSpare(t *testing.T) {
	h := start(t, Config{Modes: modesOf(t, "echo")})
	open(t, h, "echo").must(t, "x", "x")
	b := h.modes["echo"]
	if b.used {
		t.Error("a session without a lease counts as use")
	}
	leased(t, leaseOf(t, h, "echo"), false).must(t, "x", "x") // holds the old build
	spare := awaitSpare(t, h, 0)
	next, err := h.Prepare(t.Context(), modesOf(t, "echo")[0])
	if err != nil {
		t.Fatal(err)
	}
	h.Use(next)
	until(t, "the end of the spare", func() bool { return b.status().Spare == 0 && !alive(t, spare) })
	if got := b.status(); got.State != Ready || got.Restarts > 0 {
		t.Errorf("the status of the replaced build is %+v", got)
	}
}

// Suspects are tried together. The one that ends its process is found by halves,
// and the others are cleared.
func TestSuspectsByHalves(t *testing.T) {
	const suspects, guilty = 12, 5
	h := start(t, Config{Modes: modesOf(t, "echo")})
	other := leaseOf(t, h, "echo")
	other.group = new(group)
	first := leased(t, other, true)
	q := h.modes["echo"].quarantine
	var tried sync.WaitGroup
	var deaths atomic.Int64
	for i := range suspects {
		l := leaseOf(t, h, "echo")
		tried.Go(func() {
			for range suspects {
				c, err := l.Open(t.Context(), true)
				if err != nil {
					t.Error(err)
					return
				}
				s := &session{c, 0}
				if err = c.Open(core.Opening{}, nil, func(wire.Answer) {}); err == nil {
					if i == guilty {
						_, err = s.say("crash mine")
						deaths.Add(1)
					} else {
						_, err = s.say("slow") // takes its turn
					}
				}
				if err == nil {
					c.Bye()
					return
				}
				cause := lost(t, s)
				c.Close()
				if !errors.Is(cause, wire.ErrShared) {
					if i != guilty {
						t.Errorf("suspect %d is held to be guilty", i)
					}
					return
				}
			}
			t.Errorf("suspect %d was tried in vain", i)
		})
	}
	until(t, "all suspects to wait", func() bool {
		q.mu.Lock()
		defer q.mu.Unlock()
		return len(q.waiting) == suspects
	})
	first.Bye()
	tried.Wait()
	if n := deaths.Load(); n < 2 || n > 5 {
		t.Errorf("it took %d deaths to find one of %d", n, suspects)
	}
}

// A process that is on its way out is told from one that runs.
func TestDying(t *testing.T) {
	cmd := exec.Command("sleep", "1000")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	pid := cmd.Process.Pid
	if dying(pid) {
		t.Error("it runs")
	}
	kill(t, pid)
	until(t, "the death", func() bool { return dying(pid) })
	cmd.Wait()
	if dying(pid) {
		t.Error("it is gone")
	}
}

// A session that knows of a death asks again before it has left the process that
// died. It must not be in that round twice: leaving once more, it would end the next
// one, and two rounds would be in one process.
func TestSuspectAsksBeforeItHasLeft(t *testing.T) {
	q := &quarantine{build: &Build{ctx: t.Context()}}
	ask := func(l *Lease) *suspect { return &suspect{l, make(chan *round, 1)} }
	enter := func(s *suspect) *round {
		t.Helper()
		r, err := q.await(t.Context(), s)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	a, b := ask(new(Lease)), ask(new(Lease))
	first := enter(a)
	if enter(b) != first {
		t.Fatal("the second suspect has a round of its own")
	}
	first.process = &process{dead: make(chan struct{})}
	close(first.process.dead)
	again := ask(a.lease)
	next := make(chan *round)
	go func() { next <- enter(again) }()
	until(t, "the suspect to ask", func() bool {
		q.mu.Lock()
		defer q.mu.Unlock()
		return len(q.waiting) == 1 || len(first.in) == 3
	})
	q.leave(first, a)
	q.leave(first, b)
	r := <-next
	if r == first || len(r.in) != 1 || q.round != r || a.lease.group == b.lease.group {
		t.Errorf("the suspect is in a round of %d, the same as before: %t", len(r.in), r == first)
	}
	q.leave(r, again)
}
