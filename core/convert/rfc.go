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

// How the ends of a conversation are written, and read again.
const (
	clientEnds  = "[C closes]"
	serverEnds  = "[S closes]"
	serverFails = "[S fails: " // words and "]" follow
)

// maxLine is where a line is broken, in bytes: as events they must fit into one.
const maxLine = 64 << 10

// RFC writes what crossed the connection to the server the way standards tell
// a protocol, a line each:
//
//	S: 220 mail.example.com ESMTP
//	C: EHLO client.example.com
//
// C: is what was sent, S: what came. Each line stands for its text and CR LF.
// What is no such line is written with escapes: \r \n \t \\ \xNN, \n at the
// end of a line that LF alone ended, and \c at the end of one that nothing
// ended. A backslash that begins none of these stands for itself. Ends are
// [C closes], [S closes] and [S fails: words]. All other lines are comments:
// the notes, and the transcript's mode and target on top.
//
// ParseRFC reads it again, and gives the same bytes in the same order.
func RFC(w io.Writer, t *transcript.Transcript) error {
	out := bufio.NewWriter(w)
	out.WriteString("# " + comment(title(t)) + "\n\n")
	for _, s := range rfcSteps(t) {
		if _, err := out.WriteString(s + "\n"); err != nil {
			return err
		}
	}
	return out.Flush()
}

// rfcSteps returns the lines. A side's end stands behind all that crossed
// after it, since it ends the conversation when it is read again.
func rfcSteps(t *transcript.Transcript) (lines []string) {
	var last string
	var left [core.Server + 1][]byte // of each side: a line that has not ended
	flush := func(side core.Side) {
		if len(left[side]) > 0 {
			lines = append(lines, rfcLine(side, left[side]))
			left[side] = nil
		}
	}
	for _, c := range Crossings(t) {
		switch c.Kind {
		case Bytes:
			flush(core.Client + core.Server - c.From)
			data := append(left[c.From], c.Data...)
			left[c.From] = nil
			for line := range bytes.Lines(data) {
				for ; len(line) > maxLine; line = line[maxLine:] {
					lines = append(lines, rfcLine(c.From, line[:maxLine]))
				}
				if line[len(line)-1] != '\n' {
					left[c.From] = line
					break
				}
				lines = append(lines, rfcLine(c.From, line))
			}
		case End:
			switch {
			case c.Implied:
			case c.From == core.Server:
				last = serverEnds
			default:
				flush(core.Server)
				flush(core.Client)
				lines = append(lines, clientEnds)
			}
		case Broken:
			last = serverFails + comment(string(c.Data)) + "]"
		}
	}
	flush(core.Server)
	flush(core.Client)
	if last != "" {
		lines = append(lines, last)
	}
	return lines
}

// rfcLine writes the bytes of one line, its line end included.
func rfcLine(side core.Side, line []byte) string {
	prefix := "C: "
	if side == core.Server {
		prefix = "S: "
	}
	text, whole := bytes.CutSuffix(line, []byte("\r\n"))
	b := strings.Builder{}
	b.WriteString(prefix)
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRune(text[i:])
		switch {
		case r == utf8.RuneError && size == 1:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case r == '\\' && !standsAlone(text[i+1:]):
			b.WriteString(`\\`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		default:
			for _, c := range text[i : i+size] {
				fmt.Fprintf(&b, `\x%02x`, c)
			}
		}
		i += size
	}
	if !whole && !bytes.HasSuffix(text, []byte("\n")) {
		b.WriteString(`\c`)
	}
	return b.String()
}

// standsAlone reports whether a backslash before rest is read as itself.
func standsAlone(rest []byte) bool {
	return len(rest) > 0 && rest[0] > ' ' && rest[0] < 0x7f && strings.IndexByte(`\rntcx`, rest[0]) < 0
}

// comment makes words one line of text that prints.
func comment(words string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsPrint(r) {
			return r
		}
		return ' '
	}, words)
}
