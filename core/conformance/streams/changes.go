package streams

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// cases changes the case of all letters, of those of one side, of one event.
func cases(m *mutator) {
	for _, l := range LetterCases {
		for _, side := range []core.Side{0, core.Client, core.Server} {
			events := slices.Clone(m.events())
			for i, ev := range events {
				if ev.Kind.IsBytes() && (side == 0 || ev.Kind.Side() == side) {
					events[i].Data = l.Of(ev.Data)
				}
			}
			m.add(l.Name, events)
		}
		for i, ev := range m.events() {
			m.put(i, l.Name, l.Of(ev.Data))
		}
	}
}

// wide are numbers of elements at which a written number gets a digit more.
var wide = []int{10, 11, 100}

// widen makes many of an event, of a line, of a word and of what a number
// counts.
func widen(m *mutator) {
	for _, row := range Rows(m.events()) {
		for _, n := range wide {
			m.add(fmt.Sprintf("%s %d times", row.What, n), row.Of(n))
		}
	}
}

// splices puts the events of each golden after the first ones of this one, as
// many of them as can be: what a session has become is at its end.
func splices(m *mutator) {
	events := m.events()
	for _, then := range m.goldens {
		for cut := len(events); cut > max(0, len(events)-maxPlaces); cut-- {
			m.add(fmt.Sprintf("the events of %s after event %d", then.File, cut), slices.Concat(events[:cut], then.Events))
		}
	}
}

// numbers puts others in a number's place, those next to where it gets a digit
// more above all.
func numbers(m *mutator) {
	for i, ev := range m.events() {
		for _, at := range number().FindAllIndex(ev.Data, maxPlaces) {
			for _, n := range []string{"9", "10", "99", "100", "0", "-1", "18446744073709551616"} {
				m.put(i, "the number "+n, slices.Concat(ev.Data[:at[0]], []byte(n), ev.Data[at[1]:]))
			}
		}
	}
}

// orders leaves out, doubles and swaps events, and lines in them.
func orders(m *mutator) {
	events := m.events()
	for i := range events {
		for what, other := range reordered(events, i) {
			m.add(fmt.Sprintf("event %d %s", i+1, order[what]), other)
		}
		lines := strings.SplitAfter(string(events[i].Data), "\n")
		if len(lines) == 1 {
			continue
		}
		for j := range min(len(lines), maxPlaces) {
			for what, other := range reordered(lines, j) {
				m.put(i, fmt.Sprintf("line %d %s", j+1, order[what]), []byte(strings.Join(other, "")))
			}
		}
	}
}

var order = [...]string{"left out", "twice", "after the next"}

func reordered[T any](all []T, i int) [][]T {
	without := slices.Concat(all[:i], all[i+1:])
	others := [][]T{without, slices.Insert(slices.Clone(all), i, all[i])}
	if i+1 < len(all) {
		others = append(others, slices.Insert(without, i+1, all[i]))
	}
	return others
}

// damage flips a bit, and cuts an event short.
func damage(m *mutator) {
	for i, ev := range m.events() {
		if !ev.Kind.IsBytes() || len(ev.Data) == 0 {
			continue
		}
		for range 4 {
			data := bytes.Clone(ev.Data)
			at := m.IntN(len(data))
			data[at] ^= 1 << m.IntN(8)
			m.put(i, fmt.Sprintf("a bit flipped in byte %d", at+1), data)
			short := m.IntN(len(data))
			m.put(i, fmt.Sprintf("only %d bytes", short), ev.Data[:short])
		}
	}
}
