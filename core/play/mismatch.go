package play

import (
	"bytes"
	"fmt"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Mismatch is the first byte, or the end, with which a peer says other than
// what was recorded. It is the same however the peer's bytes were cut.
type Mismatch struct {
	File   string
	Line   int       // of the entry whose bytes were expected
	From   core.Side // whose bytes
	Offset int64     // of the byte, or of what a rule takes, in the peer's stream
	Want   string    // a string or a rule as transcripts write it, or words
	Got    string    // likewise, up to and with the first byte that differs
	// Nearest says that the client fits no script of a pool that is left, and
	// that File is the one which it agreed with the longest.
	Nearest bool
	Link    string // the further connection by which it says so; "": the one to the server
	Cause   error  // of a TLS handshake that failed where it should not have; nil otherwise
}

// Error tells all of it in a line.
func (m *Mismatch) Error() string {
	by := ""
	if m.Link != "" {
		by = " by the further connection " + m.Link
	}
	words := fmt.Sprintf("%s:%d: byte %d of the %s's stream%s: expected %s, got %s", core.Printable(m.File), m.Line, m.Offset, m.From, by, m.Want, m.Got)
	if m.Nearest {
		return "fits no recording that is left; the nearest: " + words
	}
	return words
}

// Awaited tells what the player waits for, as the mismatch that it is when
// nothing comes; got says how nothing came.
func (p *Player) Awaited(got string) *Mismatch {
	if m := p.decide(); m != nil {
		return m
	}
	m := p.describe()
	m.Got = got
	if p.note(m); p.differs == m {
		p.strange = bytes.Clone(p.held)
	}
	return m
}

// note keeps the first mismatch, and where it was.
func (p *Player) note(m *Mismatch) {
	if p.differs != nil {
		p.strangeFull = p.strangeFull || p.differs != m
		return
	}
	p.differs = m
	p.differsAt = p.at
	if p.awaitsBytes() {
		pieces := p.steps[p.at].pieces
		p.before = p.join(pieces[:p.piece])
		p.before = append(p.before, p.bytesOf(&pieces[p.piece])[:p.off]...)
	}
}

// mismatch notes that the bytes, the first of which differs, came in place of
// those that are expected, and begins to skip.
func (p *Player) mismatch(got []byte) *Mismatch {
	m := p.describe()
	m.Got = quote(append(bytes.Clone(p.lineBefore()), got...))
	p.note(m)
	p.beginSkip()
	return m
}

// describe tells what is expected now.
func (p *Player) describe() *Mismatch {
	m := &Mismatch{File: p.file, Link: p.link, From: other(p.as), Offset: p.offset + int64(p.off), Want: "nothing more"}
	if p.Heard() {
		for _, s := range p.steps {
			if s.from == m.From || m.Line == 0 {
				m.Line = s.line
			}
		}
		return m
	}
	s := &p.steps[p.at]
	m.Line = s.line
	switch {
	case s.kind == endStep:
		m.Want = "the end of the " + s.from.String() + "'s stream"
	case s.kind == breakStep:
		m.Want = "the connection broken"
	case s.isUpgrade() && p.as == core.Server && !p.hello:
		m.Want = "the beginning of a TLS handshake"
	case s.isUpgrade():
		m.Want = s.outcome()
	default:
		c := &s.pieces[p.piece]
		if c.rule != nil {
			m.Want = string(transcript.AppendRule(nil, c.rule))
			if c.uses() {
				m.Want += ", which is " + quote(p.values[c.site])
			}
			m.Want += p.orOther()
			break
		}
		if c.link > 0 {
			m.Want = "the address of the further connection " + p.links[c.link-1].link + ", such as " + quote(c.data)
			break
		}
		rest := c.data[p.off:]
		if i := bytes.IndexByte(rest, '\n'); i >= 0 {
			rest = rest[:i+1]
		}
		m.Want = quote(append(bytes.Clone(p.lineBefore()), rest[:min(len(rest), maxShown)]...)) + p.orOther()
	}
	return m
}

// maxShown bounds the bytes that a mismatch shows before the one that differs,
// and from it on.
const maxShown = 60

// lineBefore returns what came of the line that the next byte belongs to, as
// far as it was compared byte for byte.
func (p *Player) lineBefore() []byte {
	if !p.awaitsBytes() {
		return nil
	}
	c := &p.steps[p.at].pieces[p.piece]
	if c.rule != nil && !c.uses() {
		return nil
	}
	before := p.bytesOf(c)
	before = before[max(0, p.off-maxShown):p.off]
	return before[bytes.LastIndexByte(before, '\n')+1:]
}

// quote writes bytes as a string of a transcript.
func quote(b []byte) string { return transcript.Excerpt(b, 3*maxShown) }

// skipping says how much is skipped after a mismatch: up to so many line ends,
// or so many bytes, or all that comes, or all up to what begins a TLS handshake.
type skipping struct {
	lines, bytes int
	all, hello   bool
}

// beginSkip makes the rest of the run that differs strange: what was expected
// up to the next thing that we say.
func (p *Player) beginSkip() {
	rest := p.restOfRun()
	switch {
	case p.atUpgrade():
		p.skipping = skipping{hello: true}
	case len(rest) == 0, p.Datagrams():
		p.skipping = skipping{all: true}
	case rest[len(rest)-1] == '\n':
		p.skipping = skipping{lines: bytes.Count(rest, []byte{'\n'})}
	default:
		p.skipping = skipping{bytes: len(rest)}
	}
}

// restOfRun returns what was recorded of the peer's run from where it is now.
func (p *Player) restOfRun() []byte {
	var rest []byte
	for i := p.at; i < p.runEnd(); i++ {
		s := &p.steps[i]
		if i > p.at {
			rest = append(rest, s.data...)
		} else if p.piece < len(s.pieces) {
			c := &s.pieces[p.piece]
			rest = append(rest, s.data[c.from+min(p.off, len(c.data)):]...)
		}
	}
	return rest
}

// runEnd returns the index after the bytes of the peer that come without one
// of our own between.
func (p *Player) runEnd() int {
	i := p.at
	for i < len(p.steps) && p.steps[i].from != p.as && p.steps[i].kind == bytesStep {
		i++
	}
	return i
}

// skip drops what is strange, and goes on after the run when it is over.
func (p *Player) skip(data []byte) (rest []byte) {
	k, n := &p.skipping, len(data)
	switch {
	case k.lines > 0:
		for n = 0; n < len(data) && k.lines > 0; n++ {
			if data[n] == '\n' {
				k.lines--
			}
		}
	case k.hello:
		if i := bytes.IndexByte(data, hello); i >= 0 {
			n, k.hello = i, false
		}
	case k.bytes > 0:
		n = min(len(data), k.bytes)
		k.bytes -= n
	}
	if !p.strangeFull {
		p.strange = append(p.strange, data[:min(n, MaxHeld-len(p.strange))]...)
	}
	p.offset += int64(n)
	if *k == (skipping{}) {
		p.offset += int64(p.off)
		p.goTo(p.runEnd(), 0)
	}
	return data[n:]
}

// varies reports whether what we say there may be other than what was recorded.
func (c piece) varies() bool { return c.uses() || c.link > 0 }

func (c piece) uses() bool { return c.rule != nil && c.rule.Kind == transcript.UseRule }

func (c piece) isUntil() bool { return c.rule != nil && c.rule.Kind == transcript.UntilRule }

// common returns how many bytes a and b begin with in common.
func common(a, b []byte) int {
	n := min(len(a), len(b))
	if bytes.Equal(a[:n], b[:n]) {
		return n
	}
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}
