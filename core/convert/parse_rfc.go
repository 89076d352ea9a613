package convert

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// maxTextLines leaves room for the header and comments above the first entry.
const maxTextLines = transcript.MaxLines - 1000

// Text says how ParseRFC makes a transcript from text.
type Text struct {
	Name string // of the file, for errors
	Mode string // the transcript's line mode; the caller has checked the name
	// Opening are the mode's opening actions, written above the first event.
	Opening []core.Action
}

// ParseRFC reads what [RFC] writes, and what standards print: C: lines become
// `>> client binary`, S: lines `>> server`, each with CR LF unless its escapes
// say something else. Lines may be indented. Every other line becomes a comment
// above the next entry, without what cannot be shown. comments is how many did,
// not counting blank lines and those that begin with #.
//
// An error is a *[transcript.SyntaxError].
func ParseRFC(o Text, data []byte) (t *transcript.Transcript, comments int, err error) {
	t = &transcript.Transcript{Mode: o.Mode}
	for _, a := range o.Opening {
		t.Entries = append(t.Entries, transcript.Entry{Dir: transcript.Action, Action: a})
	}
	data = bytes.TrimPrefix(data, []byte("\uFEFF"))
	number, ended, closed := 0, "", false
	var above []string
	for line := range bytes.Lines(data) {
		number++
		text := strings.Trim(string(line), " \t\r\n")
		fail := func(format string, args ...any) (*transcript.Transcript, int, error) {
			return nil, 0, &transcript.SyntaxError{File: o.Name, Line: number, Msg: fmt.Sprintf(format, args...)}
		}
		if number > maxTextLines {
			return fail("expected at most %d lines; cut the text in parts", maxTextLines)
		}
		if !utf8.Valid(line) {
			return fail(`expected UTF-8 text; other bytes are written \xNN`)
		}
		event, ok, problem := rfcEvent(strings.TrimLeft(strings.TrimRight(string(line), "\r\n"), " \t"), text)
		switch {
		case problem != "":
			return fail("%s", problem)
		case !ok:
			if text != "" && text[0] != '#' {
				comments++
			}
			above = append(above, commentLine(text))
			continue
		case ended != "":
			return fail("expected nothing after %s, which ends the conversation", ended)
		case closed && event.Kind.Side() == core.Client:
			return fail("expected nothing from the client after %s", clientEnds)
		case event.Kind == core.ClientEOF:
			closed = true
		case event.Kind == core.ServerEOF || event.Kind == core.ServerFailed:
			ended = core.CutWords(text, 60)
		case len(event.Data) > core.MaxEventPayload:
			return fail("expected at most 1 MiB in one line, as in one event")
		}
		t.Entries = append(t.Entries, transcript.Entry{Dir: transcript.Event, Event: event, Comments: above})
		above = nil
	}
	t.Trailing = above
	if len(t.Entries) == len(o.Opening) {
		return nil, 0, &transcript.SyntaxError{File: o.Name, Line: max(number, 1), Msg: "expected at least one line that begins with C: or S:"}
	}
	return t, comments, nil
}

// rfcEvent reads one line; text is the line without the blanks around it. ok is
// false for a comment.
func rfcEvent(line, text string) (ev core.Event, ok bool, problem string) {
	switch {
	case text == clientEnds:
		return core.Event{Kind: core.ClientEOF}, true, ""
	case text == serverEnds:
		return core.Event{Kind: core.ServerEOF}, true, ""
	case strings.HasPrefix(text, serverFails) && strings.HasSuffix(text, "]"):
		words := core.CutWords(text[len(serverFails):len(text)-1], core.MaxWords)
		return core.Event{Kind: core.ServerFailed, Data: []byte(words)}, true, ""
	case strings.HasPrefix(line, "C:"):
		ev.Kind = core.ClientBinary
	case strings.HasPrefix(line, "S:"):
		ev.Kind = core.ServerBytes
	default:
		return ev, false, ""
	}
	ev.Data, problem = rfcBytes(strings.TrimPrefix(line[2:], " "))
	return ev, true, problem
}

// rfcBytes returns the bytes that a line stands for.
func rfcBytes(text string) (data []byte, problem string) {
	for {
		i := strings.IndexByte(text, '\\')
		if i < 0 || i+1 == len(text) {
			return append(append(data, text...), "\r\n"...), ""
		}
		data = append(data, text[:i]...)
		rest := text[i+2:]
		switch letter := text[i+1]; letter {
		case '\\':
			data = append(data, '\\')
		case 'r':
			data = append(data, '\r')
		case 't':
			data = append(data, '\t')
		case 'n':
			if data = append(data, '\n'); rest == "" {
				return data, ""
			}
		case 'c':
			if rest != "" {
				return nil, `expected nothing after \c, which says that the line has no end; a backslash is written \\`
			}
			return data, ""
		case 'x':
			b, err := hex.DecodeString(rest[:min(2, len(rest))])
			if err != nil || len(b) == 0 {
				return nil, `expected two hexadecimal digits after \x`
			}
			data = append(data, b...)
			rest = rest[2:]
		default: // \Seen means itself
			data = append(data, '\\', letter)
		}
		text = rest
	}
}

// commentLine makes a transcript's comment from a line; "" stays a blank line.
func commentLine(text string) string {
	if text = comment(text); text == "" || text[0] == '#' {
		return text
	}
	return "# " + text
}
