package rules

import (
	"bytes"
	"slices"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Bounds of a value that is captured, in bytes. A shorter one is the same in
// two places by chance.
const (
	minValue = 2
	maxValue = 1 << 10
	// minInside is from where on a value is looked for inside of others.
	minInside = 4
	maxInside = 512 // values that are looked for
)

// seen is where a value stood first.
type seen struct {
	*cell
	step    int
	from    core.Side
	crosses bool // the other side says it, too
	later   []*cell
}

// capture looks for values that stood first in one side's words and later in
// the other's, names them where they stood first, and has them used from then
// on.
func (t *attempt) capture() {
	values := map[string]*seen{}
	var order []*seen
	for i := range t.steps {
		t.splitBinary(&t.steps[i], order)
		cells := t.steps[i].cells
		for j := range cells {
			if t.ended() {
				return
			}
			c := &cells[j]
			c.name, c.use = "", ""
			if len(c.x) < minValue || len(c.y) < minValue || len(c.x) > maxValue || isStarred(c.x) || isStarred(c.y) || c.parts[0].cut {
				continue
			}
			v := values[c.key()]
			if v == nil {
				v = c.inside(order)
			}
			switch {
			case v == nil && t.lost[t.steps[i].item]: // the check could not rely on it
			case v == nil:
				v = &seen{cell: c, step: i, from: t.stepsA[i].From}
				values[c.key()] = v
				order = append(order, v)
			case v.step < i:
				v.crosses = v.crosses || v.from != t.stepsA[i].From
				v.later = append(v.later, c)
			}
		}
	}
	names := t.names()
	for _, v := range order {
		if !v.crosses || t.refused[v.key()] {
			continue
		}
		v.name = newName(t.stepsA[v.step].Data[:v.cell.from], names)
		for _, c := range v.later {
			c.narrow(v.cell)
			c.use, c.value = v.name, v.x
		}
	}
}

func (c *cell) key() string { return string(c.x) + "\x00" + string(c.y) }

// splitBinary makes cells of their own of the values that stand in binary data.
// What differs around them does not show where they begin.
func (w *writer) splitBinary(s *stepCells, values []*seen) {
	for i := 0; i < len(s.cells) && !w.ended(); i++ {
		for _, v := range values[max(0, len(values)-maxInside):] {
			c := s.cells[i]
			if !c.binary || len(c.x) != len(c.y) || len(v.x) != len(v.y) {
				continue
			}
			at := bytes.Index(c.x, v.x)
			if at < 0 || len(v.x) == len(c.x) || !bytes.Equal(c.y[at:at+len(v.y)], v.y) {
				continue
			}
			before, rest := c.split(at)
			value, after := rest.split(len(v.x))
			all := slices.DeleteFunc([]cell{before, value, after}, func(c cell) bool { return len(c.x) == 0 })
			s.cells = slices.Replace(s.cells, i, i+1, all...)
			break
		}
	}
}

// inside returns the value that stands inside of a cell, the rest of which is
// the same in both.
func (c *cell) inside(values []*seen) *seen {
	for _, v := range values[max(0, len(values)-maxInside):] {
		if len(v.x) >= minInside && len(v.y) >= minInside && c.place(v.cell) >= 0 {
			return v
		}
	}
	return nil
}

// place returns where a value stands in a cell, or -1.
func (c *cell) place(v *cell) int {
	i := bytes.Index(c.x, v.x)
	if i < 0 || !bytes.HasPrefix(c.y, c.x[:i]) || !bytes.HasPrefix(c.y[i:], v.y) || !bytes.Equal(c.y[i+len(v.y):], c.x[i+len(v.x):]) {
		return -1
	}
	return i
}

// narrow makes a cell of the place where a value stands in it.
func (c *cell) narrow(v *cell) {
	i := c.place(v)
	c.from += i
	c.to = c.from + len(v.x)
	c.x, c.y, c.parts = v.x, v.y, v.parts
}

// names returns the names that a's own rules capture into, each with a number from
// which on newName tries.
func (t *attempt) names() map[string]int {
	names := map[string]int{}
	for i := range t.a.Entries {
		for _, r := range t.a.Entries[i].Rules {
			if r.Kind == transcript.MatchRule {
				for _, after := range strings.Split(string(r.Text), "(?P<")[1:] {
					name, _, _ := strings.Cut(after, ">")
					names[name] = 2
				}
			}
		}
	}
	return names
}

// newName makes a name of the word in front of a value.
func newName(before []byte, names map[string]int) string {
	line := before[bytes.LastIndexByte(before, '\n')+1:]
	for n := 0; n < 4 && len(line) > 0 && !isAlnum(line[len(line)-1]); n++ {
		line = line[:len(line)-1]
	}
	from := len(line)
	for from > 0 && isAlnum(line[from-1]) {
		from--
	}
	base := strings.ToLower(string(line[from:]))
	if base == "" || isDigit(base[0]) || len(base) > core.MaxName-4 {
		base = "value"
	}
	name, n := base, max(names[base], 2)
	for ; names[name] > 0; n++ {
		name = base + strconv.Itoa(n)
	}
	names[name] = 2
	names[base] = n // those below are taken
	return name
}
