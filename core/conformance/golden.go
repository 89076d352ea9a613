package conformance

import (
	"context"
	"errors"
	"slices"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance/streams"
	"github.com/protocol-workbench/workbench/core/replay"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// randomCuts returns how often a golden is cut at random, besides joined and byte
// by byte.
func (s *Subject) randomCuts() int {
	if s.Short {
		return 3
	}
	return 10
}

// Golden holds a golden to its promises: replayed whole it is the same; so it
// is with the server's bytes joined, byte by byte and cut at random; so are the
// answers when the machine is made anew from the log after every event, and
// from a checkpoint after every event. Up to 200 events of 300 KiB in all that
// is literally every event; of a larger golden the Result says after how many
// it was tried. When the subject is Short, the log is fed again after every fourth event,
// and only restoring is tried after each. file is the golden's name, for findings.
//
// The error is a *transcript.SyntaxError if the mode does not take the file;
// else it says that the subject could not be reached, or that ctx is done.
func Golden(ctx context.Context, s Subject, file string, t *transcript.Transcript) (Result, error) {
	r := Result{Check: file, About: "the golden is the same whole, recut, after crashes and from checkpoints"}
	g, err := replay.New(file, t, s.modes)
	var skipped *replay.Skipped
	if errors.As(err, &skipped) {
		r.Skipped = skipped.Words
		return r, nil
	}
	if err != nil {
		return r, err
	}
	whole, err := g.Whole(ctx, asOpener(&s))
	if err != nil {
		return r, err
	}
	found := func(f *Finding) {
		f.File = file
		r.Findings = append(r.Findings, *f)
	}
	if !whole.Same {
		f := &Finding{Check: "whole", Words: "other answers came than the golden has", Diff: whole.Diff,
			Do: "correct the machine, or update the golden if the new answers are right"}
		if len(whole.Faults) > 0 {
			f.Line, f.Words, f.Do = whole.Faults[0].Line, whole.Faults[0].Words, ""
		} else {
			f.Line = lineOf(t, whole.Event)
		}
		found(f)
		return r, nil
	}
	recut, err := g.Recuts(ctx, asOpener(&s), whole, replay.Plan(s.randomCuts(), 1))
	if err != nil {
		return r, err
	}
	if !recut.Same {
		f := recutFinding(recut)
		f.Check = "read boundaries"
		found(f)
		return r, nil
	}
	t = s.fed(t)
	u := &tester{Subject: s, ctx: ctx}
	h := u.holdGolden(t)
	if f := u.firstBroken(h, named{"secrets", keepsSecrets}); f != nil {
		f.Line = lineOf(t, f.event)
		found(f)
		return r, nil
	}
	r.Skipped = sampled(h.events())
	if f := u.firstBroken(h, u.resumed()...); f != nil {
		found(f)
	}
	return r, u.failed()
}

// lineOf returns the line of an event, from 1; of the opening, 0.
func lineOf(t *transcript.Transcript, event int) int {
	for _, e := range t.Entries {
		if e.Dir != transcript.Event {
			continue
		}
		if event--; event == 0 {
			return e.Line
		}
	}
	return 0
}

// fed returns t without the events that the machine is not fed.
func (s *Subject) fed(t *transcript.Transcript) *transcript.Transcript {
	only := *t
	only.Entries = slices.DeleteFunc(slices.Clone(t.Entries), func(e transcript.Entry) bool {
		return e.Dir == transcript.Event && !s.Manifest.Knows(e.Event.Kind)
	})
	return &only
}

// holdGolden holds a golden's session, its events as they are.
func (t *tester) holdGolden(golden *transcript.Transcript) *session {
	values := optionsOf(golden)
	options, err := t.Manifest.ParseOptions(values)
	t.fail(err)
	h := &session{
		options: values,
		opening: core.Opening{Options: options, Target: golden.Target, ServerEOFStays: golden.ServerEOFStays, Client: golden.Client, Server: golden.Server, Watch: golden.Watch, Seed: golden.Seed, Start: golden.Start},
		state:   golden.State,
	}
	m := t.open(t.Open, h.opening, h.state)
	defer m.Bye()
	for _, e := range golden.Entries {
		if e.Dir == transcript.Event {
			m.feed(e.Event)
		}
	}
	h.quiet = m.Conn.Quiet()
	h.steps, h.lost, h.hung = m.steps, m.lost, m.Hung
	return h
}

func optionsOf(t *transcript.Transcript) map[string]string {
	values := map[string]string{}
	for _, o := range t.Options {
		values[o.Name] = o.Value
	}
	return values
}

// resumed are the promises about a machine that is made anew, and about memory
// where that shows.
func (s *Subject) resumed() []named {
	some := sample(every)
	if s.Short {
		some = fourths(0)
	}
	all := []named{{"determinism", s.deterministic()}, {"recovery", recovers(some)}, {"checkpoint", checkpoints(some)}}
	if s.OpenScribbling != nil {
		all = append(all, named{"kept memory", keepsNoData}, named{"kept memory", keepsNoState})
	}
	return all
}

// Events holds a session of the given events to the same promises as a golden,
// and to those about bounds, panics and pass-through. A timer that does not run
// when its event comes is left out, and so is what follows the end. Options
// that are not named are left to their defaults. The error says that an option
// is none, that the subject could not be reached, or that ctx is done.
func Events(ctx context.Context, s Subject, options map[string]string, events []core.Event) ([]Finding, error) {
	u := &tester{Subject: s, ctx: ctx}
	h := u.hold(options, streams.Ops(events))
	promises := []named{{"invalid input", robust}, {"bounds", bounded}, {"read boundaries", recuts(3)}, {"pass-through", passes}, {"secrets", keepsSecrets}}
	f := u.firstBroken(h, append(promises, u.resumed()...)...)
	if f == nil {
		return nil, u.failed()
	}
	f.Line, f.Session = 0, h.text(s.Manifest.Name)
	return []Finding{*f}, nil
}
