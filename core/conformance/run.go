package conformance

import (
	"context"
	"fmt"
	"slices"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance/streams"
)

// check is one entry of the list that doc.go gives.
type check struct {
	name  string
	about string
	place place
	look
}

// A look is a check, or a part of one. It returns how the promise is broken, or
// nil; what else is to say goes into the Result.
type look func(*suite, *Result) *Finding

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
	{optionsCheck, "the manifest is valid, and every value that it offers opens", alone, inTurn((*suite).options, (*suite).odd)},
	{robustCheck, "no bytes make it panic or die", alone, all(robust)},
	{boundsCheck, "no answer breaks a bound or the protocol, also to the largest events", alone, inTurn((*suite).bounds, (*suite).large)},
	{"determinism", "the same events always get the same answers", ground, inTurn(repeats, (*suite).pause, (*suite).later, (*suite).elsewhere)},
	{chanceCheck, "another seed and start change what is said, and no name and no bound", needing, all(anyChance)},
	{"sessions apart", "sessions share nothing", ground, all(apart)},
	{"pass-through", "a side that passes through is copied and else ignored", ground, all(passes)},
	{"secrets", "what a machine marks of an event stands unmarked in no answer to it", alone, all(keepsSecrets)},
	{"read boundaries", "where the server's bytes are cut changes nothing", needing, all(recuts(2))},
	{"end of stream", "what is unfinished when a stream ends is not lost", needing, (*suite).ends},
	{"recovery", "a machine made anew and fed the log goes on the same", needing, inTurn(resuming(recovers), (*suite).anew)},
	{"checkpoint", "a machine restored from its checkpoint goes on the same", needing, inTurn((*suite).hasCheckpoint, resuming(checkpoints), (*suite).carriedOver, (*suite).garbage)},
	{"kept memory", "event data is not kept after Handle", needing, inTurn((*suite).showsKept, all(keepsNoData), (*suite).keptState)},
	{"changed goldens", "what holds of the goldens' sessions holds of them when they are changed", needing, (*suite).changed},
	{"reach", "what no golden shows: advice, and no promise", alone, (*suite).reach},
	{"memory", fmt.Sprintf("at most %d MiB are held after 64 MiB of anything", MaxHeld>>20), alone, (*suite).memory},
}

// inTurn is one look after the other, until one finds something or says that the
// rest is not checked.
func inTurn(looks ...look) look {
	return func(u *suite, r *Result) *Finding {
		for _, look := range looks {
			if f := look(u, r); f != nil || len(r.Findings) > 0 || r.Skipped != "" || u.failed() != nil {
				return f
			}
		}
		return nil
	}
}

// repeats is a look at whether the generated sessions are deterministic.
func repeats(u *suite, _ *Result) *Finding { return u.keep(u.held, u.deterministic()) }

// all is a look at a promise in all generated sessions.
func all(p promise) look {
	return func(u *suite, _ *Result) *Finding { return u.keep(u.held, p) }
}

// suite is one run.
type suite struct {
	*tester
	plain core.Opening    // with the defaults
	held  []*session      // the generated sessions
	hung  bool            // the last of them had no answer in time
	found map[string]bool // by the names of checks
	came  seen            // in changed goldens
}

// Checks returns the names of the checks, in their order.
func Checks() []string {
	names := make([]string, len(checks))
	for i, c := range checks {
		names[i] = c.name
	}
	return names
}

// Quick returns the names of the checks that take little time and find most of
// what is wrong with a machine that is being written.
func Quick() []string {
	return []string{optionsCheck, robustCheck, "sessions apart", "pass-through", "secrets", "read boundaries", "end of stream"}
}

// Run holds the subject to the promises of the checks of the given names. each
// gets every check's result as it comes; nil: nobody. A machine that none of the
// sessions can be held with is told by "options", chosen or not. Checks that
// mean nothing while one that was not chosen fails are done all the same. The
// error says that the subject cannot be tested: no connection could be had, or
// ctx is done.
func Run(ctx context.Context, s Subject, names []string, each func(Result)) ([]Finding, error) {
	var chosen []check
	for _, c := range checks {
		switch {
		case slices.Contains(names, c.name), c.name == optionsCheck: // which holds the sessions
			chosen = append(chosen, c)
		case c.name == boundsCheck:
			c.look = func(u *suite, _ *Result) *Finding { u.trim(); return nil }
			chosen = append(chosen, c)
		}
	}
	return runChecks(ctx, s, chosen, func(r Result) {
		if each != nil && (slices.Contains(names, r.Check) || len(r.Findings) > 0) {
			each(r)
		}
	})
}

func runChecks(ctx context.Context, s Subject, checks []check, each func(Result)) ([]Finding, error) {
	u := &suite{tester: &tester{Subject: s, ctx: ctx}, found: map[string]bool{}}
	var found []Finding
	impure := ""
	for _, c := range checks {
		r := Result{Check: c.name, About: c.about}
		if before := u.needs(c, impure); before != "" {
			r.Skipped = "not checked until " + before + " is in order"
		} else if f := c.look(u, &r); u.failed() != nil {
			return found, fmt.Errorf("%s: the check %q could not be done: %w", s.Manifest.Name, c.name, u.err)
		} else if f != nil {
			r.Findings = append(r.Findings, *f)
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

// keep checks a promise and returns how the first session breaks it that does,
// made short.
func (u *suite) keep(held []*session, p promise) *Finding {
	for _, h := range held {
		f := u.broken(p, h)
		if f == nil {
			continue
		}
		streams.Shrink(h.events(), func(events []core.Event) ([]core.Event, bool) {
			try := tester{Subject: u.Subject, ctx: u.ctx} // if it cannot be reached now, what was found stands
			shorter := try.holdAs(h, streams.Ops(events))
			if !streams.Shorter(shorter.events(), h.events()) {
				return nil, false
			}
			g := try.broken(p, shorter)
			if g == nil {
				return nil, false
			}
			h, f = shorter, g
			return h.events(), true
		})
		f.Line = 0 // of no file
		return u.shownBy(h, f)
	}
	return nil
}

// shownBy returns the finding with the session that shows it.
func (u *suite) shownBy(h *session, f *Finding) *Finding {
	f.Session = h.text(u.Manifest.Name)
	return f
}

// trim takes the event that the machine did not get over from the sessions, for
// the checks that follow.
func (u *suite) trim() {
	for i, h := range u.held {
		if h.lost != nil || brokenBound(h) != "" {
			u.held[i] = h.upTo(len(h.steps) - 2)
			u.held[i].lost = nil
		}
	}
	u.held = slices.DeleteFunc(u.held, func(h *session) bool { return len(h.steps) == 0 })
}

// bounds also trims the sessions.
func (u *suite) bounds(*Result) *Finding {
	f := u.keep(u.held, bounded)
	u.trim()
	return f
}

func (u *suite) large(*Result) *Finding {
	for _, ops := range streams.Large(&u.Manifest, u.Short) {
		h := []*session{u.hold(nil, ops)}
		f := u.keep(h, bounded)
		if f == nil && !u.found[robustCheck] {
			f = u.keep(h, robust)
		}
		if f != nil {
			return f
		}
	}
	return nil
}
