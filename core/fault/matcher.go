package fault

import (
	"errors"
	"fmt"
	"regexp/syntax"

	"github.com/protocol-workbench/workbench/core"
)

// maxProgram bounds what a regexp becomes, in instructions.
const maxProgram = 2000

// A matcher looks for a regexp in a stream, of which it is given each byte once, in order.
// Package regexp cannot: it asks for the bytes after a match, and a peer that waits for its
// answer sends none. It is a simulation of the automaton that the regexp compiles to, as
// Pike's: each thread is a place in the program, and the ones before have precedence.
//
// A byte is the character of its value, as in ISO 8859-1. What stands in the regexp that
// is not ASCII is the bytes of its UTF-8.
type matcher struct {
	prog  *syntax.Prog
	first bool // the match that ends first; else the one that package regexp finds

	pos     int64 // of the next byte
	prev    int   // the byte before that; -1: none
	threads []thread
	next    []thread
	seen    []uint32 // by instruction: the generation in which it was added
	gen     uint32
	found   bool // a match, from and to: a thread with precedence may yet find a better one
	from    int64
	to      int64
}

type thread struct {
	pc    uint32
	start int64
}

// newMatcher compiles a regexp. Its error is for the person who wrote it.
func newMatcher(text string) (*matcher, error) {
	runes := make([]rune, len(text))
	for i := range len(text) {
		runes[i] = rune(text[i])
	}
	tree, err := syntax.Parse(string(runes), syntax.Perl&^syntax.OneLine)
	if err != nil {
		var bad *syntax.Error
		if errors.As(err, &bad) {
			return nil, fmt.Errorf("%s in %q", bad.Code, core.CutWords(bad.Expr, 60))
		}
		return nil, err
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, err
	}
	if len(prog.Inst) > maxProgram {
		return nil, fmt.Errorf("too large: with its repetitions it has over %d parts", maxProgram)
	}
	for _, inst := range prog.Inst {
		if inst.Op == syntax.InstEmptyWidth && syntax.EmptyOp(inst.Arg)&^(syntax.EmptyBeginLine|syntax.EmptyBeginText) != 0 {
			return nil, errors.New(`it asks for what follows, by $, \z, \b or \B, which has not come yet; write \r\n where a line ends`)
		}
	}
	m := &matcher{prog: prog, prev: -1, seen: make([]uint32, len(prog.Inst))}
	if m.matchesNothing() {
		return nil, errors.New("it matches where there is nothing at all; say at least one byte")
	}
	return m, nil
}

// matchesNothing reports that the empty string may match.
func (m *matcher) matchesNothing() bool {
	seen := make([]bool, len(m.prog.Inst))
	var reaches func(pc uint32) bool
	reaches = func(pc uint32) bool {
		if seen[pc] {
			return false
		}
		seen[pc] = true
		switch inst := &m.prog.Inst[pc]; inst.Op {
		case syntax.InstMatch:
			return true
		case syntax.InstAlt, syntax.InstAltMatch:
			return reaches(inst.Out) || reaches(inst.Arg)
		case syntax.InstCapture, syntax.InstNop, syntax.InstEmptyWidth:
			return reaches(inst.Out)
		}
		return false
	}
	return reaches(uint32(m.prog.Start))
}

// fresh returns a matcher of the same regexp, for another stream.
func (m *matcher) fresh(first bool) *matcher {
	return &matcher{prog: m.prog, first: first, prev: -1, seen: make([]uint32, len(m.prog.Inst))}
}

// step takes the next byte, and reports that a match is decided: from and to.
func (m *matcher) step(b byte) bool {
	if !m.found {
		m.begin()
	}
	m.generation()
	m.next = m.next[:0]
	m.pos++
	m.prev = int(b)
	for _, t := range m.threads {
		inst := &m.prog.Inst[t.pc]
		if m.pos-t.start > MaxMatch || !takes(inst, b) {
			continue
		}
		m.add(&m.next, inst.Out, t.start)
	}
	m.threads, m.next = m.next, m.threads
	for i, t := range m.threads {
		if m.prog.Inst[t.pc].Op == syntax.InstMatch {
			m.found, m.from, m.to = true, t.start, m.pos
			m.threads = m.threads[:i]
			break
		}
	}
	return m.found && (m.first || len(m.threads) == 0)
}

// begin starts a thread at the next byte, after all others. m.threads has room for it.
func (m *matcher) begin() {
	m.generation()
	for _, t := range m.threads {
		m.seen[t.pc] = m.gen
	}
	m.add(&m.threads, uint32(m.prog.Start), m.pos)
}

func (m *matcher) generation() {
	if m.gen++; m.gen == 0 {
		clear(m.seen)
		m.gen = 1
	}
}

// takes reports whether an instruction goes on after a byte.
func takes(inst *syntax.Inst, b byte) bool {
	switch inst.Op {
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		return inst.MatchRune(rune(b))
	}
	return false
}

// add adds the threads that a place in the program stands for.
func (m *matcher) add(to *[]thread, pc uint32, start int64) {
	if m.seen[pc] == m.gen {
		return
	}
	m.seen[pc] = m.gen
	switch inst := &m.prog.Inst[pc]; inst.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		m.add(to, inst.Out, start)
		m.add(to, inst.Arg, start)
	case syntax.InstCapture, syntax.InstNop:
		m.add(to, inst.Out, start)
	case syntax.InstEmptyWidth:
		op := syntax.EmptyOp(inst.Arg)
		atText, atLine := m.prev < 0, m.prev < 0 || m.prev == '\n'
		if op&syntax.EmptyBeginText != 0 && !atText || op&syntax.EmptyBeginLine != 0 && !atLine {
			return
		}
		m.add(to, inst.Out, start)
	case syntax.InstFail:
	default:
		*to = append(*to, thread{pc, start})
	}
}

// since returns where the first match begins that is not decided yet, or what comes next.
func (m *matcher) since() int64 {
	since := m.pos
	if m.found {
		since = m.from
	}
	for _, t := range m.threads {
		since = min(since, t.start)
	}
	return since
}

// again looks for the next match, from where the one that was decided ends. before is the
// byte before that.
func (m *matcher) again(before byte) {
	m.pos, m.prev = m.to, int(before)
	m.threads, m.found = m.threads[:0], false
}
