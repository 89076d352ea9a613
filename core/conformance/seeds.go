package conformance

import (
	"context"
	"fmt"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/replay"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Seeds are the author's goldens, and how much Run makes of them.
type Seeds struct {
	Goldens []Seed
	Random  uint64        // draws what is left to chance; 0: 1. The same gives the same sessions
	Most    int           // changed sessions that are held; 0: 200
	Time    time.Duration // after which no other is begun; 0: 10 s
}

// Seed is a golden of the mode under test.
type Seed struct {
	File string // its name, for findings
	*transcript.Transcript
}

func (s Seeds) withDefaults() Seeds {
	if s.Random == 0 {
		s.Random = 1
	}
	if s.Most == 0 {
		s.Most = 200
	}
	if s.Time == 0 {
		s.Time = 10 * time.Second
	}
	return s
}

// seed is a golden's session as the machine answers it now.
type seed struct {
	*session
	file  string
	lines []int // of the file, where each event stands
}

// seeds holds the goldens' sessions. Left out are those that the mode does not
// take, which [Golden] says, those that go on from a checkpoint, since what came
// before it is not known, and large ones.
func (u *suite) seeds(ctx context.Context) ([]seed, error) {
	var all []seed
	for _, g := range u.s.Seeds.Goldens {
		if _, err := replay.New(g.File, g.Transcript, u.s.modes); err != nil || g.State != nil {
			continue
		}
		t := u.s.fed(g.Transcript)
		h, err := u.s.holdGolden(ctx, t)
		if err != nil {
			return nil, err
		}
		if len(h.steps) == 1 || len(h.steps) > maxMutantEvents || size(h.events()) > maxMutantBytes || h.lost != nil || brokenBound(h) != "" {
			continue
		}
		sd := seed{session: h, file: g.File}
		for i := range t.Entries {
			if t.Entries[i].Dir == transcript.Event {
				sd.lines = append(sd.lines, t.Entries[i].Line)
			}
		}
		all = append(all, sd)
	}
	return all, nil
}

// mutant is a changed session of a golden.
type mutant struct {
	from   *seed
	change string // in words
	events []core.Event
}

const noGolden = "there is no golden to start from"

// changed holds the changed sessions to the promises.
func (u *suite) changed(ctx context.Context, r *Result) error {
	seeds, err := u.seeds(ctx)
	if err != nil {
		return err
	}
	if len(seeds) == 0 {
		r.Skipped = noGolden
		return nil
	}
	o := u.s.Seeds.withDefaults()
	begun := time.Now()
	if err := u.starred(ctx, r, seeds, begun.Add(o.Time/4)); err != nil || len(r.Findings) > 0 {
		return err
	}
	if err := u.widths(ctx, r, seeds, time.Now().Add(o.Time/4)); err != nil {
		return err
	}
	mutants := mutate(seeds, o)
	about := fmt.Sprintf(": %s, seed %d", plural(len(mutants), "session"), o.Random)
	for n, m := range mutants {
		if time.Since(begun) > o.Time {
			about = fmt.Sprintf(": %d of %s, as many as in %v, seed %d", n, plural(len(mutants), "session"), o.Time, o.Random)
			break
		}
		if err := u.holds(ctx, r, m); err != nil || len(r.Findings) > 0 {
			return err
		}
	}
	r.About += about
	return nil
}

// holds holds one changed session to the promises, the cheaper ones of them
// first. Those that the machine is known to break are left out.
func (u *suite) holds(ctx context.Context, r *Result, m mutant) error {
	h, err := u.s.holdAs(ctx, m.from.session, asOps(m.events))
	if err != nil {
		return err
	}
	u.came.take(h)
	for _, c := range []struct {
		name string
		promise
	}{
		{robustCheck, robust}, {boundsCheck, bounded},
		{"determinism", again}, {"sessions apart", apart}, {"pass-through", passes}, {"read boundaries", recuts(1)},
		{"checkpoint", carriesOn},
	} {
		if u.found[c.name] {
			continue
		}
		if err := u.keep(ctx, r, []*session{h}, c.promise); err != nil || len(r.Findings) > 0 {
			for i := range r.Findings {
				f := &r.Findings[i]
				f.File, f.Words = m.from.file, fmt.Sprintf("%s: %s; found from this golden with %s", c.name, f.Words, m.change)
			}
			return err
		}
		if h.lost != nil || brokenBound(h) != "" {
			return nil
		}
	}
	return nil
}

// again is the promise to answer the same events the same, looked at once.
func again(ctx context.Context, s *Subject, h *session) (*Finding, error) {
	m, err := play(ctx, s.Open, h, h.events())
	if err != nil || equalSteps(h.steps, m.steps) {
		return nil, err
	}
	return &Finding{Words: "the same events were answered otherwise when they came again", Do: doPure, Diff: diff(h.steps, m.steps)}, nil
}

// carriesOn is the promise of checkpoints, in as many restores as there are
// events: each is of the machine that was restored before, so a field that was
// left out once is missing in all that follows.
func carriesOn(ctx context.Context, s *Subject, h *session) (*Finding, error) {
	events := h.events()
	if f, err := restoredEachTime(ctx, s, h, events); f != nil || err != nil || len(events) == 0 {
		return f, err
	}
	return checkpointAfter(ctx, s, s, h, events, middle(h))
}
