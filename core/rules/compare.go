package rules

import (
	"bytes"
	"slices"

	"github.com/protocol-workbench/workbench/core/play"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// cell is a place where two items differ.
type cell struct {
	from, to int // in a's bytes; in a step's when it was put there
	x, y     []byte
	parts    []part
	binary   bool // it is about bytes, not characters

	name  string // that it is captured under, "" for none
	use   string // the name that stands here again, "" for none
	value []byte // … and what it had captured
}

// newCell makes a cell of one part, which begins at a byte of a's.
func newCell(from int, x, y []byte, binary bool) cell {
	return cell{from: from, to: from + len(x), x: x, y: y, binary: binary, parts: []part{{x: x, y: y, moment: noMoment}}}
}

// part is a piece of a cell that differs, or that is between two such.
type part struct {
	x, y   []byte
	equal  bool // x is y
	moment int  // which of the moments it is, noMoment for none
	cut    bool // the border of an entry cuts it: as many bytes in both
}

const noMoment = -1

// odd is what stands in one item only, from and to in each.
type odd struct{ aFrom, aTo, bFrom, bTo int }

// comparison compares two items' bytes.
type comparison struct {
	*writer
	a, b  []byte
	cells []cell
	odds  []odd
}

func (w *writer) compare(a, b []byte) *comparison {
	c := &comparison{writer: w, a: a, b: b}
	if play.IsBinary(a) || play.IsBinary(b) {
		c.compareBytes()
	} else {
		c.compareLines()
	}
	return c
}

// compareBytes compares binary data: where it is of one size place by place,
// else what stands between the bytes that both begin and end with.
func (c *comparison) compareBytes() {
	add := func(from, to, bFrom, bTo int) {
		c.cells = append(c.cells, newCell(from, c.a[from:to], c.b[bFrom:bTo], true))
	}
	if len(c.a) != len(c.b) {
		head, tail := transcript.Ends(len(c.a), len(c.b), func(i, j int) bool { return c.a[i] == c.b[j] })
		if head+tail == min(len(c.a), len(c.b)) && head > 0 { // a byte more, so that both have one
			head--
		}
		add(head, len(c.a)-tail, head, len(c.b)-tail)
		return
	}
	for i := 0; i < len(c.a); i++ {
		from := i
		for i < len(c.a) && c.a[i] != c.b[i] {
			i++
		}
		if i > from {
			add(from, i, from, i)
		}
	}
}

// lines returns where each line begins, and the end after the last.
func lines(data []byte) []int {
	all := []int{0}
	for line := range bytes.Lines(data) {
		all = append(all, all[len(all)-1]+len(line))
	}
	return all
}

// skeletons returns each line with its likely differences left out.
func (w *writer) skeletons(data []byte, starts []int) []string {
	var all []string
	for i := range starts[:len(starts)-1] {
		if w.ended() {
			break
		}
		line := data[starts[i]:starts[i+1]]
		var text []byte
		for _, t := range tokens(line) {
			text = append(text, t.skeleton(line)...)
		}
		all = append(all, string(text))
	}
	return all
}

// compareLines compares text: lines that differ in numbers and the like alone
// are pairs, and as many lines that stand in the place of as many others.
func (c *comparison) compareLines() {
	la, lb := lines(c.a), lines(c.b)
	i, j := 0, 0             // lines that were looked at
	iPaired, jPaired := 0, 0 // … and that are in a pair
	flush := func() {
		n, m := i-iPaired, j-jPaired
		switch {
		case n == m:
			for k := 0; k < n && !c.ended(); k++ {
				c.comparePair(la[iPaired+k], la[iPaired+k+1], lb[jPaired+k], lb[jPaired+k+1])
			}
		case n == 0 || m == 0:
			c.odds = append(c.odds, odd{la[iPaired], la[i], lb[jPaired], lb[j]})
		default:
			c.compareSpan(la[iPaired], la[i], lb[jPaired], lb[j])
		}
		iPaired, jPaired = i, j
	}
	for _, e := range transcript.Edits(c.skeletons(c.a, la), c.skeletons(c.b, lb)) {
		if c.ended() {
			return
		}
		if e.Mark == ' ' {
			flush()
		}
		if e.Mark != '+' {
			i++
		}
		if e.Mark != '-' {
			j++
		}
		if e.Mark == ' ' {
			flush()
		}
	}
	flush()
}

// comparePair compares two lines: word by word if they are alike, else what
// stands between the words that both begin and end with.
func (c *comparison) comparePair(aFrom, aTo, bFrom, bTo int) {
	a, b := c.a[aFrom:aTo], c.b[bFrom:bTo]
	if bytes.Equal(a, b) {
		return
	}
	ta, tb := tokens(a), tokens(b)
	alike := len(ta) == len(tb)
	for i := 0; alike && i < len(ta); i++ {
		x, y := ta[i], tb[i]
		alike = x.kind == y.kind && x.moment == y.moment && (x.kind == word || x.kind == moment || bytes.Equal(a[x.from:x.to], b[y.from:y.to]))
	}
	if !alike {
		c.compareSpan(aFrom, aTo, bFrom, bTo)
		return
	}
	first := len(c.cells)
	for i := range ta {
		x, y := a[ta[i].from:ta[i].to], b[tb[i].from:tb[i].to]
		if bytes.Equal(x, y) {
			continue
		}
		next := newCell(aFrom+ta[i].from, x, y, false)
		if ta[i].kind == moment {
			next.parts[0].moment = ta[i].moment
		}
		if last := len(c.cells) - 1; last >= first && joins(c.a[c.cells[last].to:next.from]) {
			c.cells[last] = c.join(c.cells[last], next)
		} else {
			c.cells = append(c.cells, next)
		}
	}
}

// joins reports whether what is between two words makes one value of them, as
// in 10.0.0.7 and 1-2.
func joins(between []byte) bool {
	return len(between) <= 2 && !bytes.ContainsFunc(between, func(r rune) bool { return !bytes.ContainsRune([]byte("-._~+:@%/"), r) })
}

func (c *comparison) join(x, y cell) cell {
	between := c.a[x.to:y.from]
	x.parts = append(x.parts, part{x: between, y: between, equal: true, moment: noMoment})
	x.parts = append(x.parts, y.parts...)
	x.x, x.to = c.a[x.from:y.to], y.to
	x.y = slices.Concat(x.y, between, y.y)
	return x
}

// compareSpan makes a cell of what differs between two spans, grown to tokens.
func (c *comparison) compareSpan(aFrom, aTo, bFrom, bTo int) {
	a, b := c.a[aFrom:aTo], c.b[bFrom:bTo]
	ta, tb := tokens(a), tokens(b)
	head, tail := transcript.Ends(len(ta), len(tb), func(i, j int) bool {
		return bytes.Equal(a[ta[i].from:ta[i].to], b[tb[j].from:tb[j].to])
	})
	if head+tail == min(len(ta), len(tb)) { // a token more, so that both have one
		switch {
		case head > 0 && ta[head-1].kind != lineEnd:
			head--
		case tail > 0 && ta[len(ta)-tail].kind != lineEnd:
			tail--
		}
	}
	offset := func(ts []token, i, size int) int {
		if i == len(ts) {
			return size
		}
		return ts[i].from
	}
	x0, x1 := offset(ta, head, len(a)), offset(ta, len(ta)-tail, len(a))
	y0, y1 := offset(tb, head, len(b)), offset(tb, len(tb)-tail, len(b))
	if x0 == x1 || y0 == y1 {
		c.odds = append(c.odds, odd{aFrom + x0, aFrom + x1, bFrom + y0, bFrom + y1})
		return
	}
	c.cells = append(c.cells, newCell(aFrom+x0, a[x0:x1], b[y0:y1], false))
}
