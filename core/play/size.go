package play

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/protocol-workbench/workbench/core/transcript"
)

// maxSizeEnd bounds how much of what follows is looked for, to see where the bytes of a
// match size end.
const maxSizeEnd = 64

// findSize returns what a match size takes: all that no rule above it has taken, in one
// piece.
func (b *builder) findSize(r *transcript.Rule, gaps []piece) error {
	if len(gaps) > 1 {
		return b.unusable(r.Line, "expected one stretch of bytes that no rule above has taken; there are %d", len(gaps))
	}
	if len(gaps) == 1 {
		if n := len(gaps[0].data); n < r.From || n > r.To {
			return b.unusable(r.Line, "expected sizes with that of the recorded bytes in them, which is %d", n)
		}
	}
	return nil
}

// sizes says of each match size how its bytes end: after so many, with what follows, or
// with the stream or the datagram.
func (b *builder) sizes() error {
	for i := range b.steps {
		s := &b.steps[i]
		for k := range s.pieces {
			c := &s.pieces[k]
			if !c.sizes() || c.rule.From == c.rule.To {
				continue
			}
			switch next, ends := b.after(i, k); {
			case ends:
			case next != nil && next.rule == nil:
				c.end = next.data[:min(len(next.data), maxSizeEnd)]
				if i := bytes.Index(slices.Concat(c.data, c.end), c.end); i < len(c.data) {
					return b.unusable(c.rule.Line, "expected nowhere within the bytes of match size what shows where they end, which is %s; it is after %d of them", quote(c.end), i)
				}
			default:
				return b.unusable(c.rule.Line, "expected below match size something that shows where its bytes end: bytes after them that no rule takes, or the end of the stream; or one size, as in match size 120..120")
			}
		}
	}
	return nil
}

// after returns the piece that the same side says next, or that its stream ends there, or
// the datagram.
func (b *builder) after(step, k int) (next *piece, ends bool) {
	if k+1 < len(b.steps[step].pieces) {
		return &b.steps[step].pieces[k+1], false
	}
	if b.Datagrams() {
		return nil, true
	}
	for i := step + 1; i < len(b.steps) && b.steps[i].from == b.steps[step].from; i++ {
		switch s := &b.steps[i]; {
		case s.kind == endStep || s.kind == breakStep:
			return nil, true
		case s.kind != bytesStep:
			return nil, false
		case len(s.pieces) > 0:
			return &s.pieces[0], false
		}
	}
	return nil, false
}

func (c piece) sizes() bool { return c.rule != nil && c.rule.Kind == transcript.SizeRule }

// compareSize holds bytes until they end.
func (p *Player) compareSize(c *piece, data []byte) ([]byte, *Mismatch) {
	r := c.rule
	if r.From == r.To {
		n := min(r.To-p.off, len(data))
		if p.off += n; p.off == r.To {
			p.done(r.To)
		}
		return data[n:], nil
	}
	before := len(p.held)
	n := min(len(data), r.To+max(len(c.end), 1)-before)
	p.held = append(p.held, data[:n]...)
	if len(c.end) > 0 {
		from := max(0, before-len(c.end)+1)
		if i := bytes.Index(p.held[from:], c.end); i >= 0 {
			return p.sized(c, from+i, data[n:])
		}
	}
	if len(p.held) < r.To+max(len(c.end), 1) {
		return data[n:], nil
	}
	rest, m := p.giveBack(data[n:], nil)
	if m.Got = fmt.Sprintf("more than %d bytes", r.To); len(c.end) > 0 {
		m.Got += " without " + quote(c.end) + " after them"
	}
	return rest, m
}

// sized ends the bytes of a match size; what was held beyond them comes again.
func (p *Player) sized(c *piece, size int, data []byte) ([]byte, *Mismatch) {
	if size < c.rule.From || size > c.rule.To {
		rest, m := p.giveBack(data, nil)
		m.Got = fmt.Sprintf("%d bytes", size)
		return rest, m
	}
	rest := append(bytes.Clone(p.held[size:]), data...)
	p.done(size)
	return rest, nil
}

// awaitsSize returns the match size that goes on to the end of the stream, if that is next.
func (p *Player) awaitsSize() *piece {
	if !p.awaitsBytes() || p.piece >= len(p.steps[p.at].pieces) {
		return nil
	}
	if c := &p.steps[p.at].pieces[p.piece]; c.sizes() && len(c.end) == 0 && c.rule.From < c.rule.To {
		return c
	}
	return nil
}
