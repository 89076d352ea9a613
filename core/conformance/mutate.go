package conformance

import (
	"fmt"
	"math/rand/v2"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of a changed session, which is held dozens of times.
const (
	maxMutantEvents = 250
	maxMutantBytes  = 32 << 10
	maxPlaces       = 12 // of one kind in one event
)

// mutate returns changed sessions of the goldens, each another one, at most
// o.Most, in the order in which they are to be held: a first of each way to
// change one, then a second of each, so that a few are some of everything.
func mutate(seeds []seed, o Seeds) []mutant {
	rng := rand.New(rand.NewPCG(o.Random, 2))
	ways := [][]mutant{}
	for _, way := range []func(*mutator){cases, widen, splices, numbers, orders, damage} {
		m := mutator{rng: rng, seeds: seeds}
		for i := range seeds {
			m.from = &seeds[i]
			way(&m)
		}
		rng.Shuffle(len(m.made), func(i, j int) { m.made[i], m.made[j] = m.made[j], m.made[i] })
		ways = append(ways, m.made)
	}
	var all []mutant
	seen := map[string]bool{}
	for i := range seeds {
		seen[key(seeds[i].file, seeds[i].events())] = true // it was held as it is
	}
	for round, left := 0, true; left && len(all) < o.Most; round++ {
		left = false
		for _, made := range ways {
			if round >= len(made) || len(all) == o.Most {
				continue
			}
			left = true
			m := made[round]
			if k := key(m.from.file, m.events); !seen[k] {
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
	rng   *rand.Rand
	seeds []seed
	from  *seed
	made  []mutant
}

func (m *mutator) add(change string, events []core.Event) {
	if len(events) > maxMutantEvents || size(events) > maxMutantBytes {
		return
	}
	for _, ev := range events {
		if ev.Kind.IsText() && !utf8.Valid(ev.Data) {
			return
		}
	}
	m.made = append(m.made, mutant{m.from, change, events})
}

// put adds the session with other data in event i.
func (m *mutator) put(i int, change string, data []byte) {
	events := m.from.events()
	events[i].Data = data
	m.add(fmt.Sprintf("%s in event %d", change, i+1), events)
}
