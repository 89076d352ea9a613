package conformance

import (
	"context"
	"fmt"
	"slices"

	"github.com/protocol-workbench/workbench/core"
)

// check is one entry of the list that doc.go gives.
type check struct {
	name  string
	about string
	place place
	run   func(*suite, context.Context, *Result) error
}

// place says how a check stands to the others.
type place uint8

const (
	alone   place = iota
	ground        // where it was not passed, those of the ground that follow and those that need it mean nothing
	needing       // needs all of the ground
)

// Names of checks that others speak of.
const (
	optionsCheck = "options"
	robustCheck  = "invalid input"
	boundsCheck  = "bounds"
)

var checks = []check{
	{optionsCheck, "the manifest is valid, and every value that it offers opens", alone, (*suite).options},
	{robustCheck, "no bytes make it panic or die", alone, all(robust)},
	{boundsCheck, "no answer breaks a bound or the protocol, also to the largest events", alone, (*suite).bounds},
	{"determinism", "the same events always get the same answers", ground, (*suite).determinism},
	{"sessions apart", "sessions share nothing", ground, all(apart)},
	{"pass-through", "a side that passes through is copied and else ignored", ground, all(passes)},
	{"secrets", "what a machine marks of an event stands unmarked in no answer to it", alone, all(keepsSecrets)},
	{"read boundaries", "where the server's bytes are cut changes nothing", needing, all(recuts(2))},
	{"end of stream", "what is unfinished when a stream ends is not lost", needing, (*suite).ends},
	{"recovery", "a machine made anew and fed the log goes on the same", needing, (*suite).recovery},
	{"checkpoint", "a machine restored from its checkpoint goes on the same", needing, (*suite).checkpoint},
	{"kept memory", "event data is not kept after Handle", needing, (*suite).kept},
	{"changed goldens", "what holds of the goldens' sessions holds of them when they are changed", needing, (*suite).changed},
	{"reach", "what no golden shows: advice, and no promise", alone, (*suite).reach},
	{"memory", fmt.Sprintf("at most %d MiB are held after 64 MiB of anything", MaxHeld>>20), alone, (*suite).memory},
}

// suite is one run.
type suite struct {
	s     *Subject
	held  []*session      // the generated sessions
	hung  bool            // the last of them had no answer in time
	found map[string]bool // by the names of checks
	came  seen            // in changed goldens
}

// Run holds the subject to all promises. each gets every check's result as it
// comes; nil: nobody. The error says that the subject cannot be tested: no
// connection could be had, or ctx is done.
func Run(ctx context.Context, s Subject, each func(Result)) ([]Finding, error) {
	if each == nil {
		each = func(Result) {}
	}
	return runChecks(ctx, s, checks, each)
}

// Checks returns the names of the checks, in their order.
func Checks() []string {
	names := make([]string, len(checks))
	for i, c := range checks {
		names[i] = c.name
	}
	return names
}

func runChecks(ctx context.Context, s Subject, checks []check, each func(Result)) ([]Finding, error) {
	u := &suite{s: &s, found: map[string]bool{}}
	var found []Finding
	impure := ""
	for _, c := range checks {
		r := Result{Check: c.name, About: c.about}
		if before := u.needs(c, impure); before != "" {
			r.Skipped = "not checked until " + before + " is in order"
		} else if err := c.run(u, ctx, &r); err != nil {
			return found, fmt.Errorf("%s: the check %q could not be done: %w", s.Manifest.Name, c.name, err)
		}
		for i := range r.Findings {
			r.Findings[i].Check = c.name
		}
		found = append(found, r.Findings...)
		each(r)
		if len(r.Findings) == 0 {
			continue
		}
		u.found[c.name] = true
		switch {
		case len(u.held) == 0 && c.name == optionsCheck:
			return found, nil // there is nothing to hold sessions with
		case c.place == ground:
			impure = c.name
		}
	}
	return found, nil
}

// needs returns the check that has to be in order before c says anything, or "".
// impure is the one of the ground that was not passed.
func (u *suite) needs(c check, impure string) string {
	switch {
	case c.name == robustCheck:
	case u.hung: // each of the others would wait for each answer that does not come
		return robustCheck
	case c.place != alone && impure != "":
		return impure
	case c.place != alone && len(u.held) == 0:
		return boundsCheck
	}
	return ""
}

// options checks the manifest, opens what it offers, and then holds the
// generated sessions for the checks that follow.
func (u *suite) options(ctx context.Context, r *Result) error {
	if err := u.s.Manifest.Validate(); err != nil {
		r.Findings = append(r.Findings, Finding{Words: "the manifest is not valid: " + err.Error(), Do: "correct the manifest; see core.Manifest"})
		return nil
	}
	all := scripts(&u.s.Manifest)
	first, err := u.s.hold(ctx, all[0].options, all[0].ops) // before any other is opened
	if err != nil {
		return err
	}
	for _, options := range append([]map[string]string{nil}, variants(&u.s.Manifest)...) {
		h, err := u.s.hold(ctx, options, nil)
		if err != nil {
			return err
		}
		words := failed(h.steps)
		if h.lost != nil {
			words = h.lost.Error()
		}
		if words == "" {
			continue
		}
		what := "its default options"
		for name, value := range options {
			what = fmt.Sprintf("option %s %q", name, value)
		}
		r.Findings = append(r.Findings, Finding{
			Words: fmt.Sprintf("no session opens with %s: %s", what, words),
			Do:    "let Open take every value that the manifest offers, or do not offer it",
		})
	}
	if len(r.Findings) > 0 {
		return nil
	}
	u.held, u.hung = []*session{first}, first.hung
	for _, c := range all[1:] {
		if u.hung {
			return nil
		}
		h, err := u.s.hold(ctx, c.options, c.ops)
		if err != nil {
			return err
		}
		u.held, u.hung = append(u.held, h), h.hung
	}
	refused := 0
	for _, h := range u.held {
		if failed(h.steps) != "" {
			refused++
		}
	}
	if refused > len(u.held)/2 {
		r.Skipped = fmt.Sprintf("the machine refuses %d of the %s generated; what it does in good sessions is for goldens to show",
			refused, plural(len(u.held), "session"))
	}
	return u.odd(ctx, r)
}

// odd holds a session with each odd value of an option, and reports the first one
// that the machine does not get over.
func (u *suite) odd(ctx context.Context, r *Result) error {
	reported := map[string]bool{}
	for _, options := range odd(&u.s.Manifest) {
		for name, value := range options {
			if reported[name] {
				continue
			}
			h, err := u.s.hold(ctx, options, []op{text("hello"), server("hello\r\n"), serverEOF})
			if err != nil {
				return err
			}
			f, err := robust(ctx, u.s, h)
			if err != nil {
				return err
			}
			if f != nil {
				reported[name] = true
				f.Words = fmt.Sprintf("option %s %q: %s", name, core.CutWords(value, 40), f.Words)
				f.Do = "let Open take every value that the option's type allows, or refuse it by an error in words"
				f.Session = h.text(u.s.Manifest.Name)
				r.Findings = append(r.Findings, *f)
			}
		}
	}
	return nil
}

// all is the check of a promise by all generated sessions.
func all(p promise) func(*suite, context.Context, *Result) error {
	return func(u *suite, ctx context.Context, r *Result) error { return u.keep(ctx, r, u.held, p) }
}

// keep checks a promise and reports the first session that breaks it, made
// short.
func (u *suite) keep(ctx context.Context, r *Result, held []*session, p promise) error {
	for _, h := range held {
		f, err := p(ctx, u.s, h)
		if err != nil {
			return err
		}
		if f == nil {
			continue
		}
		h, f = shrink(h, f, func(events []core.Event) (*session, *Finding) {
			shorter, err := u.s.holdAs(ctx, h, asOps(events))
			if err != nil {
				return nil, nil
			}
			g, err := p(ctx, u.s, shorter)
			if err != nil {
				return nil, nil
			}
			return shorter, g
		})
		f.Line = 0 // of no file
		f.Session = h.text(u.s.Manifest.Name)
		r.Findings = append(r.Findings, *f)
		return ctx.Err()
	}
	return nil
}

// trim takes the event that the machine did not get over from the sessions, for
// the checks that follow.
func (u *suite) trim() {
	for i, h := range u.held {
		if h.lost != nil || brokenBound(h) != "" {
			u.held[i] = h.withoutLast()
		}
	}
	u.held = slices.DeleteFunc(u.held, func(h *session) bool { return len(h.steps) == 0 })
}

// bounds also trims the sessions.
func (u *suite) bounds(ctx context.Context, r *Result) error {
	err := u.keep(ctx, r, u.held, bounded)
	u.trim()
	if err != nil || len(r.Findings) > 0 {
		return err
	}
	for _, c := range large() {
		h, err := u.s.hold(ctx, c.options, c.ops)
		if err != nil {
			return err
		}
		err = u.keep(ctx, r, []*session{h}, bounded)
		if err == nil && len(r.Findings) == 0 && !u.found[robustCheck] {
			err = u.keep(ctx, r, []*session{h}, robust)
		}
		if err != nil || len(r.Findings) > 0 {
			return err
		}
	}
	return nil
}

func (u *suite) kept(ctx context.Context, r *Result) error {
	if u.s.OpenScribbling == nil {
		r.Skipped = "it shows only in process: plugintest.Conformance checks it"
		return nil
	}
	err := u.keep(ctx, r, u.held, keepsNoData)
	if err != nil || len(r.Findings) > 0 || u.found["checkpoint"] {
		return err
	}
	return u.keep(ctx, r, u.held, keepsNoState)
}

// checkpoint checks the promise and then feeds garbage to Restore.
func (u *suite) checkpoint(ctx context.Context, r *Result) error {
	h, err := u.s.hold(ctx, nil, nil)
	if err != nil {
		return err
	}
	m, err := open(ctx, u.s.Open, h.opening, nil)
	if err != nil {
		return err
	}
	defer m.Bye()
	if _, err := m.Conn.Checkpoint(); err != nil {
		f, err := noCheckpoint(ctx, err)
		if f != nil {
			r.Findings = append(r.Findings, *f)
		}
		r.Skipped = "the machine writes no checkpoint when it is new"
		return err
	}
	if err := u.keep(ctx, r, u.held, checkpoints); err != nil || len(r.Findings) > 0 {
		return err
	}
	if err := u.carriedOver(ctx, r); err != nil || len(r.Findings) > 0 {
		return err
	}
	return u.garbage(ctx, r)
}

func (u *suite) garbage(ctx context.Context, r *Result) error {
	states, err := u.states(ctx)
	if err != nil {
		return err
	}
	opened, err := u.s.hold(ctx, nil, nil)
	if err != nil {
		return err
	}
	probe := asOps([]core.Event{text("hello").Event, server("hello\r\n").Event, serverEOF.Event})
	for _, state := range garbage(states) {
		m, err := open(ctx, u.s.Open, opened.opening, state)
		if err != nil {
			return err
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
			r.Findings = append(r.Findings, Finding{
				Words: fmt.Sprintf("%s (%d bytes, beginning %q): %s", when, len(state), state[:min(len(state), 16)], f.Words),
				Do:    "check all of a state in Restore before any of it is used; refuse it by an error",
			})
			return ctx.Err()
		}
	}
	return ctx.Err()
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
