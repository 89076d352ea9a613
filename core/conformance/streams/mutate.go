package streams

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of a changed session, which is held dozens of times.
const (
	maxEvents = 250
	maxBytes  = 32 << 10
	maxPlaces = 12 // of one kind in one event
)

// Fits reports whether a session is small enough to be changed.
func Fits(events []core.Event) bool { return len(events) <= maxEvents && Size(events) <= maxBytes }

// Golden is a session to be changed.
type Golden struct {
	File   string
	Events []core.Event
}

// Mutant is a changed session.
type Mutant struct {
	Of     int    // the index of its golden
	Change string // in words
	Events []core.Event
}

// Mutate returns changed sessions of the goldens, each another one, at most so
// many, in the order in which they are to be held: a first of each way to change
// one, then a second of each, so that a few are some of everything. random draws
// what is left to chance.
func Mutate(goldens []Golden, random uint64, most int) []Mutant {
	rng := rand.New(rand.NewPCG(random, 2))
	ways := [][]Mutant{}
	for _, way := range []func(*mutator){cases, widen, splices, numbers, orders, damage} {
		m := mutator{Rand: rng, goldens: goldens}
		for m.of = range goldens {
			way(&m)
		}
		rng.Shuffle(len(m.made), func(i, j int) { m.made[i], m.made[j] = m.made[j], m.made[i] })
		ways = append(ways, m.made)
	}
	var all []Mutant
	seen := map[string]bool{}
	for _, g := range goldens {
		seen[key(g.File, g.Events)] = true // it was held as it is
	}
	longest := slices.MaxFunc(ways, func(a, b []Mutant) int { return cmp.Compare(len(a), len(b)) })
	for round := range longest {
		for _, made := range ways {
			if round >= len(made) || len(all) == most {
				continue
			}
			m := made[round]
			if k := key(goldens[m.Of].File, m.Events); !seen[k] {
				seen[k] = true
				all = append(all, m)
			}
		}
	}
	return all
}

func key(file string, events []core.Event) string {
	b := []byte(file)
	for _, ev := range events {
		b = fmt.Appendf(b, "\x00%d %q", ev.Kind, ev.Data)
	}
	return string(b)
}

// mutator makes changed sessions of one golden after the other.
type mutator struct {
	*rand.Rand
	goldens []Golden
	of      int // the golden
	made    []Mutant
}

// events returns those of the golden. They are shared; put copies them.
func (m *mutator) events() []core.Event { return m.goldens[m.of].Events }

func (m *mutator) add(change string, events []core.Event) {
	if !Fits(events) {
		return
	}
	for _, ev := range events {
		if ev.Kind.IsText() && !utf8.Valid(ev.Data) {
			return
		}
	}
	m.made = append(m.made, Mutant{m.of, change, events})
}

// put adds the session with other data in event i, if it is one of bytes.
func (m *mutator) put(i int, change string, data []byte) {
	if m.events()[i].Kind.IsBytes() {
		m.add(fmt.Sprintf("%s in event %d", change, i+1), with(m.events(), i, data))
	}
}

// with returns the events with other data in event i.
func with(events []core.Event, i int, data []byte) []core.Event {
	events = slices.Clone(events)
	events[i].Data = data
	return events
}
