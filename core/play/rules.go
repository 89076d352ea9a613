package play

import (
	"bytes"
	"slices"
	"sort"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// piece is a part of a step's bytes that is compared in one way.
type piece struct {
	data []byte           // recorded
	rule *transcript.Rule // nil: byte for byte
	from int              // of data in the step's bytes

	fields []fieldRule // of match field rules about one message
	end    []byte      // of a match size: what follows its bytes; nil: they end with the stream or the datagram, or are so many
	match  *pattern    // of a match rule
	named  [][]byte    // … what each of its names captured when it was recorded
	sites  []int       // … and for each of its names the index in Script.values
	site   int         // of a use rule
	link   int         // whose address this is, counted from 1; 0: it is none
}

// pieces takes a payload apart by the rules above it, and defines the names
// that they capture into.
func (b *builder) pieces(e *transcript.Entry, from core.Side, data []byte) ([]piece, error) {
	var taken []piece // in their order, none overlapping
	for i := range e.Rules {
		r := &e.Rules[i]
		if r.Kind == transcript.OrderRule || r.Kind == transcript.RateRule { // of the whole entry, or of more
			continue
		}
		var found []piece
		var err error
		if r.Kind == transcript.FieldRule {
			found, err = b.findMessages(r, from, data, taken)
		} else {
			found, err = b.find(r, data, taken)
		}
		if err != nil {
			return nil, err
		}
		if len(found) == 0 && r.Kind != transcript.FieldRule {
			return nil, b.unusable(r.Line, "expected a rule that finds something in the bytes below it which no rule above it has taken")
		}
		taken = append(taken, found...)
		slices.SortFunc(taken, func(x, y piece) int { return x.from - y.from })
	}
	b.define(taken)
	var all []piece
	at := 0
	for _, p := range append(taken, piece{from: len(data)}) {
		if at < p.from {
			all = append(all, piece{from: at, data: data[at:p.from]})
		}
		if len(p.data) > 0 {
			all = append(all, p)
		}
		at = p.from + len(p.data)
	}
	return all, nil
}

// find returns what a rule takes of the bytes that are not taken yet.
func (b *builder) find(r *transcript.Rule, data []byte, taken []piece) (found []piece, err error) {
	add := func(from, to int, p piece) {
		if i := sort.Search(len(taken), func(i int) bool { return from < taken[i].from+len(taken[i].data) }); i < len(taken) && taken[i].from < to {
			return
		}
		p.from, p.data, p.rule = from, data[from:to], r
		found = append(found, p)
	}
	switch r.Kind {
	case transcript.MatchRule:
		p, err := compile(string(r.Text), comparisonFor(r, data))
		if err != nil {
			return nil, b.unusable(r.Line, "expected a regexp that can be used: %v", err)
		}
		for _, at := range p.find(data) {
			add(at[0], at[1], piece{match: p, named: p.named(data, at)})
		}
	case transcript.AnyRule:
		if r.To > len(data) {
			return nil, b.unusable(r.Line, "expected bytes that there are: below stand %d", len(data))
		}
		if r.To > 0 {
			add(r.From, r.To, piece{})
			break
		}
		for _, gap := range gaps(data, taken) {
			add(gap[0], gap[1], piece{})
		}
	case transcript.SizeRule:
		for _, gap := range gaps(data, taken) {
			add(gap[0], gap[1], piece{})
		}
		if err := b.findSize(r, found); err != nil {
			return nil, err
		}
	case transcript.UntilRule:
		if i := bytes.Index(data, r.Text); i >= 0 {
			add(0, i+len(r.Text), piece{})
		}
	case transcript.UseRule:
		site, ok := b.names[string(r.Text)]
		if !ok {
			return nil, b.unusable(r.Line, "expected a name that a match above has captured, as (?P<%s>…) does", r.Text)
		}
		value := b.values[site]
		if len(value) == 0 {
			return nil, b.unusable(r.Line, "expected a name with a value: %s had captured nothing when this was recorded", r.Text)
		}
		places, err := b.usePlaces(r, data, value)
		if err != nil {
			return nil, err
		}
		for _, at := range places {
			add(at, at+len(value), piece{site: site})
		}
	}
	return found, nil
}

// gaps returns the places that are not taken.
func gaps(data []byte, taken []piece) (all [][2]int) {
	at := 0
	for _, t := range append(slices.Clone(taken), piece{from: len(data)}) {
		if at < t.from {
			all = append(all, [2]int{at, t.from})
		}
		at = t.from + len(t.data)
	}
	return all
}

// comparisonFor says how a rule's regexp is compared with the bytes below it.
func comparisonFor(r *transcript.Rule, data []byte) comparison {
	switch {
	case r.Bytes:
		return onlyBytes
	case IsBinary(data):
		return preferBytes
	}
	return characters
}

// define gives each name that a payload's matches capture its place, in the
// order of the bytes: a name means the last capture above.
func (b *builder) define(taken []piece) {
	for i := range taken {
		p := &taken[i]
		if p.match == nil {
			continue
		}
		for n, value := range p.named {
			p.sites = append(p.sites, len(b.values))
			b.names[p.match.names[n]] = len(b.values)
			b.values = append(b.values, value)
		}
	}
}

// check plays what was recorded against itself, so that a rule which does not
// fit, or does not know where it ends, is told before anyone is waited for.
func (b *builder) check() error {
	for _, side := range []core.Side{core.Client, core.Server} {
		p := b.Play(other(side))
		for i := range b.steps {
			s := &b.steps[i]
			if s.from == side || s.isUpgrade() {
				if m := p.hear(s); m != nil {
					return b.unusable(p.ruleLine, "expected rules that fit the recorded bytes, from the first to the last; those of line %d do not: expected %s, got %s", m.Line, m.Want, m.Got)
				}
			}
			last := i+1 == len(b.steps) || b.steps[i+1].from != side || b.steps[i+1].isUpgrade()
			if s.from == side && last && p.at <= i {
				return b.unusable(p.ruleLine, "expected a rule that tells where it ends: what it matches could go on after the recorded bytes; let it end with the bytes that end them, such as \\r\\n")
			}
		}
	}
	return nil
}
