package conformance

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// hasCheckpoint looks at the checkpoint of a new machine.
func (u *suite) hasCheckpoint(ctx context.Context, r *Result) (*Finding, error) {
	m, err := open(ctx, u.s.Open, u.plain, nil)
	if err != nil {
		return nil, err
	}
	defer m.Bye()
	if _, err = m.Conn.Checkpoint(); err == nil {
		return nil, nil
	}
	r.Skipped = "the machine writes no checkpoint when it is new"
	return noCheckpoint(ctx, err)
}

// carriedOver restores each session in another process than the one that wrote
// its checkpoint.
func (u *suite) carriedOver(ctx context.Context, _ *Result) (*Finding, error) {
	if u.s.Fresh == nil {
		return nil, nil
	}
	connect, end, err := u.s.Fresh(ctx)
	if err != nil {
		return nil, err
	}
	defer end()
	other := *u.s
	other.Open = connect
	for _, h := range u.held {
		f, err := checkpointAfter(ctx, u.s, &other, h, h.events(), middle(h))
		if err != nil {
			return nil, err
		}
		if f != nil {
			f.Words += " in another process than the one that wrote it"
			f.Do = "write into Checkpoint what the state is, and not where it is found in this process"
			return u.shownBy(h, f), nil
		}
	}
	return nil, nil
}

// checkpoints is the promise of a machine that writes its state down: doing so
// changes nothing, and one restored from it goes on the same, however often.
func checkpoints(ctx context.Context, s *Subject, h *session) (*Finding, error) {
	events := h.events()
	for _, k := range points(events) {
		if f, err := checkpointAfter(ctx, s, s, h, events, k); f != nil || err != nil {
			return f, err
		}
	}
	return restoredEachTime(ctx, s, h, events)
}

// checkpointAfter takes a checkpoint of a machine of s, and restores it in one of next.
func checkpointAfter(ctx context.Context, s, next *Subject, h *session, events []core.Event, k int) (*Finding, error) {
	m, err := open(ctx, s.Open, h.opening, h.state)
	if err != nil {
		return nil, err
	}
	defer m.Bye()
	m.feed(events[:k]...)
	if m.Over {
		return nil, ctx.Err()
	}
	state, err := m.Conn.Checkpoint()
	if err != nil {
		return noCheckpoint(ctx, err)
	}
	m.feed(events[k:]...)
	if f := compare(h.steps, m.steps, "only read the state in Checkpoint", "the checkpoint after event %d changed the machine: without it other answers came", k); f != nil {
		return f, ctx.Err()
	}
	r, err := open(ctx, next.Open, h.opening, state)
	if err != nil {
		return nil, err
	}
	defer r.Bye()
	if f := refusedState(r, k, state); f != nil {
		return f, ctx.Err()
	}
	r.feed(events[k:]...)
	return goesOn(h, r.steps, k, fmt.Sprintf("a machine restored from the checkpoint after event %d goes on otherwise", k)), ctx.Err()
}

// restoredEachTime restores after every event, each time from the machine that
// was restored before.
func restoredEachTime(ctx context.Context, s *Subject, h *session, events []core.Event) (*Finding, error) {
	m, err := open(ctx, s.Open, h.opening, h.state)
	if err != nil {
		return nil, err
	}
	defer func() { m.Bye() }()
	for k, ev := range events {
		state, err := m.Conn.Checkpoint()
		if err != nil {
			return noCheckpoint(ctx, err)
		}
		m.Bye()
		if m, err = open(ctx, s.Open, h.opening, state); err != nil {
			return nil, err
		}
		if f := refusedState(m, k, state); f != nil {
			return f, ctx.Err()
		}
		m.feed(ev)
		if f := goesOn(h, m.steps[:min(2, len(m.steps))], k, fmt.Sprintf("a machine restored after every event answers event %d otherwise", k+1)); f != nil || m.Over {
			return f, ctx.Err()
		}
	}
	return nil, ctx.Err()
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
func noCheckpoint(ctx context.Context, err error) (*Finding, error) {
	words := err.Error()
	_, reason, _ := strings.Cut(words, core.ErrNoCheckpoint.Error()+": ")
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case !errors.Is(err, core.ErrNoCheckpoint):
		return &Finding{Words: "no answer came when a checkpoint was asked for: " + words, Do: "answer core.ErrNoCheckpoint when the state cannot be written down"}, nil
	case strings.HasPrefix(reason, "panic:"):
		return &Finding{Words: "Checkpoint panicked: " + words, Do: "answer core.ErrNoCheckpoint when the state cannot be written down"}, nil
	case strings.Contains(reason, protocolBroken):
		return &Finding{Words: "the answer to a checkpoint is wrong: " + reason, Do: "answer with the state, or that there is none"}, nil
	case strings.HasPrefix(reason, stateTooLarge):
		return &Finding{Words: "a checkpoint is too large: " + words, Do: "answer core.ErrNoCheckpoint when the state is over core.MaxCheckpoint"}, nil
	}
	return nil, nil
}

// garbage feeds states to Restore that no machine wrote.
func (u *suite) garbage(ctx context.Context, _ *Result) (*Finding, error) {
	states, err := u.states(ctx)
	if err != nil {
		return nil, err
	}
	for _, state := range garbage(states) {
		m, err := open(ctx, u.s.Open, u.plain, state)
		if err != nil {
			return nil, err
		}
		when := "Restore panicked on a state that it did not write"
		if !m.Over {
			when = "Restore took a state that Checkpoint never wrote, and the machine then panicked"
			for _, p := range probe {
				m.feed(p.Event)
			}
		}
		m.Bye()
		if f, _ := robust(ctx, u.s, &session{steps: m.steps, lost: m.lost}); f != nil {
			return &Finding{
				Words: fmt.Sprintf("%s (%d bytes, beginning %q): %s", when, len(state), state[:min(len(state), 16)], f.Words),
				Do:    "check all of a state in Restore before any of it is used; refuse it by an error",
			}, ctx.Err()
		}
	}
	return nil, ctx.Err()
}

// states returns a few checkpoints of different sessions.
func (u *suite) states(ctx context.Context) ([][]byte, error) {
	var states [][]byte
	for _, h := range u.held {
		m, err := open(ctx, u.s.Open, h.opening, nil)
		if err != nil {
			return nil, err
		}
		events := h.events()
		m.feed(events[:max(0, len(events)-1)]...)
		if !m.Over {
			if state, err := m.Conn.Checkpoint(); err == nil && len(states) < 8 && (len(states) == 0 || len(state) != len(states[len(states)-1])) {
				states = append(states, state)
			}
		}
		m.Bye()
	}
	return states, ctx.Err()
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
		for i := 0; i < len(state) && i < 16; i++ {
			flipped := []byte(string(state))
			flipped[i] ^= 0xff
			all = append(all, flipped)
		}
		all = append(all, append(state[:len(state):len(state)], 0x80))
	}
	return all
}
