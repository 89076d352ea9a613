package conformance

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// What is fed at most to resume a session after each of its events; a session
// that would need more is resumed after some of them.
const (
	resumeEvents = 40_000
	resumeBytes  = 64 << 20
)

// points yields after how many of the events to resume: after each, the
// opening first and the last left out; or after as many as the bounds allow,
// evenly spread.
func points(events []core.Event) iter.Seq[int] {
	n := len(events)
	most := min(n, max(1, resumeEvents/max(n, 1)), max(1, resumeBytes/max(size(events), 1)))
	return func(yield func(int) bool) {
		for i := range most {
			if !yield(i * n / most) {
				return
			}
		}
	}
}

// sampled says in words that not every event was resumed after, or "".
func sampled(events []core.Event) string {
	tried := 0
	for range points(events) {
		tried++
	}
	if tried == len(events) {
		return ""
	}
	return fmt.Sprintf("a crash and a checkpoint were tried after %d of the %d events, evenly spread: it is large", tried, len(events))
}

func size(events []core.Event) int {
	n := 0
	for _, ev := range events {
		n += len(ev.Data)
	}
	return n
}

// recovers is the promise that a machine made anew after any event, and fed
// the log so far, has answered and goes on as the one before it.
func recovers(ctx context.Context, s *Subject, h *session) (*Finding, error) {
	events := h.events()
	for k := range points(events) {
		m, err := open(ctx, s.Open, h.opening, h.state)
		if err != nil {
			return nil, err
		}
		m.feed(events[:k]...)
		past := len(m.steps)
		m.feed(events[k:]...)
		m.Bye()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if equalSteps(h.steps, m.steps) {
			continue
		}
		f := &Finding{Words: fmt.Sprintf("a machine made anew after event %d and fed the log goes on otherwise", k), Do: doPure, Diff: diff(h.steps, m.steps)}
		if past > len(h.steps) || !equalSteps(h.steps[:past], m.steps[:past]) {
			f.Words = fmt.Sprintf("a machine made anew after event %d answers the log otherwise", k)
		}
		return f, nil
	}
	return nil, nil
}

// atOnce is how many sessions are open at once when all are made anew.
const atOnce = 64

// recovery also does what the death of a plugin comes to: many sessions at once
// are made anew in the next process, are fed their logs, and go on.
func (u *suite) recovery(ctx context.Context, r *Result) error {
	err := u.keep(ctx, r, u.held, recovers)
	if err != nil || len(r.Findings) > 0 || u.s.Fresh == nil {
		return err
	}
	connect, end, err := u.s.Fresh(ctx)
	if err != nil {
		return err
	}
	defer end()
	for held := range slices.Chunk(u.held, atOnce) {
		f, err := anew(ctx, connect, held)
		if err != nil {
			return err
		}
		if f != nil {
			r.Findings = append(r.Findings, *f)
			return nil
		}
	}
	return nil
}

func anew(ctx context.Context, connect func(context.Context) (*wire.Conn, error), held []*session) (*Finding, error) {
	machines := make([]*machine, len(held))
	for i, h := range held {
		m, err := open(ctx, connect, h.opening, nil)
		if err != nil {
			return nil, err
		}
		defer m.Bye()
		m.feed(h.events()[:middle(h)]...)
		machines[i] = m
	}
	for i, h := range held {
		m := machines[i]
		m.feed(h.events()[middle(h):]...)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if !equalSteps(h.steps, m.steps) {
			return &Finding{
				Words: fmt.Sprintf("a machine made anew in another process after event %d, beside other sessions, goes on otherwise", middle(h)),
				Do:    doPure, Diff: diff(h.steps, m.steps),
			}, nil
		}
	}
	return nil, nil
}

// middle is the event after which a session is made anew once.
func middle(h *session) int { return (len(h.steps) - 1) / 2 }

// carriedOver restores each session in another process than the one that wrote
// its checkpoint.
func (u *suite) carriedOver(ctx context.Context, r *Result) error {
	if u.s.Fresh == nil {
		return nil
	}
	connect, end, err := u.s.Fresh(ctx)
	if err != nil {
		return err
	}
	defer end()
	other := *u.s
	other.Open = connect
	for _, h := range u.held {
		f, err := checkpointAfter(ctx, u.s, &other, h, h.events(), middle(h))
		if err != nil {
			return err
		}
		if f != nil {
			f.Words += " in another process than the one that wrote it"
			f.Do = "write into Checkpoint what the state is, and not where it is found in this process"
			f.Session = h.text(u.s.Manifest.Name)
			r.Findings = append(r.Findings, *f)
			return nil
		}
	}
	return nil
}

// checkpoints is the promise of a machine that writes its state down: doing so
// changes nothing, and one restored from it goes on the same, however often.
func checkpoints(ctx context.Context, s *Subject, h *session) (*Finding, error) {
	events := h.events()
	for k := range points(events) {
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
	if !equalSteps(h.steps, m.steps) {
		return &Finding{Words: fmt.Sprintf("the checkpoint after event %d changed the machine: without it other answers came", k),
			Do: "only read the state in Checkpoint", Diff: diff(h.steps, m.steps)}, ctx.Err()
	}
	r, err := restored(ctx, next, h, state)
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
		if m, err = restored(ctx, s, h, state); err != nil {
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

// restored opens a machine from a state. Timers live outside of machines.
func restored(ctx context.Context, s *Subject, h *session, state []byte) (*machine, error) {
	return open(ctx, s.Open, h.opening, state)
}

// goesOn compares a restored machine's steps with those of the session from
// after event k on.
func goesOn(h *session, got []step, k int, words string) *Finding {
	from := h.steps[k+1:]
	got = got[1:]
	if len(got) < len(from) && len(got) == 1 {
		from = from[:1] // one event was fed
	}
	if equalSteps(from, got) {
		return nil
	}
	past := h.steps[:k+1]
	return &Finding{Words: words, Do: doState,
		Diff: diff(append(past[:k+1:k+1], from...), append(past[:k+1:k+1], got...))}
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
		return &Finding{Words: "there was no answer when a checkpoint was asked for: " + words, Do: "answer core.ErrNoCheckpoint when the state cannot be written down"}, nil
	case strings.HasPrefix(reason, "panic:"):
		return &Finding{Words: "Checkpoint panicked: " + words, Do: "answer core.ErrNoCheckpoint when the state cannot be written down"}, nil
	case strings.Contains(reason, protocolBroken):
		return &Finding{Words: "the answer to a checkpoint is wrong: " + reason, Do: "answer with the state, or that there is none"}, nil
	case strings.HasPrefix(reason, stateTooLarge):
		return &Finding{Words: "a checkpoint is too large: " + words, Do: "answer core.ErrNoCheckpoint when the state is over core.MaxCheckpoint"}, nil
	}
	return nil, nil
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
