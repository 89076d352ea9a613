package conformance

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance/streams"
	"github.com/protocol-workbench/workbench/core/feed"
	"github.com/protocol-workbench/workbench/core/replay"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// A promise looks at a session that was held, holds it again in its own way
// and returns what was broken, or nil.
type promise func(*tester, *session) *Finding

// What to do about it, where several checks say the same.
const (
	doPure  = "a machine reads no clock, draws no random number but from Opening.Seed, ranges over no map to produce output, starts no goroutine, and shares no variable with other sessions; keep all state in the machine that Open makes"
	doCopy  = "Event.Data is gone when Handle returns, and the state when Restore does: copy what is kept (bytes.Clone, append)"
	doState = "write every field that later answers depend on into Checkpoint, and set them all in Restore"
)

// boundErrors are the errors by which core.Out says that a bound was broken.
var boundErrors = []error{core.ErrActionTooBig, core.ErrAnswerTooBig, core.ErrTimerName, core.ErrTimerBounds, core.ErrSide, core.ErrSpan, core.ErrSecretTooBig,
	core.ErrFlow, core.ErrMessageSpan, core.ErrFieldName, core.ErrFieldText, core.ErrTooManyField, core.ErrFieldDepth}

// protocolBroken is how the adapter of JSON lines words a line that is not as
// the protocol says; the reason follows it.
const protocolBroken = "breaks the protocol: "

// brokenBound says what bound was broken, or "". What a plugin's program, or a
// script, said may stand around the words of the bound.
func brokenBound(h *session) string {
	words := failed(h.steps)
	_, reason, protocol := strings.Cut(words, protocolBroken)
	if protocol {
		words = reason
	}
	for _, err := range boundErrors {
		if strings.Contains(words, err.Error()) {
			return "an answer broke a bound: " + words
		}
	}
	switch {
	case protocol:
		return "an answer " + protocolBroken + words
	case errors.Is(h.lost, wire.ErrProtocol):
		return "an answer broke a bound of the stream: " + h.lost.Error()
	case h.timers > feed.MaxTimers:
		return fmt.Sprintf("%d timers run at once; at most %d may", h.timers, feed.MaxTimers)
	case h.refused != "":
		return h.refused
	}
	return ""
}

// bounded is the promise that no answer breaks a bound.
func bounded(_ *tester, h *session) *Finding {
	if words := brokenBound(h); words != "" {
		return &Finding{Words: words, Do: "send large data in pieces, name and set timers within their bounds, upgrade a connection once by a manifest that names server tls or client tls, and print what the protocol has and nothing else"}
	}
	return nil
}

// robust is the promise that whatever comes the machine answers it, or refuses
// it in words.
func robust(_ *tester, h *session) *Finding {
	words := failed(h.steps)
	switch {
	case brokenBound(h) != "":
	case h.lost != nil:
		return &Finding{Words: fmt.Sprintf("there was no answer to %s: %v", h.last(), h.lost),
			Do: "answer every event in time and end the process by no event; refuse what cannot go on by an error in words"}
	case strings.HasPrefix(words, "panic:"):
		return &Finding{Words: "the machine panicked: " + strings.TrimSpace(strings.TrimPrefix(words, "panic:")),
			Do: "check lengths before indexing, and refuse what cannot go on by an error in words"}
	}
	return nil
}

// apart is the promise that sessions share nothing: a second one opens after
// the first event, and hears of each event one step later.
func apart(t *tester, h *session) *Finding {
	first := t.open(t.Open, h.opening, nil)
	defer first.Bye()
	var second *machine
	for i, ev := range h.events() {
		first.feed(ev)
		if i == 0 {
			second = t.open(t.Open, h.opening, nil)
			defer second.Bye()
		} else {
			second.feed(h.steps[i].Event)
		}
	}
	if second == nil {
		return nil
	}
	for _, got := range [][]step{first.steps, second.steps} {
		if f := compare(h.steps[:len(got)], got, doPure, "a session was answered differently while a second one of the same events was held"); f != nil {
			return f
		}
	}
	return nil
}

// recuts is the promise that where the server's bytes are cut comes to the
// same. Many bytes are not cut at each.
func recuts(random int) promise {
	return func(t *tester, h *session) *Finding {
		if h.lost != nil {
			return nil // another check's
		}
		g, whole, err := h.golden(t.ctx, &t.Subject)
		if err != nil {
			t.fail(err)
			return nil
		}
		for cuts := range replay.Plan(random, 1) {
			if streams.Size(h.events()) > maxEachByte && cuts.Name == replay.EachByte {
				continue
			}
			r, err := g.Recut(t.ctx, asOpener(&t.Subject), whole, cuts)
			if err != nil {
				t.fail(err)
				return nil
			}
			if !r.Same {
				return recutFinding(r)
			}
		}
		return nil
	}
}

const maxEachByte = 16 << 10 // bytes of a generated session that is cut at each of them

func recutFinding(r *replay.Result) *Finding {
	words := fmt.Sprintf("the outcome depends on how the server's bytes are cut: other answers came when they were cut %s", r.Cuts)
	if r.Where.Words != "" {
		words += " (" + r.Where.Words + ")"
	}
	for _, f := range r.Faults {
		words += "; " + f.Words
	}
	return &Finding{Line: r.Where.Line, Words: words, Diff: r.Diff,
		Do: "TCP is a stream: keep what is not whole yet, and go on with it when the next bytes come"}
}

// golden makes a golden of the session, and replays it whole.
func (h *session) golden(ctx context.Context, s *Subject) (*replay.Golden, *replay.Result, error) {
	const name = "generated session"
	t, err := transcript.Parse(name, []byte(h.text(s.Manifest.Name)))
	if err != nil {
		return nil, nil, err
	}
	g, err := replay.New(name, t, s.modes)
	if err != nil {
		return nil, nil, err
	}
	whole, err := g.Whole(ctx, asOpener(s))
	return g, whole, err
}

func (s *Subject) modes(mode string) (core.Manifest, bool) {
	return s.Manifest, mode == s.Manifest.Name
}

func asOpener(s *Subject) replay.Opener {
	return func(ctx context.Context, _ string) (*wire.Conn, error) { return s.Open(ctx) }
}

// passes is the promise of pass-through: a copy of the bytes is the answer,
// and but for it they might never have come.
func passes(t *tester, h *session) *Finding {
	p := feed.Feeder{Knows: t.Manifest.Knows, Watch: h.opening.Watch, Client: h.opening.Client, Server: h.opening.Server}
	var fed []core.Event // without the bytes that pass through
	want := []step{h.steps[0]}
	p.Answer(h.steps[0].Event, h.steps[0].actions)
	for i := range h.steps[1:] {
		st := &h.steps[1+i]
		covered := !p.IsEarly(st.Kind) && p.PassesOn(st.Event)
		if covered && !p.IsPassed(st.Event, st.actions) {
			side := st.Kind.Side()
			got := []step{*st}
			return &Finding{
				Words: fmt.Sprintf("the machine passes the %s's bytes through, but its answer to them is no copy", side),
				Do:    "answer a side's bytes with exactly those bytes once PassThrough was said of it, to the client by Binary; or do not say it",
				Diff:  diff([]step{{st.Event, []core.Action{feed.Copy(st.Event)}}}, got),
			}
		}
		if !covered {
			fed, want = append(fed, st.Event), append(want, *st)
			p.Answer(st.Event, st.actions)
		}
	}
	if len(fed) == len(h.steps)-1 {
		return nil
	}
	m := t.play(t.Open, h, fed)
	return compare(want, m.steps, "let the machine's state ignore the bytes of a side that passes through",
		"bytes that pass through change a later answer: without them, as the workbench feeds it, another came")
}

// showsKept says where it does not show what a machine keeps.
func (u *suite) showsKept(r *Result) *Finding {
	if u.OpenScribbling == nil {
		r.Skipped = "this shows only in process: plugintest.Conformance checks it"
	}
	return nil
}

// keepsNoData is the promise not to hold on to event data.
func keepsNoData(t *tester, h *session) *Finding {
	m := t.play(t.OpenScribbling, h, h.events())
	return compare(h.steps, m.steps, doCopy, "the machine keeps Event.Data: when that memory is used again, its answers change")
}

// keptState looks for states that are kept by a machine that keeps the promise
// of checkpoints.
func (u *suite) keptState(*Result) *Finding {
	if u.found["checkpoint"] {
		return nil
	}
	return u.keep(u.held, keepsNoState)
}

// keepsNoState is the promise not to hold on to a state.
func keepsNoState(t *tester, h *session) *Finding {
	f := t.restoredEachTime(t.OpenScribbling, h, h.events())
	if f != nil {
		f.Words, f.Do = "the machine keeps the memory of the state that Restore was given: "+f.Words, doCopy
	}
	return f
}

// compare returns how the machine's answers are not those that are wanted, to
// the same events; nil if they are.
func compare(want, got []step, do, words string, args ...any) *Finding {
	if equalSteps(want, got) {
		return nil
	}
	return &Finding{Words: fmt.Sprintf(words, args...), Do: do, Diff: diff(want, got)}
}
