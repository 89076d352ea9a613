package redact

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"regexp"
	"regexp/syntax"
	"unicode/utf8"
)

// MaxProgram bounds an expression that is compiled, in instructions. A search may
// run each of them for each character.
const MaxProgram = 10_000

// Expr is an expression whose searches can be interrupted.
type Expr struct {
	text   string
	first  *regexp.Regexp // finds the first match in data that nothing precedes
	next   *regexp.Regexp // … after the first character of data, as its first group
	prefix []byte         // each match begins with it
}

// Compile compiles a regular expression in Go's syntax. It returns an error for one
// that takes more than [MaxProgram] instructions.
func Compile(expr string) (*Expr, error) {
	tree, err := syntax.Parse(expr, syntax.Perl)
	if err != nil {
		return nil, err
	}
	prog, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, err
	}
	if len(prog.Inst) > MaxProgram {
		return nil, fmt.Errorf("expression too large: it takes %d instructions, at most %d are allowed; write it shorter, with fewer or smaller repetitions", len(prog.Inst), MaxProgram)
	}
	x := &Expr{text: expr}
	if x.first, err = regexp.Compile(expr); err != nil {
		return nil, err
	}
	// The tree's text, since expr may end within \Q, or with flags.
	if x.next, err = regexp.Compile(`\A(?s:.)(?s:.*?)(` + tree.String() + `)`); err != nil {
		return nil, err
	}
	prefix, _ := x.first.LiteralPrefix()
	x.prefix = []byte(prefix)
	return x, nil
}

// String returns the text that was compiled.
func (x *Expr) String() string { return x.text }

// each calls found with the place of each match, and of its first group if the
// expression has one, as FindAllSubmatchIndex has them. It returns ctx's error once
// ctx is done.
func (x *Expr) each(ctx context.Context, data []byte, found func(at []int)) error {
	last := -1 // where the match before ended
	for pos := 0; pos <= len(data); {
		at := x.find(ctx, data, pos)
		if err := ctx.Err(); err != nil {
			return err
		}
		if at == nil {
			return nil
		}
		empty := at[1] == pos
		if !empty || at[0] != last { // an empty match right after another does not count
			found(at)
		}
		pos, last = at[1], at[1]
		if empty {
			_, size := utf8.DecodeRune(data[pos:])
			pos += max(size, 1)
		}
	}
	return nil
}

// find returns the first match in data[pos:], which begins where a character does.
// A reader is all that regexp offers to end a search early, and it does not tell
// regexp what precedes it, which \b and the like ask for: so it begins with the
// character before.
func (x *Expr) find(ctx context.Context, data []byte, pos int) []int {
	skip := bytes.Index(data[pos:], x.prefix)
	if skip < 0 {
		return nil
	}
	if pos += skip; pos == 0 {
		return x.first.FindReaderSubmatchIndex(&reader{ctx: ctx, rest: data})
	}
	_, size := utf8.DecodeLastRune(data[:pos])
	before := pos - size
	at := x.next.FindReaderSubmatchIndex(&reader{ctx: ctx, rest: data[before:]})
	if at == nil {
		return nil
	}
	at = at[2:]
	for i := range at {
		if at[i] >= 0 {
			at[i] += before
		}
	}
	return at
}

// reader reads characters, and ends early when its context does.
type reader struct {
	ctx  context.Context
	rest []byte
	n    int // characters that were read
}

// lookEach is after how many characters a search looks whether it is to end.
const lookEach = 256

func (r *reader) ReadRune() (c rune, size int, err error) {
	if len(r.rest) == 0 || r.n%lookEach == 0 && r.ctx.Err() != nil {
		return 0, 0, io.EOF
	}
	c, size = rune(r.rest[0]), 1
	if c >= utf8.RuneSelf {
		c, size = utf8.DecodeRune(r.rest)
	}
	r.rest = r.rest[size:]
	r.n++
	return c, size, nil
}
