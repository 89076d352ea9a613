package convert

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// How the ends of a conversation are written and read.
const (
	clientEnds  = "[C closes]"
	serverEnds  = "[S closes]"
	serverFails = "[S fails: " // followed by words and "]"
)

// maxLine is where a line is broken, in bytes: each part must fit into one event.
const maxLine = 64 << 10

// RFC writes what crossed the connection to the server as standards show a
// protocol, one line each:
//
//	S: 220 mail.example.com ESMTP
//	C: EHLO client.example.com
//
// C: is what was sent, S: what was received. Each line stands for its text and
// CR LF. Any other line has escapes: \r \n \t \\ \xNN, \n at the end of a line
// that ended in LF alone, and \c at the end of one without a line end. A backslash
// that begins none of these means itself. Ends are [C closes], [S closes] and
// [S fails: words]. All other lines are comments: the notes, and the transcript's
// mode and target on top.
//
// ParseRFC reads it back as the same bytes in the same order.
func RFC(w io.Writer, t *transcript.Transcript) error {
	r := rfcWriter{out: bufio.NewWriter(w)}
	r.out.WriteString("# " + comment(title(t)) + "\n\n")
	last := "" // the end of a side, written last, since ParseRFC ends the conversation there
	for _, c := range Crossings(t) {
		switch c.Kind {
		case Bytes:
			r.flush(core.Client + core.Server - c.From)
			r.bytes(c.From, c.Data)
		case End:
			switch {
			case c.Implied:
			case c.From == core.Server:
				last = serverEnds
			default:
				r.flush(core.Server)
				r.flush(core.Client)
				r.out.WriteString(clientEnds + "\n")
			}
		case Broken:
			last = serverFails + comment(string(c.Data)) + "]"
		}
	}
	r.flush(core.Server)
	r.flush(core.Client)
	if last != "" {
		r.out.WriteString(last + "\n")
	}
	return r.out.Flush()
}

// rfcWriter makes lines of what the sides sent, however it was cut.
type rfcWriter struct {
	out  *bufio.Writer
	left [core.Server + 1][]byte // for each side, a line that has not ended
}

// bytes takes what a side sent, and looks for line ends only there.
func (r *rfcWriter) bytes(side core.Side, data []byte) {
	for line := range bytes.Lines(data) {
		left := append(r.left[side], line...)
		done := 0
		for ; len(left)-done > maxLine; done += maxLine {
			r.line(side, left[done:done+maxLine])
		}
		if line[len(line)-1] == '\n' {
			r.line(side, left[done:])
			done = len(left)
		}
		if done > 0 {
			left = append(left[:0], left[done:]...)
		}
		r.left[side] = left
	}
}

// flush writes the rest of a side's line before the other one speaks.
func (r *rfcWriter) flush(side core.Side) {
	if len(r.left[side]) > 0 {
		r.line(side, r.left[side])
		r.left[side] = r.left[side][:0]
	}
}

// line writes the bytes of one line, its line end included.
func (r *rfcWriter) line(side core.Side, line []byte) {
	prefix := "C: "
	if side == core.Server {
		prefix = "S: "
	}
	text, whole := bytes.CutSuffix(line, []byte("\r\n"))
	r.out.WriteString(prefix)
	for i := 0; i < len(text); {
		c, size := utf8.DecodeRune(text[i:])
		switch {
		case c == '\\' && !standsAlone(text[i+1:]):
			r.out.WriteString(`\\`)
		case c == '\r':
			r.out.WriteString(`\r`)
		case c == '\n':
			r.out.WriteString(`\n`)
		case c == '\t':
			r.out.WriteString(`\t`)
		case unicode.IsPrint(c) && (c != utf8.RuneError || size > 1):
			r.out.WriteRune(c)
		default:
			for _, x := range text[i : i+size] {
				fmt.Fprintf(r.out, `\x%02x`, x)
			}
		}
		i += size
	}
	if !whole && !bytes.HasSuffix(text, []byte("\n")) {
		r.out.WriteString(`\c`)
	}
	r.out.WriteByte('\n')
}

// standsAlone reports whether a backslash before rest means itself.
func standsAlone(rest []byte) bool {
	return len(rest) > 0 && rest[0] > ' ' && rest[0] < 0x7f && strings.IndexByte(`\rntcx`, rest[0]) < 0
}

// comment makes words one line of printable text.
func comment(words string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, words)
}
