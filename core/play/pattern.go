package play

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of one regexp. Its time for a byte and its memory go with them.
const (
	MaxRegexp   = 8 << 10 // instructions that it may become
	MaxCaptures = 16      // names that it may capture into
)

// pattern is a regexp of a match rule, in RE2's syntax. finder looks for it in
// what was recorded; prog compares it with a stream, of which package regexp
// cannot tell where a match is complete: it asks for the bytes after it, and a
// peer that waits for its answer sends none.
type pattern struct {
	bytes  bool // compared in ISO 8859-1, as binary.go says
	finder *regexp.Regexp
	prog   *syntax.Prog
	names  []string // that it captures into
	slots  []int    // for each capture of prog, twice the index of its name; -1 without one
}

// comparison says what a pattern takes for one character.
type comparison uint8

const (
	characters  comparison = iota // a rune of UTF-8
	preferBytes                   // a byte, unless only characters can match the regexp
	onlyBytes                     // a byte
)

// compile reads a regexp. Errors are for the person who wrote it.
func compile(text string, c comparison) (*pattern, error) {
	p := &pattern{}
	if c != characters || !utf8.ValidString(text) {
		rewritten, ok := inBytes(text)
		if !ok && c == onlyBytes {
			return nil, errors.New("compared with bytes, and names characters that are none; write each byte as \\xNN, and leave \\p and classes of characters beyond ASCII out")
		}
		if p.bytes = ok; ok {
			text = rewritten
		}
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		var bad *syntax.Error
		if errors.As(err, &bad) {
			return nil, fmt.Errorf("%s in %q", bad.Code, core.CutWords(bad.Expr, 60))
		}
		return nil, err
	}
	if size, err := weigh(tree); err != nil {
		return nil, err
	} else if size > MaxRegexp {
		return nil, fmt.Errorf("too large: with its repetitions it has over %d parts", MaxRegexp)
	}
	for _, name := range tree.CapNames() {
		slot := -1
		if name != "" {
			if !core.ValidName(name) {
				return nil, fmt.Errorf("the name %q must be 1 to %d letters, digits, '-' or '_', beginning with a letter", core.CutWords(name, 60), core.MaxName)
			}
			slot = 2 * len(p.names)
			p.names = append(p.names, name)
		}
		p.slots = append(p.slots, slot)
	}
	if len(p.names) > MaxCaptures {
		return nil, fmt.Errorf("captures into %d names; at most %d fit", len(p.names), MaxCaptures)
	}
	if p.prog, err = syntax.Compile(tree.Simplify()); err != nil {
		return nil, err
	}
	p.finder, err = regexp.Compile(text)
	return p, err
}

// weigh returns about how many instructions a regexp becomes, and refuses what
// asks for places that a stream does not have.
func weigh(re *syntax.Regexp) (size int, err error) {
	switch re.Op {
	case syntax.OpBeginLine, syntax.OpEndLine, syntax.OpBeginText, syntax.OpEndText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		return 0, errors.New(`^, $, \A, \z, \b and \B have no place in a stream; write the bytes before and after, such as \r\n`)
	case syntax.OpLiteral:
		return len(re.Rune), nil
	}
	size = 1
	for _, sub := range re.Sub {
		n, err := weigh(sub)
		if err != nil {
			return 0, err
		}
		size += n
	}
	if re.Op == syntax.OpRepeat {
		size *= max(re.Min, re.Max, 1)
	}
	return min(size, MaxRegexp+1), nil // it never overflows
}

// find returns where the pattern matches in what was recorded, empty matches
// left out: for each match the indices that regexp.FindSubmatchIndex gives.
func (p *pattern) find(data []byte) [][]int {
	var back []int // nil: the places are those in data
	if p.bytes {
		data, back = latin1(data)
	}
	var all [][]int
	for _, at := range p.finder.FindAllSubmatchIndex(data, -1) {
		if at[0] == at[1] {
			continue
		}
		for i, place := range at {
			if back != nil && place >= 0 {
				at[i] = back[place]
			}
		}
		all = append(all, at)
	}
	return all
}

// named returns what a match of find captured, by name.
func (p *pattern) named(data []byte, at []int) [][]byte {
	all := make([][]byte, len(p.names))
	for group, slot := range p.slots {
		if slot >= 0 && at[2*group] >= 0 {
			all[slot/2] = data[at[2*group]:at[2*group+1]]
		}
	}
	return all
}

// scan is a pattern that is compared with a stream from its current byte on,
// by Pike's simulation with the priorities of Perl: the match is the one that
// package regexp finds, and scan knows it as soon as no further byte can change
// it.
type scan struct {
	*pattern
	now, next threads
	partial   [utf8.UTFMax]byte // of a rune that is not whole yet
	pending   int               // bytes of it
	pos       int               // bytes that were compared
	end       int               // bytes that match so far, -1 when none do
	at        []int             // what the match captured: from and to of each name, -1 for none
	caps      []int             // while threads are followed
	round     uint32            // the step that is done
	met       []uint32          // by instruction: the round that it was last met in
	cut       bool              // a match was met in this round: what has less priority is dropped
}

// threads are instructions that wait for a rune, those with priority first,
// and what each has captured so far.
type threads struct {
	pc   []uint32
	caps []int
}

// begin starts comparing.
func (p *pattern) begin() *scan {
	s := &scan{pattern: p, end: -1, met: make([]uint32, len(p.prog.Inst)), caps: make([]int, 2*len(p.names))}
	for i := range s.caps {
		s.caps[i] = -1
	}
	s.round = 1
	s.follow(uint32(p.prog.Start), &s.now)
	return s
}

// done reports whether no further byte changes what end and at say.
func (s *scan) done() bool { return len(s.now.pc) == 0 }

// feed compares one byte. Where characters are compared, bytes that are no
// UTF-8 count as U+FFFD, each for itself, as in package regexp.
func (s *scan) feed(b byte) {
	if s.bytes {
		s.step(rune(b), 1)
		return
	}
	s.partial[s.pending] = b
	s.pending++
	for s.pending > 0 && utf8.FullRune(s.partial[:s.pending]) && !s.done() {
		s.rune()
	}
}

// finish says that no byte follows.
func (s *scan) finish() {
	for s.pending > 0 && !s.done() {
		s.rune()
	}
	s.now.pc = s.now.pc[:0]
}

// rune compares the next one of the pending bytes.
func (s *scan) rune() {
	r, size := utf8.DecodeRune(s.partial[:s.pending])
	s.pending = copy(s.partial[:], s.partial[size:s.pending])
	s.step(r, size)
}

// step compares one character of so many bytes.
func (s *scan) step(r rune, size int) {
	s.pos += size
	s.round++
	s.cut = false
	s.next.pc, s.next.caps = s.next.pc[:0], s.next.caps[:0]
	for i, pc := range s.now.pc {
		if in := &s.prog.Inst[pc]; in.MatchRune(r) {
			copy(s.caps, s.now.caps[i*len(s.caps):])
			s.follow(in.Out, &s.next)
		}
		if s.cut {
			break
		}
	}
	s.now, s.next = s.next, s.now
}

// follow adds the instructions that wait for a rune and are reached from pc.
func (s *scan) follow(pc uint32, to *threads) {
	if s.cut || s.met[pc] == s.round {
		return
	}
	s.met[pc] = s.round
	switch in := &s.prog.Inst[pc]; in.Op {
	case syntax.InstAlt, syntax.InstAltMatch:
		s.follow(in.Out, to)
		s.follow(in.Arg, to)
	case syntax.InstNop:
		s.follow(in.Out, to)
	case syntax.InstCapture:
		slot := s.slots[in.Arg/2]
		if slot < 0 {
			s.follow(in.Out, to)
			return
		}
		slot += int(in.Arg & 1)
		before := s.caps[slot]
		s.caps[slot] = s.pos
		s.follow(in.Out, to)
		s.caps[slot] = before
	case syntax.InstMatch:
		s.end, s.cut = s.pos, true
		s.at = append(s.at[:0], s.caps...)
	case syntax.InstRune, syntax.InstRune1, syntax.InstRuneAny, syntax.InstRuneAnyNotNL:
		to.pc = append(to.pc, pc)
		to.caps = append(to.caps, s.caps...)
	}
}
