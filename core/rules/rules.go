package rules

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/play"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Result is what Write found.
type Result struct {
	// Transcript is a with the new rules above its entries. Nothing else in it
	// is changed.
	Transcript *transcript.Transcript
	// Written are the new rules, each with the line of its entry in a.
	Written     []transcript.Rule
	Unexplained []Finding // in the order of a
}

// Code says why a difference is not explained.
type Code string

// The codes.
const (
	OnlyInA  Code = "only-in-a" // a message, lines, or the end of a stream
	OnlyInB  Code = "only-in-b" // likewise
	Order    Code = "order"     // it is in both, elsewhere
	NoFrame  Code = "no-frame"  // nothing that is the same in both shows where the difference ends
	Cut      Code = "cut"       // it goes over the border of two entries of a
	TooMany  Code = "too-many"  // it is the first of more than rules can be looked for in one entry
	Conflict Code = "conflict"  // rules were found, and the check has refused them: see Why
)

// Finding is a difference that no rule explains.
type Finding struct {
	Code  Code
	From  core.Side // who said it
	LineA int       // of the entry in a, 0 for none
	LineB int       // … in b
	A, B  []byte    // what differs; empty for the end of a stream
	End   string    // "eof" or "failed" for the end of a stream
	Why   string    // of Conflict, in words
}

// Write finds the rules that make a play against what b has. Both need to be
// usable with play.New; the error says which is not. Rules that are in a stay;
// those in b do not count. a and b are not changed. Once ctx is done Write returns
// its error.
func Write(ctx context.Context, nameA string, a *transcript.Transcript, nameB string, b *transcript.Transcript) (*Result, error) {
	scriptA, err := play.New(nameA, a)
	if err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	scriptB, err := play.New(nameB, withRules(b, nil, false))
	if err != nil {
		return nil, err
	}
	w := writer{ctx: ctx, nameA: nameA, a: a, stepsA: scriptA.Steps(), scriptB: scriptB, stepsB: scriptB.Steps(), own: map[int]int{}}
	for i := range a.Entries {
		w.own[a.Entries[i].Line] = len(a.Entries[i].Rules)
	}
	r := w.write(messages)
	// The two may have spoken at once: then what one side said says nothing of
	// where the other had got to.
	if len(r.Unexplained) > 0 && !w.ended() {
		if other := w.write(streams); len(other.Unexplained) < len(r.Unexplained) {
			r = other
		}
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return r, nil
}

// withRules copies a transcript with further rules, by the line of the entry
// that they stand above, and with its own or without.
func withRules(t *transcript.Transcript, rules map[int][]transcript.Rule, own bool) *transcript.Transcript {
	c := *t
	c.Entries = slices.Clone(t.Entries)
	for i := range c.Entries {
		e := &c.Entries[i]
		if !own {
			e.Rules = nil
		}
		if more := rules[e.Line]; len(more) > 0 {
			e.Rules = slices.Concat(e.Rules, more)
		}
	}
	return &c
}

// maxStepCells bounds the places of one entry that rules are looked for.
const maxStepCells = 2000

// writer looks for rules.
type writer struct {
	ctx            context.Context
	nameA          string
	a              *transcript.Transcript
	stepsA, stepsB []play.Step
	scriptB        *play.Script
	own            map[int]int // how many rules of a's own stand above an entry, by its line
}

// ended reports whether the search is to end: then loops do, whatever they have
// found, and Write returns the context's error.
func (w *writer) ended() bool { return w.ctx.Err() != nil }

// attempt is one way to compare.
type attempt struct {
	*writer
	pairs     []pair
	paired    map[*item]*item // … of which b's is found by a's
	lost      map[*item]bool  // of a: not all of it is explained
	findings  []Finding
	frameless []Finding                 // of the last build
	steps     []stepCells               // by step of a
	refused   map[string]bool           // values that cannot be captured
	rules     map[int][]transcript.Rule // by the line of an entry
}

// stepCells are the cells of a step, in their order.
type stepCells struct {
	cells []cell
	item  *item
}

// write compares item by item, and checks what it found.
func (w *writer) write(split func([]play.Step) []*item) *Result {
	t := &attempt{writer: w, paired: map[*item]*item{}, lost: map[*item]bool{}, refused: map[string]bool{}, steps: make([]stepCells, len(w.stepsA))}
	for _, p := range w.align(split(w.stepsA), split(w.stepsB)) {
		if p.a != nil && p.b != nil {
			t.pairs = append(t.pairs, p)
			t.paired[p.a] = p.b
		} else {
			t.findings = append(t.findings, t.alone(p))
		}
	}
	t.reorder()
	for _, p := range t.pairs {
		if p.a.end == "" && !w.ended() && !bytes.Equal(p.a.data, p.b.data) {
			t.compare(p)
		}
	}
	for checked := false; !checked && !w.ended(); { // each turn but the last gives up a value or an item
		t.capture()
		checked = t.build() && t.verify()
	}
	r := &Result{Transcript: withRules(w.a, t.rules, true), Unexplained: append(t.findings, t.frameless...)}
	for i := range w.a.Entries {
		r.Written = append(r.Written, t.rules[w.a.Entries[i].Line]...)
	}
	slices.SortStableFunc(r.Unexplained, func(x, y Finding) int { return cmp.Or(x.LineA, x.LineB) - cmp.Or(y.LineA, y.LineB) })
	return r
}

// alone is the finding of an item that has no counterpart.
func (t *attempt) alone(p pair) Finding {
	if p.a != nil {
		return Finding{Code: OnlyInA, From: p.a.from, LineA: p.a.line, A: p.a.data, End: p.a.end}
	}
	return Finding{Code: OnlyInB, From: p.b.from, LineB: p.b.line, B: p.b.data, End: p.b.end}
}

// reorder makes one finding of two about a message that is elsewhere in b.
func (t *attempt) reorder() {
	type message struct {
		from      core.Side
		end, data string
	}
	inB := map[message][]*Finding{} // those that are in b only, in their order
	for i := range t.findings {
		if f := &t.findings[i]; f.Code == OnlyInB {
			m := message{f.From, f.End, string(f.B)}
			inB[m] = append(inB[m], f)
		}
	}
	moved := map[*Finding]bool{}
	for i := range t.findings {
		f := &t.findings[i]
		if f.Code != OnlyInA {
			continue
		}
		m := message{f.From, f.End, string(f.A)}
		if same := inB[m]; len(same) > 0 {
			f.Code, f.LineB, f.B = Order, same[0].LineB, same[0].B
			moved[same[0]] = true
			inB[m] = same[1:]
		}
	}
	var left []Finding
	for i := range t.findings {
		if !moved[&t.findings[i]] {
			left = append(left, t.findings[i])
		}
	}
	t.findings = left
}

// compare finds the cells of a pair, and gives them to the steps of a.
func (t *attempt) compare(p pair) {
	c := t.writer.compare(p.a.data, p.b.data)
	for _, o := range c.odds {
		if t.ended() {
			return
		}
		f := Finding{Code: OnlyInA, From: p.a.from, A: c.a[o.aFrom:o.aTo], B: c.b[o.bFrom:o.bTo],
			LineA: lineAt(t.stepsA, p.a, o.aFrom), LineB: lineAt(t.stepsB, p.b, o.bFrom)}
		if len(f.A) == 0 {
			f.Code = OnlyInB
		}
		t.findings = append(t.findings, f)
	}
	at := 0
	for _, i := range p.a.steps {
		end := at + len(t.stepsA[i].Data)
		t.steps[i].item = p.a
		for len(c.cells) > 0 && c.cells[0].from < end {
			x := c.cells[0]
			switch {
			case x.to <= end:
				c.cells = c.cells[1:]
			case len(x.x) != len(x.y):
				c.cells = c.cells[1:]
				t.findings = append(t.findings, t.unexplained(Cut, p, i, &x))
				continue
			default:
				var rest cell
				x, rest = x.split(end - x.from)
				x.parts[0].cut, rest.parts[0].cut = true, true
				c.cells[0] = rest
			}
			x.from, x.to = x.from-at, x.to-at
			if spans(t.stepsA[i].Taken).overlap([2]int{x.from, x.to}) { // the check tells whether that is right
				continue
			}
			t.steps[i].cells = append(t.steps[i].cells, x)
		}
		at = end
	}
	for _, i := range p.a.steps {
		if cells := t.steps[i].cells; len(cells) > maxStepCells {
			t.findings = append(t.findings, t.unexplained(TooMany, p, i, &cells[0]))
			t.steps[i].cells = nil
		}
	}
	if len(c.odds) > 0 {
		t.lost[p.a] = true
	}
}

// split cuts a cell of as many bytes in both at n of them.
func (c *cell) split(n int) (before, after cell) {
	cut := func(from, to int) cell {
		return newCell(c.from+from, c.x[from:to], c.y[from:to], c.binary)
	}
	return cut(0, n), cut(n, len(c.x))
}

// lineAt returns the line of the entry that has an item's byte.
func lineAt(steps []play.Step, it *item, at int) int {
	line := it.line
	for _, i := range it.steps {
		line = steps[i].Line
		if at < len(steps[i].Data) {
			break
		}
		at -= len(steps[i].Data)
	}
	return line
}

func (t *attempt) unexplained(code Code, p pair, step int, c *cell) Finding {
	t.lost[p.a] = true
	return Finding{Code: code, From: p.a.from, LineA: t.stepsA[step].Line, LineB: p.b.line, A: c.x, B: c.y}
}

// verify checks the rules with the code that plays: they must be usable, and
// what b has must fit. If they are refused it gives an item up, and returns
// false if there was one: then the rest is to be tried.
func (t *attempt) verify() bool {
	script, err := play.New(t.nameA, withRules(t.a, t.rules, true))
	var bad *transcript.SyntaxError
	if errors.As(err, &bad) {
		return !t.giveUp(t.entryLine(bad.Line), bad.Msg)
	}
	if t.ended() {
		return true
	}
	inA, inB := map[int]bool{}, map[int]bool{}
	for _, p := range t.pairs {
		if t.lost[p.a] {
			continue
		}
		for _, i := range p.a.steps {
			inA[i] = true
		}
		for _, i := range p.b.steps {
			inB[i] = true
		}
	}
	m := script.Only(func(i int) bool { return inA[i] }).Fit(t.scriptB.Only(func(i int) bool { return inB[i] }))
	return m == nil || !t.giveUp(m.Line, m.Error())
}

// entryLine returns the line of the entry below a rule, or the line itself.
func (t *attempt) entryLine(line int) int {
	for i := range t.a.Entries {
		for _, r := range t.a.Entries[i].Rules {
			if r.Line == line {
				return t.a.Entries[i].Line
			}
		}
	}
	return line
}

// giveUp writes no rules for the item that has an entry; why is what the check
// said. It reports whether there was something to give up.
func (t *attempt) giveUp(line int, why string) bool {
	has := func(p pair) bool {
		return slices.ContainsFunc(p.a.steps, func(i int) bool { return t.stepsA[i].Line == line })
	}
	at := slices.IndexFunc(t.pairs, func(p pair) bool { return has(p) && !t.lost[p.a] })
	if at < 0 {
		at = slices.IndexFunc(t.pairs, func(p pair) bool {
			return has(p) && slices.ContainsFunc(p.a.steps, func(i int) bool { return len(t.steps[i].cells) > 0 })
		})
	}
	if at < 0 {
		step := slices.IndexFunc(t.stepsA, func(s play.Step) bool { return s.Line == line })
		f := Finding{Code: Conflict, From: core.Client, LineA: line, Why: why}
		if step >= 0 {
			f.From, f.A = t.stepsA[step].From, t.stepsA[step].Data
		}
		t.findings = append(t.findings, f)
		return false
	}
	p := t.pairs[at]
	if !t.lost[p.a] {
		t.lost[p.a] = true
		t.findings = append(t.findings, Finding{Code: Conflict, From: p.a.from, LineA: line, LineB: p.b.line, A: p.a.data, B: p.b.data, End: p.a.end, Why: why})
	}
	for _, i := range p.a.steps {
		t.steps[i].cells = nil
	}
	return true
}
