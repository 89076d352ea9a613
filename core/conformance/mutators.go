package conformance

import (
	"bytes"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// letterCase changes the case of an ASCII letter.
type letterCase struct {
	name string
	to   func(c byte) byte
}

var letterCases = []letterCase{
	{"lower-case letters", func(c byte) byte {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		return c
	}},
	{"upper-case letters", func(c byte) byte {
		if c >= 'a' && c <= 'z' {
			c -= 'a' - 'A'
		}
		return c
	}},
}

// of returns data in the other case. The bytes of a rune are no letters of ASCII.
func (l letterCase) of(data []byte) []byte {
	data = bytes.Clone(data)
	for i, c := range data {
		data[i] = l.to(c)
	}
	return data
}

// cases changes the case of all letters, of those of one side, of one event.
func cases(m *mutator) {
	for _, l := range letterCases {
		for _, side := range []core.Side{0, core.Client, core.Server} {
			events := m.from.events()
			for i, ev := range events {
				if ev.Kind.IsBytes() && (side == 0 || ev.Kind.Side() == side) {
					events[i].Data = l.of(ev.Data)
				}
			}
			m.add(l.name, events)
		}
		for i, ev := range m.from.events() {
			if ev.Kind.IsBytes() {
				m.put(i, l.name, l.of(ev.Data))
			}
		}
	}
}

// wide are numbers of elements at which a written number gets a digit more.
var wide = []int{10, 11, 100}

// widen makes many of an event, of a line, of a word and of what a number
// counts.
func widen(m *mutator) {
	for _, row := range rows(m.from) {
		for _, n := range wide {
			m.add(fmt.Sprintf("%s %d times", row.what, n), row.of(n))
		}
	}
}

// row is a part of a session of which there can be any number.
type row struct {
	what string
	of   func(n int) []core.Event
}

// rows are the parts of a session that could be more.
func rows(h *seed) []row {
	var all []row
	events := h.events()
	for i, ev := range events {
		if !ev.Kind.IsBytes() || len(ev.Data) == 0 {
			continue
		}
		number := i + 1
		all = append(all, row{fmt.Sprintf("event %d", number), func(n int) []core.Event {
			return slices.Concat(events[:i], slices.Repeat([]core.Event{ev}, n), events[i+1:])
		}})
		for _, in := range rowsIn(ev.Data) {
			all = append(all, row{fmt.Sprintf("%s in event %d", in.what, number), func(n int) []core.Event {
				more := slices.Clone(events)
				more[i].Data = in.of(n)
				return more
			}})
		}
	}
	return all
}

type rowIn struct {
	what string
	of   func(n int) []byte
}

var (
	word   = regexp.MustCompile(`[^\s,;]+`)
	number = regexp.MustCompile(`[0-9]{1,9}`)
)

// rowsIn are the lines and words of a payload, and what its numbers count: the
// lines, or pairs of lines, that follow one, or the bytes of the next line.
func rowsIn(data []byte) []rowIn {
	var all []rowIn
	lines := bytes.SplitAfter(data, []byte("\n"))
	if len(lines[len(lines)-1]) == 0 {
		lines = lines[:len(lines)-1]
	}
	joined := func(parts ...[][]byte) []byte { return bytes.Join(slices.Concat(parts...), nil) }
	for i := range min(len(lines), maxPlaces) {
		before, line, after := lines[:i], lines[i:i+1], lines[i+1:]
		if len(lines) > 1 {
			all = append(all, rowIn{fmt.Sprintf("line %d", i+1), func(n int) []byte {
				return joined(before, slices.Repeat(line, n), after)
			}})
		}
		for _, at := range number.FindAllIndex(line[0], 2) {
			count, _ := strconv.Atoi(string(line[0][at[0]:at[1]]))
			counting := func(n int) []byte {
				return slices.Concat(line[0][:at[0]], strconv.AppendInt(nil, int64(n), 10), line[0][at[1]:])
			}
			for group := 1; group <= 2 && count > 0 && count*group <= len(after); group++ {
				all = append(all, rowIn{fmt.Sprintf("what line %d counts", i+1), func(n int) []byte {
					return joined(before, [][]byte{counting(n)}, slices.Repeat(after[:group], n), after[count*group:])
				}})
			}
			if len(after) > 0 && count > 0 && count == len(bytes.TrimRight(after[0], "\r\n")) {
				all = append(all, rowIn{fmt.Sprintf("the bytes that line %d counts", i+1), func(n int) []byte {
					long := append(bytes.Repeat(after[0][:1], n), after[0][count:]...)
					return joined(before, [][]byte{counting(n), long}, after[1:])
				}})
			}
		}
	}
	words := word.FindAllIndex(data, maxPlaces)
	for i, at := range words {
		if len(words) == 1 {
			break // the event or the line is repeated as it is
		}
		between := []byte(" ")
		if i+1 < len(words) {
			between = data[at[1]:words[i+1][0]]
		}
		if bytes.ContainsAny(between, "\r\n") {
			between = []byte(" ")
		}
		all = append(all, rowIn{fmt.Sprintf("word %d", i+1), func(n int) []byte {
			one := data[at[0]:at[1]]
			return slices.Concat(data[:at[0]], bytes.Repeat(append(bytes.Clone(one), between...), n-1), one, data[at[1]:])
		}})
	}
	return all
}

// splices puts the events of each golden behind the first ones of this one, as
// many of them as can be: what a session has become is at its end.
func splices(m *mutator) {
	events := m.from.events()
	for i := range m.seeds {
		then := &m.seeds[i]
		for cut := len(events); cut > max(0, len(events)-maxPlaces); cut-- {
			m.add(fmt.Sprintf("the events of %s behind event %d", then.file, cut), slices.Concat(events[:cut], then.events()))
		}
	}
}

// numbers puts others in a number's place, those next to where it gets a digit
// more above all.
func numbers(m *mutator) {
	for i, ev := range m.from.events() {
		if !ev.Kind.IsBytes() {
			continue
		}
		for _, at := range number.FindAllIndex(ev.Data, maxPlaces) {
			for _, n := range []string{"9", "10", "99", "100", "0", "-1", "18446744073709551616"} {
				m.put(i, "the number "+n, slices.Concat(ev.Data[:at[0]], []byte(n), ev.Data[at[1]:]))
			}
		}
	}
}

// orders leaves out, doubles and swaps events, and lines in them.
func orders(m *mutator) {
	events := m.from.events()
	for i := range events {
		for what, other := range reordered(events, i) {
			m.add(fmt.Sprintf("event %d %s", i+1, order[what]), other)
		}
		if !events[i].Kind.IsBytes() {
			continue
		}
		lines := strings.SplitAfter(string(events[i].Data), "\n")
		for j := range min(len(lines), maxPlaces) {
			if len(lines) == 1 {
				break
			}
			for what, other := range reordered(lines, j) {
				m.put(i, fmt.Sprintf("line %d %s", j+1, order[what]), []byte(strings.Join(other, "")))
			}
		}
	}
}

var order = [...]string{"left out", "twice", "behind the next"}

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
	for i, ev := range m.from.events() {
		if !ev.Kind.IsBytes() || len(ev.Data) == 0 {
			continue
		}
		for range 4 {
			data := bytes.Clone(ev.Data)
			at := m.rng.IntN(len(data))
			data[at] ^= 1 << m.rng.IntN(8)
			m.put(i, fmt.Sprintf("a bit flipped in byte %d", at+1), data)
			short := m.rng.IntN(len(data))
			m.put(i, fmt.Sprintf("only %d bytes", short), ev.Data[:short])
		}
	}
}
