package ftp

import (
	"bytes"

	"github.com/protocol-workbench/workbench/core"
)

// reply is one that is whole, or has begun.
type reply struct {
	From, To int64  // where it begins, and what has come of it ends
	First    []byte // the first line, without its end
	Wrong    string `json:",omitempty"` // with the first line
	Lines    int64  // after the first; -1: it has one line
	Body     []byte // the beginning of them, as it is shown
	Left     int64  // bytes of them that were not kept
	Bare     int64  // lines of them that ended in LF alone

	kind    kind // of the command that it answers
	answers core.MessageRef
	cut     bool // the stream ended before it was whole
}

// reply takes a line of the server's, or a piece of a long one, and returns a reply that is
// whole with it.
func (t *talk) reply(at int64, line []byte) (whole *reply, ok bool) {
	t.end = at + int64(len(line))
	text, ended := bytes.CutSuffix(line, []byte("\n"))
	continues := t.LongReply
	t.LongReply = !ended
	text, crlf := bytes.CutSuffix(text, []byte("\r"))
	switch r := t.Reply; {
	case r != nil:
		r.add(text, continues, ended, !crlf && ended, t.keep)
		r.To = t.end
		if continues || !r.endsWith(text) {
			return nil, false
		}
		return t.finish(), true
	case continues, t.Lost != known && code(text) == "":
		return nil, false
	}
	r := &reply{From: at, To: t.end, First: bytes.Clone(text), Lines: -1}
	t.Reply = r
	switch c := code(text); {
	case c == "":
		r.Wrong = "RFC 959, section 4.2: a reply begins with three digits"
	case c[0] < '1' || c[0] > '6': // RFC 2228 has added 6
		r.Wrong = "RFC 959, section 4.2.1: the first digit of a reply is 1 to 5"
	case len(text) == 3:
		r.Wrong = "RFC 959, section 4.2: a blank or a hyphen follows the three digits"
	case !ended:
		r.Wrong = "a line of more than 16 KiB, of which the rest is not read"
	case !crlf:
		r.Wrong = "RFC 959, section 4.2: a line ends in CR LF; this one ends in LF alone"
	}
	if code(text) != "" && len(text) > 3 && text[3] == '-' {
		r.Lines = 0
		return nil, false
	}
	return t.finish(), true
}

// code returns the three digits that a line begins with, "" if it is no reply.
func code(line []byte) string {
	if len(line) < 3 || len(line) > 3 && line[3] != ' ' && line[3] != '-' {
		return ""
	}
	for _, c := range line[:3] {
		if c < '0' || c > '9' {
			return ""
		}
	}
	return string(line[:3])
}

// is reports whether the reply's code begins with a digit.
func (r *reply) is(digit byte) bool { c := code(r.First); return c != "" && c[0] == digit }

// endsWith reports whether a line is the last one of a reply of several.
func (r *reply) endsWith(line []byte) bool {
	return bytes.HasPrefix(line, r.First[:3]) && (len(line) == 3 || line[3] == ' ')
}

// finish returns the reply that is whole, and says what it answers. One that begins with 1
// is followed by another, and a line that is no reply answers nothing.
func (t *talk) finish() *reply {
	r := t.Reply
	t.Reply = nil
	switch {
	case code(r.First) == "":
	case !t.Greeted:
		t.Greeted = !r.is('1')
	case t.Lost != lostAll:
		var p pending
		p, r.answers = t.answered(r)
		r.kind = p.Kind
	}
	if t.Lost == lostReply {
		t.Lost = known
	}
	return r
}

// startsTLS reports whether there is TLS after the reply.
func (r *reply) startsTLS() bool { return r.kind == authTLS && code(r.First) == "234" && !r.cut }

// add takes a line after the first, or a piece of a long one, of which keep bytes are kept.
func (r *reply) add(text []byte, continues, ended, bare bool, keep int) {
	if !continues {
		r.Lines++
	}
	if bare {
		r.Bare++
	}
	kept := text[:min(len(text), keep-len(r.Body))]
	r.Body = append(r.Body, kept...)
	r.Left += int64(len(text) - len(kept))
	if ended && len(r.Body) < keep {
		r.Body = append(r.Body, '\n')
	}
}
