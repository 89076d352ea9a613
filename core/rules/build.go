package rules

import (
	"bytes"
	"regexp"
	"slices"
	"sort"

	"github.com/protocol-workbench/workbench/core/play"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Bounds of what stands around the differences in a regexp, in bytes.
const (
	maxBefore  = 60  // in front, of the same line
	maxBetween = 60  // between two differences of one rule
	maxAbove   = 200 // in front, of the line above too
	maxAfter   = 60
	maxCells   = 16 // differences that one rule takes
)

// build makes the rules of all steps. It returns false if the captures have to
// be done again, because a value could not be captured or is in what is not
// explained.
func (t *attempt) build() bool {
	t.rules, t.frameless = map[int][]transcript.Rule{}, nil
	before := len(t.refused) + len(t.lost)
	for i := range t.steps {
		cells := t.steps[i].cells
		if len(cells) == 0 {
			continue
		}
		if t.ended() {
			return true
		}
		room := transcript.MaxRules - t.own[t.stepsA[i].Line]
		b := builder{writer: t.writer, step: &t.stepsA[i], next: t.next(i), cells: cells, refuse: t.refused}
		rules, bad := b.build(false)
		if len(rules) > room {
			b = builder{writer: t.writer, step: b.step, next: b.next, cells: cells, refuse: t.refused}
			rules, bad = b.build(true)
		}
		p := pair{t.steps[i].item, t.paired[t.steps[i].item]}
		if len(rules) > room {
			rules, bad = nil, cells
		}
		for k := range bad {
			t.frameless = append(t.frameless, t.unexplained(NoFrame, p, i, &bad[k]))
		}
		t.rules[t.stepsA[i].Line] = rules
	}
	return len(t.refused)+len(t.lost) == before
}

// builder makes the rules above one entry.
type builder struct {
	*writer
	step   *play.Step
	next   int // the byte that the same side says after the step, nothing, or theEnd of its stream
	cells  []cell
	refuse map[string]bool // values that could not be captured

	rules   []transcript.Rule
	blocked spans  // what rules take
	done    []bool // by cell
}

// theEnd stands for the end of a stream in the place of a byte.
const theEnd = -2

// next returns what the side of a step says after it before the other does.
func (t *attempt) next(i int) int {
	side := t.stepsA[i].From
	for i++; i < len(t.stepsA) && t.stepsA[i].From == side; i++ {
		if s := &t.stepsA[i]; s.Upgrades() { // which is no end that the peer sees
			return nothing
		} else if s.End != "" {
			return theEnd
		} else if len(s.Data) > 0 {
			return int(s.Data[0])
		}
	}
	return nothing
}

// build returns the rules, and the cells that none takes. With short there is
// little around each difference, so that one rule takes several.
func (b *builder) build(short bool) (rules []transcript.Rule, bad []cell) {
	b.done = make([]bool, len(b.cells))
	b.blocked = slices.Clone(b.step.Taken)
	b.blocked.sort()
	b.uses()
	for from := 0; from < len(b.cells) && !b.ended(); {
		if len(b.rules)+len(bad) > transcript.MaxRules { // it is of no use
			return b.rules, append(bad, b.cells[from:]...)
		}
		if b.done[from] {
			from++
			continue
		}
		to := from + 1
		for !short && to < len(b.cells) && to-from < maxCells && b.joins(to) {
			to++
		}
		if !b.match(from, to, short) {
			if to-from > 1 { // one by one
				to = from + 1
				if b.match(from, to, short) {
					from = to
					continue
				}
			}
			b.giveUp(from, &bad)
		}
		from = to
	}
	return b.rules, bad
}

func (b *builder) add(r transcript.Rule, places ...[2]int) {
	r.Line = b.step.Line
	b.rules = append(b.rules, r)
	b.blocked = append(b.blocked, places...)
	b.blocked.sort()
}

// uses makes the rules of what was captured above.
func (b *builder) uses() {
	for i := range b.cells {
		c := &b.cells[i]
		if c.use == "" || b.done[i] || b.ended() {
			continue
		}
		var here [][2]int
		var all []int
		for j := i; j < len(b.cells); j++ {
			if o := &b.cells[j]; o.use == c.use {
				here, all = append(here, [2]int{o.from, o.to}), append(all, j)
			}
		}
		r := transcript.Rule{Kind: transcript.UseRule, Text: []byte(c.use)}
		places, err := play.Places(&r, b.step.Data, c.value)
		if err == nil && len(c.value) > 2 && slices.Equal(places, here) && !slices.ContainsFunc(places, b.blocked.overlap) {
			b.add(r, places...)
			for _, j := range all {
				b.done[j] = true
			}
			continue
		}
		r.From, r.To = c.from, c.to
		b.add(r, here[0])
		b.done[i] = true
	}
}

// joins reports whether the rule of the cell before can take this one too.
func (b *builder) joins(i int) bool {
	from, to := b.cells[i-1].to, b.cells[i].from
	return !b.done[i] && b.cells[i].use == "" && to-from <= maxBetween && !b.blocked.overlap([2]int{from, to}) &&
		!bytes.Contains(b.step.Data[from:to], []byte("\n")) && b.cells[i].binary == b.cells[i-1].binary && !b.cells[i].binary
}

// giveUp takes a cell by its place if it can, or adds it to bad.
func (b *builder) giveUp(i int, bad *[]cell) {
	c := &b.cells[i]
	switch {
	case c.name != "":
		b.refuse[c.key()] = true
	case len(c.x) == len(c.y):
		b.add(transcript.Rule{Kind: transcript.AnyRule, From: c.from, To: c.to}, [2]int{c.from, c.to})
		b.done[i] = true
	default:
		*bad = append(*bad, *c)
	}
}

// match makes a match of some cells, with as much around them as it takes for
// the regexp to find these and no other bytes.
func (b *builder) match(from, to int, short bool) bool {
	cells := b.cells[from:to]
	if c := &cells[0]; c.binary && c.name == "" && len(c.x) == len(c.y) {
		return false // by its place
	}
	for _, strict := range []bool{true, false} {
		if !strict && len(cells) == 1 && len(cells[0].x) == len(cells[0].y) {
			break // by its place
		}
		for _, after := range b.after(to, short) {
			for _, before := range b.before(from, short) {
				if b.ended() {
					return false
				}
				if b.try(from, to, before, after, strict) {
					return true
				}
			}
		}
	}
	return false
}

// before returns where a regexp may begin, the best first.
func (b *builder) before(i int, short bool) []int {
	data, from := b.step.Data, b.cells[i].from
	least := 0
	if k := b.blocked.from(from); k > 0 {
		least = b.blocked[k-1][1]
	}
	if i > 0 && !b.done[i-1] {
		least = max(least, b.cells[i-1].to)
	}
	if b.cells[i].binary {
		return []int{max(least, from-8), max(least, from-32), max(least, from-2)}
	}
	line := bytes.LastIndexByte(data[:from], '\n') + 1
	above := bytes.LastIndexByte(data[:max(0, line-1)], '\n') + 1
	all := []int{max(least, line, from-maxBefore), max(least, above, from-maxAbove)}
	words := tokens(data[line:from])
	near := line
	if len(words) > 2 {
		near = line + words[len(words)-2].from
	}
	if all = append(all, max(least, near)); short {
		slices.Reverse(all)
	}
	for k, at := range all { // not within a character
		for at < from && data[at]&0xc0 == 0x80 {
			at++
		}
		all[k] = at
	}
	return all
}

// after returns where a regexp may end, the best first.
func (b *builder) after(i int, short bool) []int {
	data, to := b.step.Data, b.cells[i-1].to
	most := len(data)
	if i < len(b.cells) {
		most = b.cells[i].from
	}
	if k := b.blocked.from(to); k < len(b.blocked) {
		most = min(most, b.blocked[k][0])
	}
	if b.cells[i-1].binary {
		return []int{to, min(most, to+2), min(most, to+8)}
	}
	rest := data[to:most]
	word := to
	if next := tokens(rest[:min(len(rest), maxAfter)]); len(next) > 0 {
		word = to + next[0].to
	}
	line := most
	if k := bytes.IndexByte(rest, '\n'); k >= 0 {
		line = to + k + 1
	}
	next := most
	if k := bytes.IndexByte(data[line:most], '\n'); k >= 0 {
		next = line + k + 1
	}
	return []int{word, min(line, to+maxAfter), min(next, to+2*maxAfter), to}
}

// try makes a match of data[before:after] if it takes the cells, and no other
// bytes; but if it is not strict, others that are the same in both.
func (b *builder) try(from, to, before, after int, strict bool) bool {
	data := b.step.Data
	var expr []byte
	at, free, fixed := before, false, true
	for i := from; i < to; i++ {
		c := &b.cells[i]
		next := b.next
		if c.to < len(data) {
			next = int(data[c.to])
		}
		e, size, lazy := c.expr(next)
		expr = append(append(expr, regexp.QuoteMeta(string(data[at:c.from]))...), e...)
		at, free, fixed = c.to, lazy, size
	}
	if after == at && (free || !fixed && at == len(data) && b.next == nothing) {
		return false // nothing would end it
	}
	expr = append(expr, regexp.QuoteMeta(string(data[at:after]))...)
	if len(expr) > transcript.MaxRuleText {
		return false
	}
	r := transcript.Rule{Kind: transcript.MatchRule, Text: expr, Bytes: b.cells[from].binary}
	places, err := play.Places(&r, data, nil)
	places = slices.DeleteFunc(places, b.blocked.overlap) // a rule above has those
	if err != nil || !slices.Contains(places, [2]int{before, after}) {
		return false
	}
	named := slices.ContainsFunc(b.cells[from:to], func(c cell) bool { return c.name != "" })
	if named && len(places) > 1 {
		return false
	}
	var took []int
	for _, p := range places {
		differs := false
		for i := b.firstIn(p); i < len(b.cells) && b.cells[i].from < p[1]; i++ {
			c := &b.cells[i]
			if p[0] > c.from || c.to > p[1] || (i < from || i >= to) && (c.name != "" || c.use != "") {
				return false
			}
			differs = true
			took = append(took, i)
		}
		if strict && !differs || !matchesAll(&r, b.there(p)) {
			return false
		}
	}
	b.add(r, places...)
	for _, i := range took {
		b.done[i] = true
	}
	return true
}

// there returns what stands in the other recording in place of a part of the
// data, which cuts no cell.
func (b *builder) there(p [2]int) []byte {
	var all []byte
	at := p[0]
	for i := b.firstIn(p); i < len(b.cells) && b.cells[i].from < p[1]; i++ {
		c := &b.cells[i]
		all = append(append(all, b.step.Data[at:c.from]...), c.y...)
		at = c.to
	}
	return append(all, b.step.Data[at:p[1]]...)
}

// firstIn returns the first cell that ends after the beginning of a place.
func (b *builder) firstIn(p [2]int) int {
	return sort.Search(len(b.cells), func(i int) bool { return b.cells[i].to > p[0] })
}

// spans are places that do not overlap, in their order.
type spans [][2]int

func (s spans) sort() { slices.SortFunc(s, func(x, y [2]int) int { return x[0] - y[0] }) }

// from returns the index of the first that begins at a byte or after it.
func (s spans) from(at int) int {
	return sort.Search(len(s), func(i int) bool { return s[i][0] >= at })
}

// overlap reports whether one of them has a byte of a place.
func (s spans) overlap(p [2]int) bool {
	i := sort.Search(len(s), func(i int) bool { return s[i][1] > p[0] })
	return i < len(s) && s[i][0] < p[1]
}

// matchesAll reports whether a match finds all of some data at once.
func matchesAll(r *transcript.Rule, data []byte) bool {
	places, err := play.Places(r, data, nil)
	return err == nil && slices.Equal(places, [][2]int{{0, len(data)}})
}
