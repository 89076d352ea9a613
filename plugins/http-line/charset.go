package httpline

import (
	"unicode"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

// send sends a text message in the session's charset, and eol after it.
func (m *machine) send(text, eol []byte, out *core.Out) {
	if !m.latin1 {
		out.Server(text, eol)
		return
	}
	buf, lacking := m.buf[:0], false
	for len(text) > 0 {
		r, size := utf8.DecodeRune(text)
		if r > unicode.MaxLatin1 {
			r, lacking = '?', true
		}
		buf = append(buf, byte(r))
		text = text[size:]
	}
	out.Server(buf, eol)
	if lacking {
		out.Note("the message has characters that latin-1 lacks; they were sent as '?'")
	}
	m.buf = emptied(buf)
}

// text returns the server's bytes as text, valid until the next call. It returns
// valid UTF-8, which most lines are, unchanged.
func (m *machine) text(line []byte) []byte {
	if !m.latin1 && utf8.Valid(line) {
		return line
	}
	buf := m.buf[:0]
	for len(line) > 0 {
		r, size := rune(line[0]), 1
		if !m.latin1 {
			r, size = utf8.DecodeRune(line) // U+FFFD and 1 for an invalid byte
		}
		buf = utf8.AppendRune(buf, r)
		line = line[size:]
	}
	m.buf = emptied(buf)
	return buf
}

// wholeRunes returns where to cut held, which is longer than maxLine: at maxLine,
// or up to three bytes before to keep a rune whole. A rune of which too few bytes
// are held counts as valid; invalid bytes are cut anywhere. Only the first
// maxLine+2 bytes of a line are ever held here, so the answer does not depend on
// how much more has arrived.
func wholeRunes(held []byte) int {
	for at := maxLine - 1; at > maxLine-utf8.UTFMax; at-- {
		if !utf8.RuneStart(held[at]) {
			continue
		}
		if _, size := utf8.DecodeRune(held[at:]); at+size > maxLine || !utf8.FullRune(held[at:]) {
			return at
		}
		break
	}
	return maxLine
}

// emptied returns b without its bytes, and without its memory if that is large:
// thousands of sessions may be idle.
func emptied(b []byte) []byte {
	if cap(b) > keep {
		return nil
	}
	return b[:0]
}
