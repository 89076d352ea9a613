//go:build linux

package pluginhost

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Sessions that wait for others longer than the time-out are left alone, and
// told so.
func TestWaitForATurn(t *testing.T) {
	const sessions, timeout = 60, 2 * time.Second // 60 events take 3 s
	h := start(t, Config{Modes: modesOf(t, "echo"), Timeout: timeout})
	var talking sync.WaitGroup
	var waits atomic.Int64
	var all []*session
	for range sessions {
		s := open(t, h, "echo")
		s.OnWait(func(wire.Load) { waits.Add(1) })
		all = append(all, s)
	}
	for _, s := range all {
		talking.Go(func() {
			for range 2 {
				if got, err := s.say("slow"); err != nil || got != "slow" {
					t.Errorf("%q, %v", got, s.Cause())
					return
				}
			}
		})
	}
	until(t, "the overload", func() bool {
		o := h.Status()[0].Overload
		return o != nil && h.Status()[0].Code != CodeReady && o.Waiting > sessions/2 && o.Longest >= overloadedAfter
	})
	talking.Wait()
	if s := h.Status()[0]; s.Restarts > 0 || waits.Load() == 0 {
		t.Errorf("%d restarts; sessions were told %d times that they wait", s.Restarts, waits.Load())
	}
	until(t, "the end of the overload", func() bool { return h.Status()[0].Overload == nil })
}

// Close ends a wait at once.
func TestCloseWhileWaiting(t *testing.T) {
	h := start(t, Config{Modes: modesOf(t, "echo"), Timeout: MaxTimeout})
	s := open(t, h, "echo")
	answered := make(chan error, 1)
	began := time.Now()
	go func() {
		_, err := s.say("hang")
		answered <- err
	}()
	until(t, "the event in the process", func() bool {
		h.mu.Lock()
		p := h.modes["echo"].process
		h.mu.Unlock()
		l := p.load.Load()
		return l != nil && len(l.Serving) > 0
	})
	s.Close()
	if err := <-answered; err == nil || time.Since(began) > MaxTimeout {
		t.Errorf("%v after %v", err, time.Since(began))
	}
	open(t, h, "echo").must(t, "x", "x")
	if s := h.Status()[0]; s.Restarts > 0 {
		t.Error("the process was killed for it")
	}
}

// The time-out is for each event, not for all of a batch.
func TestSlowBatch(t *testing.T) {
	for _, mode := range []string{"echo", "old"} {
		h := start(t, Config{Modes: modesOf(t, mode), Timeout: 2 * time.Second})
		s := open(t, h, mode)
		batch := make([]wire.Event, wire.MaxBatch) // 3.2 s
		for i := range batch {
			batch[i] = wire.Event{N: uint64(i + 1), Event: core.Event{Kind: core.ClientText, Data: []byte("slow")}}
		}
		answered := 0
		if err := s.Batch(batch, func(wire.Answer) { answered++ }); err != nil || answered != len(batch) {
			t.Errorf("%s: %d answers, %v", mode, answered, s.Cause())
		}
	}
}

// Whoever hangs in its turn takes the process along, and only that session is
// to blame.
func TestHangInATurn(t *testing.T) {
	h := start(t, Config{Modes: modesOf(t, "echo"), Timeout: time.Second})
	idle, busy, hangs := open(t, h, "echo"), open(t, h, "echo"), open(t, h, "echo")
	var talking sync.WaitGroup
	talking.Go(func() {
		for {
			if _, err := busy.say("x"); err != nil {
				return
			}
		}
	})
	if _, err := hangs.say("hang"); err == nil {
		t.Error("it was answered")
	}
	const words = "took longer than 1s to answer an event"
	if err := lost(t, hangs); errors.Is(err, wire.ErrWaited) || !strings.Contains(err.Error(), words) {
		t.Errorf("the session that hangs was told %v", err)
	}
	if err := lost(t, idle); !errors.Is(err, wire.ErrWaited) || !strings.Contains(err.Error(), words) {
		t.Errorf("the idle session was told %v", err)
	}
	talking.Wait()
	if s := h.Status()[0]; s.Hangs != 1 {
		t.Errorf("%d hangs", s.Hangs)
	}
}

// A plugin that cannot say whose turn it is, or says so of nobody and answers
// nobody, has its time-out all the same.
func TestHangWithoutTurns(t *testing.T) {
	h := start(t, Config{Modes: modesOf(t, "old", "liar"), Timeout: time.Second})
	s := open(t, h, "old")
	s.must(t, "x", "x")
	if _, err := s.say("hang"); err == nil {
		t.Error("it was answered")
	}
	if err := lost(t, s); errors.Is(err, wire.ErrWaited) {
		t.Error(err)
	}
	c, err := h.Open(t.Context(), "liar")
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if err := c.Open(core.Opening{}, nil, func(wire.Answer) {}); err == nil {
		t.Error("the opening was answered")
	}
	if err := lost(t, &session{c, 0}); errors.Is(err, wire.ErrWaited) {
		t.Error(err)
	}
}
