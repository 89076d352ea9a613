package conformance

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// hasCheckpoint looks at the checkpoint of a new machine.
func (u *suite) hasCheckpoint(r *Result) *Finding {
	m := u.open(u.Open, u.plain, nil)
	defer m.Bye()
	_, err := m.Conn.Checkpoint()
	if err == nil {
		return nil
	}
	r.Skipped = "the machine writes no checkpoint when it is new"
	return noCheckpoint(err)
}

// carriedOver restores each session in another process than the one that wrote
// its checkpoint.
func (u *suite) carriedOver(*Result) *Finding {
	if u.Fresh == nil {
		return nil
	}
	connect, end := u.fresh()
	defer end()
	for _, h := range u.held {
		if f := u.checkpointAfter(connect, h, h.events(), middle(h)); f != nil {
			f.Words += " in another process than the one that wrote it"
			f.Do = "write into Checkpoint what the state is, and not where it is found in this process"
			return u.shownBy(h, f)
		}
	}
	return nil
}

// checkpoints is the promise of a machine that writes its state down: doing so
// changes nothing, and one restored from it goes on the same, however often.
func checkpoints(some sample) promise {
	return func(t *tester, h *session) *Finding {
		events := h.events()
		for _, k := range some(points(events)) {
			if f := t.checkpointAfter(t.Open, h, events, k); f != nil {
				return f
			}
		}
		return t.restoredEachTime(t.Open, h, events)
	}
}

// checkpointAfter takes a checkpoint of a machine, and restores it in one of next.
func (t *tester) checkpointAfter(next func(context.Context) (*wire.Conn, error), h *session, events []core.Event, k int) *Finding {
	m := t.open(t.Open, h.opening, h.state)
	defer m.Bye()
	m.feed(events[:k]...)
	if m.Over {
		return nil
	}
	state, err := m.Conn.Checkpoint()
	if err != nil {
		return noCheckpoint(err)
	}
	then := m.Feeder
	m.feed(events[k:]...)
	if f := compare(h.steps, m.steps, "only read the state in Checkpoint", "the checkpoint after event %d changed the machine: without it other answers came", k); f != nil {
		return f
	}
	r := t.open(next, h.opening, state)
	defer r.Bye()
	if f := refusedState(r, k, state); f != nil {
		return f
	}
	r.GoOn(&then)
	r.feed(events[k:]...)
	return goesOn(h, r.steps, k, fmt.Sprintf("a machine restored from the checkpoint after event %d goes on differently", k))
}

// restoredEachTime restores after every event, each time from the machine that
// was restored before.
func (t *tester) restoredEachTime(connect func(context.Context) (*wire.Conn, error), h *session, events []core.Event) *Finding {
	m := t.open(connect, h.opening, h.state)
	defer func() { m.Bye() }()
	for k, ev := range events {
		state, err := m.Conn.Checkpoint()
		if err != nil {
			return noCheckpoint(err)
		}
		m.Bye()
		then := m.Feeder
		m = t.open(connect, h.opening, state)
		m.GoOn(&then)
		if f := refusedState(m, k, state); f != nil {
			return f
		}
		m.feed(ev)
		if f := goesOn(h, m.steps[:min(2, len(m.steps))], k, fmt.Sprintf("a machine restored after every event answers event %d differently", k+1)); f != nil || m.Over {
			return f
		}
	}
	return nil
}

// goesOn compares a restored machine's steps with those of the session from
// after event k on.
func goesOn(h *session, got []step, k int, words string) *Finding {
	want := h.steps
	got = slices.Concat(h.steps[:k+1], got[1:])
	if len(got) == k+2 {
		want = want[:min(k+2, len(want))] // one event was fed
	}
	return compare(want, got, doState, "%s", words)
}

// refusedState says that Restore did not take what Checkpoint wrote.
func refusedState(m *machine, k int, state []byte) *Finding {
	words := failed(m.steps)
	switch {
	case m.lost != nil:
		words = m.lost.Error()
	case words == "":
		return nil
	}
	return &Finding{Words: fmt.Sprintf("Restore does not take what Checkpoint wrote after event %d (%.60q): %s", k, state, words),
		Do: "read in Restore exactly what Checkpoint appends"}
}

// stateTooLarge is how a plugin's server words a checkpoint past the bound.
const stateTooLarge = "its state has "

// noCheckpoint takes a machine that wrote no checkpoint: it may say that it
// cannot.
func noCheckpoint(err error) *Finding {
	words := err.Error()
	_, reason, _ := strings.Cut(words, core.ErrNoCheckpoint.Error()+": ")
	switch {
	case !errors.Is(err, core.ErrNoCheckpoint):
		return &Finding{Words: "no answer came when a checkpoint was asked for: " + words, Do: "answer core.ErrNoCheckpoint when the state cannot be written down"}
	case strings.HasPrefix(reason, "panic:"):
		return &Finding{Words: "Checkpoint panicked: " + words, Do: "answer core.ErrNoCheckpoint when the state cannot be written down"}
	case strings.Contains(reason, protocolBroken):
		return &Finding{Words: "the answer to a checkpoint is wrong: " + reason, Do: "answer with the state, or that there is none"}
	case strings.HasPrefix(reason, stateTooLarge):
		return &Finding{Words: "a checkpoint is too large: " + words, Do: "answer core.ErrNoCheckpoint when the state is over core.MaxCheckpoint"}
	}
	return nil
}

// garbage feeds states to Restore that no machine wrote.
func (u *suite) garbage(*Result) *Finding {
	for _, state := range garbage(u.states()) {
		m := u.open(u.Open, u.plain, state)
		when := "Restore panicked on a state that it did not write"
		if !m.Over {
			when = "Restore took a state that Checkpoint never wrote, and the machine then panicked"
			for _, p := range probe {
				m.feed(p.Event)
			}
		}
		m.Bye()
		if f := robust(u.tester, &session{steps: m.steps, lost: m.lost}); f != nil {
			return &Finding{
				Words: fmt.Sprintf("%s (%d bytes, beginning %q): %s", when, len(state), state[:min(len(state), 16)], f.Words),
				Do:    "check all of a state in Restore before any of it is used; refuse it by an error",
			}
		}
	}
	return nil
}

// states returns a few checkpoints of different sessions.
func (u *suite) states() [][]byte {
	var states [][]byte
	for _, h := range u.held {
		m := u.open(u.Open, h.opening, nil)
		events := h.events()
		m.feed(events[:max(0, len(events)-1)]...)
		if !m.Over {
			if state, err := m.Conn.Checkpoint(); err == nil && len(states) < 8 && (len(states) == 0 || len(state) != len(states[len(states)-1])) {
				states = append(states, state)
			}
		}
		m.Bye()
	}
	return states
}

// garbage is what Restore is given beside real checkpoints.
func garbage(states [][]byte) [][]byte {
	all := [][]byte{{}, {0}, {0xff}, []byte("garbage"), []byte("{}"), make([]byte, 1000)}
	long := make([]byte, core.MaxCheckpoint)
	for i := range long {
		long[i] = byte(i*31 | 0x80) // varints that never end
	}
	all = append(all, long, long[:100])
	for _, state := range states {
		for n := 1; n < len(state) && n <= 16; n++ {
			all = append(all, state[:n], state[n:])
		}
		for i := range min(len(state), 16) {
			flipped := bytes.Clone(state)
			flipped[i] ^= 0xff
			all = append(all, flipped)
		}
		all = append(all, append(state[:len(state):len(state)], 0x80))
	}
	return all
}
