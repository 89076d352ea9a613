package conformance

import (
	"fmt"
	"slices"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance/streams"
)

// chanceCheck is the name of the check that a session is held again with another seed.
const chanceCheck = "chance"

// chances are what the sessions of a seeded mode are opened with: the first by every
// check, the others by this one. Past 2038 a time in seconds needs more than 31 bits, and
// files without a seed have neither.
var chances = []struct {
	seed  core.Seed
	start time.Time
}{
	{core.Seed{1, 2, 3, 4}, time.Date(2026, 7, 1, 12, 0, 0, 250_000_000, time.UTC)},
	{core.Seed{0: 0xff, 15: 0x80, 31: 7}, time.Date(2038, 1, 19, 3, 14, 8, 9, time.UTC)},
	{},
}

// opening returns how a session of the subject is opened.
func (s *Subject) opening(options core.Options) core.Opening {
	o := core.Opening{Options: options, Target: "example.com:7"}
	if s.Manifest.Seeded {
		o.Seed, o.Start = chances[0].seed, chances[0].start
	}
	return o
}

const doChance = "use Opening.Seed and Opening.Start for payloads, words and fields alone, and give names and sizes that hold with every seed"

// anyChance is the promise that a seed and a start change only what is said: no timer's name
// and no silence that is asked for, that no answer breaks a bound because of them, and that
// with the same ones the answers are the same.
func anyChance(t *tester, h *session) *Finding {
	if !t.Manifest.Seeded || h.lost != nil {
		return nil
	}
	for _, c := range chances[1:] {
		as := *h
		as.opening.Seed, as.opening.Start = c.seed, c.start
		other := t.holdAs(&as, streams.Ops(h.events()))
		with := fmt.Sprintf("with seed %.8s… and start %s", c.seed, core.FormatStart(c.start))
		for _, p := range []promise{bounded, robust} {
			if f := p(t, other); f != nil && p(t, h) == nil {
				f.Words, f.Do = with+": "+f.Words, doChance
				return f
			}
		}
		here, there := timersOf(h), timersOf(other)
		if name, another := without(here, there), without(there, here); name != "" && another != "" {
			return &Finding{Words: fmt.Sprintf("the name of a timer depends on the seed or the start: it is %q, and %q %s", name, another, with), Do: doChance}
		}
		if h.quiet != other.quiet {
			return &Finding{Words: fmt.Sprintf("the silence that the machine asks to be told of depends on the seed or the start: it is %v, and %v %s", h.quiet, other.quiet, with), Do: doChance}
		}
		m := t.play(t.Open, other, other.events())
		if f := compare(other.steps, m.steps, doPure, "the same events were answered differently when they came again %s", with); f != nil {
			return f
		}
	}
	return nil
}

// timersOf returns the names of the timers that were set, in order.
func timersOf(h *session) []string {
	var names []string
	for _, s := range h.steps {
		for _, a := range s.actions {
			if a.Kind == core.SetTimer {
				names = append(names, string(a.Data))
			}
		}
	}
	return names
}

// without returns the first of the names that is not among the others, or "". Whether a
// timer is set at all may be left to chance, so only names that stand against each other
// show that they depend on it.
func without(names, others []string) string {
	for _, name := range names {
		if !slices.Contains(others, name) {
			return name
		}
	}
	return ""
}
