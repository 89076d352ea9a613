package play

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Bounds of a group of entries that come in any order. Each of its bytes may have to be
// compared with all of its entries.
const (
	MaxGroup      = 64      // entries
	MaxGroupBytes = 1 << 20 // recorded bytes of them together
)

// A player takes a group as if the entries had been recorded in the order in which they
// come: it compares what comes with all that are left, until one alone fits, and has this
// one follow. What was held meanwhile is then compared with it as with any other.

// groups finds the entries that may change places, and refuses those that could not be told
// apart wherever they come.
func (b *builder) groups() error {
	group := 0
	for from := 0; from < len(b.steps); {
		first := b.steps[from].order
		if first == nil {
			from++
			continue
		}
		to := from + 1
		for to < len(b.steps) && b.steps[to].from == b.steps[from].from && b.steps[to].order != nil && bytes.Equal(b.steps[to].order.Text, first.Text) {
			to++
		}
		if to == from+1 {
			return b.unusable(first.Line, "expected another any-order above an entry beside this one: those that change places are one side's, with nothing that the other says between them")
		}
		group++
		for i := from; i < to; i++ {
			b.steps[i].group = group
		}
		if err := b.group(b.steps[from:to]); err != nil {
			return err
		}
		from = to
	}
	return nil
}

// group checks one, and counts of each entry how many others would be taken for it.
func (b *builder) group(steps []step) error {
	size := 0
	for i := range steps {
		s := &steps[i]
		if size += len(s.data); i == MaxGroup || size > MaxGroupBytes {
			return b.unusable(s.order.Line, "expected at most %d entries of 1 MiB together in any order", MaxGroup)
		}
		if len(s.data) == 0 {
			return b.unusable(s.order.Line, "expected bytes below any-order: nobody could say when nothing comes")
		}
		for _, c := range s.pieces {
			if c.fields != nil {
				return b.unusable(c.rule.Line, "expected no match field in any order: a line mode says what a message is only once it is known where it begins")
			}
			for j := range steps {
				if j != i && c.uses() && steps[j].captures(c.site) {
					return b.unusable(c.rule.Line, "expected a name that was captured before these entries: the one of line %d may come later", steps[j].line)
				}
			}
		}
	}
	for i := range steps {
		for j := range steps {
			fit := b.candidate(&steps[i], core.Client, b.values)
			if b.Datagrams() {
				if fit.takesDatagram(steps[j].data); i != j && fit.differs == nil {
					steps[i].general++
				}
				continue
			}
			n := fit.takes(steps[j].data)
			switch {
			case i == j && fit.differs == nil && (!fit.Heard() || n < len(steps[i].data)):
				return b.unusable(steps[i].order.Line, "expected an entry that tells by itself where it ends, since any other may come after it: let its last rule end with the bytes that end them, such as \\r\\n")
			case i != j && fit.differs == nil && fit.Heard() && n < len(steps[j].data):
				return b.unusable(steps[i].order.Line, "expected entries that can be told apart: that of line %d begins as this one is, whole", steps[j].line)
			case i != j && fit.differs == nil && fit.Heard():
				steps[i].general++
			}
		}
	}
	return nil
}

func (s *step) captures(site int) bool {
	return slices.ContainsFunc(s.pieces, func(c piece) bool { return slices.Contains(c.sites, site) })
}

// candidate is a player to which a peer says one step and no more.
func (s *Script) candidate(of *step, as core.Side, values [][]byte) *Player {
	one := *of
	one.from, one.order = other(as), nil
	p := &Player{Script: &Script{file: s.file, end: s.end, steps: []step{one}}, as: as, values: values}
	if slices.ContainsFunc(one.pieces, func(c piece) bool { return len(c.sites) > 0 }) {
		p.values = slices.Clone(values)
	}
	p.advance()
	return p
}

// takes compares up to the first byte that differs or the end of the step, and returns how
// many bytes that are.
func (p *Player) takes(data []byte) int {
	rest := data
	for len(rest) > 0 && !p.Heard() && p.differs == nil {
		rest, _ = p.takePiece(rest)
	}
	return len(data) - len(rest)
}

// choosing is what a player has of the next entry of a group, before it knows which it is.
type choosing struct {
	fits []*Player // by the entries that are left, from p.at; nil for those that differ
	came []byte
	done int // the step before this was chosen
}

// groupEnd returns the index after the entries that may come now.
func (p *Player) groupEnd() int {
	end := p.at
	for end < len(p.steps) && p.steps[end].group == p.steps[p.at].group && p.steps[end].from == p.steps[p.at].from && p.steps[end].kind == bytesStep {
		end++
	}
	return end
}

// chooses reports whether one of several entries comes next.
func (p *Player) chooses() bool {
	return p.awaitsBytes() && p.steps[p.at].group > 0 && p.choosing.done != p.at+1 && p.groupEnd() > p.at+1
}

// choose takes bytes until it is clear which entry comes. It returns the bytes to compare
// with it, among them those that it held.
func (p *Player) choose(data []byte) (rest []byte, m *Mismatch) {
	c := &p.choosing
	if c.fits == nil {
		for i := p.at; i < p.groupEnd(); i++ {
			c.fits = append(c.fits, p.candidate(&p.steps[i], p.as, p.values))
		}
	}
	for i := range data { // each byte for itself, so that cuts change nothing
		c.came = append(c.came, data[i])
		if c.take(data[i:i+1]) || len(c.came) == MaxHeld {
			return p.chosen(data[i+1:]), nil
		}
	}
	return nil, nil
}

// take compares a byte with all entries that are left, and reports whether it is clear which
// comes.
func (c *choosing) take(b []byte) (clear bool) {
	left := 0
	for _, fit := range c.fits {
		if fit.differs != nil {
			continue
		}
		fit.takes(b)
		if fit.differs == nil {
			left++
			clear = clear || fit.Heard()
		}
	}
	return clear || left < 2
}

// pick returns the entry that is whole; of several the one for which the fewest others
// would be taken; else the first that fits, else the one that fitted the longest.
func (p *Player) pick() (best int) {
	better := func(i, than int) bool {
		a, b := p.choosing.fits[i], p.choosing.fits[than]
		switch {
		case (a.differs == nil) != (b.differs == nil):
			return a.differs == nil
		case a.differs != nil:
			return a.differs.Offset > b.differs.Offset
		case a.Heard() != b.Heard():
			return a.Heard()
		}
		return a.Heard() && p.steps[p.at+i].general < p.steps[p.at+than].general
	}
	for i := range p.choosing.fits {
		if better(i, best) {
			best = i
		}
	}
	return best
}

// chosen has the entry that comes follow, and returns what is to be compared with it.
func (p *Player) chosen(data []byte) (rest []byte) {
	if best := p.pick(); best > 0 {
		own := *p.Script
		own.steps = slices.Clone(own.steps)
		s := own.steps[p.at+best]
		copy(own.steps[p.at+1:], own.steps[p.at:p.at+best])
		own.steps[p.at] = s
		p.Script = &own
	}
	rest = append(p.choosing.came, data...)
	p.choosing = choosing{done: p.at + 1}
	p.goTo(p.at, 0)
	return rest
}

// decide ends a choice after which nothing more comes.
func (p *Player) decide() (m *Mismatch) {
	if !p.chooses() || len(p.choosing.came) == 0 {
		return nil
	}
	rest := p.chosen(nil)
	p.decoding.came -= int64(len(rest)) // they come again
	for len(rest) > 0 {
		var first *Mismatch
		if rest, first = p.Take(rest); m == nil {
			m = first
		}
	}
	return m
}

// orOther says which other entries of a group might have come in place of the next one.
func (p *Player) orOther() string {
	if !p.awaitsBytes() || p.steps[p.at].group == 0 || p.piece > 0 || p.off > 0 {
		return ""
	}
	var lines []string
	for i := p.at + 1; i < p.groupEnd(); i++ {
		lines = append(lines, fmt.Sprint(p.steps[i].line))
	}
	switch n := len(lines); {
	case n == 0:
		return ""
	case n > 4:
		lines = append(lines[:3], fmt.Sprintf("of %d more lines", n-3))
	}
	return " or, in any order, what is in line " + strings.Join(lines, ", ")
}

// takesDatagram compares with a whole datagram.
func (p *Player) takesDatagram(data []byte) {
	n := p.takes(data)
	p.endMatches()
	if p.differs == nil && (n < len(data) || !p.Heard()) {
		p.mismatch(nil)
	}
}

// chooseDatagram has the entry follow that a datagram is.
func (p *Player) chooseDatagram(data []byte) {
	if !p.chooses() {
		return
	}
	for i := p.at; i < p.groupEnd(); i++ {
		fit := p.candidate(&p.steps[i], p.as, p.values)
		fit.takesDatagram(data)
		p.choosing.fits = append(p.choosing.fits, fit)
	}
	p.chosen(nil)
}

// orderRule returns the any-order above an entry, if there is one.
func (b *builder) orderRule(e *transcript.Entry) (found *transcript.Rule, err error) {
	for i := range e.Rules {
		switch r := &e.Rules[i]; {
		case r.Kind != transcript.OrderRule:
		case found != nil:
			return nil, b.unusable(r.Line, "expected one any-order above an entry")
		default:
			found = r
		}
	}
	return found, nil
}
