package conformance

import (
	"cmp"
	"fmt"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance/streams"
	"github.com/protocol-workbench/workbench/core/replay"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Seeds are the author's goldens, and how much Run makes of them.
type Seeds struct {
	Goldens []Seed
	Random  uint64        // draws what is left to chance; 0: 1. The same gives the same sessions
	Most    int           // changed sessions that are held; 0: 200, or 50 when Subject.Short
	Time    time.Duration // after which no other is begun; 0: 10 s
}

// Seed is a golden of the mode under test.
type Seed struct {
	File string // its name, for findings
	*transcript.Transcript
}

// seed is a golden's session as the machine answers it now.
type seed struct {
	*session
	file string
	fed  *transcript.Transcript // what the file has of events that the machine knows
}

// seeds holds the goldens' sessions. Left out are those that the mode does not
// take, which [Golden] says, those that go on from a checkpoint, since what came
// before it is not known, and large ones.
func (u *suite) seeds() []seed {
	var all []seed
	for _, g := range u.Seeds.Goldens {
		if _, err := replay.New(g.File, g.Transcript, u.modes); err != nil || g.State != nil {
			continue
		}
		t := u.fed(g.Transcript)
		h := u.holdGolden(t)
		if len(h.steps) == 1 || !streams.Fits(h.events()) || h.lost != nil || brokenBound(h) != "" {
			continue
		}
		all = append(all, seed{h, g.File, t})
	}
	return all
}

const noGolden = "no golden to start from"

// changed holds the changed sessions to the promises.
func (u *suite) changed(r *Result) *Finding {
	seeds := u.seeds()
	if len(seeds) == 0 {
		r.Skipped = noGolden
		return nil
	}
	begun, o, most := time.Now(), u.Seeds, 200
	if u.Short {
		most = 50
	}
	o.Random, o.Most, o.Time = cmp.Or(o.Random, 1), cmp.Or(o.Most, most), cmp.Or(o.Time, 10*time.Second)
	if f := u.starred(seeds, begun.Add(o.Time/4)); f != nil {
		return f
	}
	u.widths(r, seeds, time.Now().Add(o.Time/4))
	goldens := make([]streams.Golden, len(seeds))
	for i, sd := range seeds {
		goldens[i] = streams.Golden{File: sd.file, Events: sd.events()}
	}
	mutants := streams.Mutate(goldens, o.Random, o.Most)
	about := fmt.Sprintf(": %s, seed %d", core.Plural(len(mutants), "session"), o.Random)
	for n, m := range mutants {
		if time.Since(begun) > o.Time {
			about = fmt.Sprintf(": %d of %s, as many as in %v, seed %d", n, core.Plural(len(mutants), "session"), o.Time, o.Random)
			break
		}
		if f := u.holds(&seeds[m.Of], m); f != nil {
			return f
		}
	}
	r.About += about
	return nil
}

// holds holds one changed session to the promises, the cheaper ones of them
// first. Those that the machine is known to break are left out.
func (u *suite) holds(from *seed, m streams.Mutant) *Finding {
	h := u.holdAs(from.session, streams.Ops(m.Events))
	u.came.take(h)
	for _, c := range []named{
		{robustCheck, robust}, {boundsCheck, bounded},
		{"determinism", deterministic(1)}, {"sessions apart", apart}, {"pass-through", passes}, {"read boundaries", recuts(1)},
		{"checkpoint", carriesOn},
	} {
		if u.found[c.name] {
			continue
		}
		f := u.keep([]*session{h}, c.promise)
		if f != nil {
			f.File, f.Words = from.file, fmt.Sprintf("%s: %s; found from this golden with %s", c.name, f.Words, m.Change)
		}
		if f != nil || h.lost != nil || brokenBound(h) != "" {
			return f
		}
	}
	return nil
}

// carriesOn is the promise of checkpoints, in as many restores as there are
// events: each is of the machine that was restored before, so a field that was
// left out once is missing in all that follows.
func carriesOn(t *tester, h *session) *Finding {
	events := h.events()
	if f := t.restoredEachTime(t.Open, h, events); f != nil || len(events) == 0 {
		return f
	}
	return t.checkpointAfter(t.Open, h, events, middle(h))
}
