package pop3

import (
	"bytes"

	"github.com/protocol-workbench/workbench/core"
)

// maxStatus is how long the first line of a reply may be, with its end (RFC 1939, section 3).
const maxStatus = 512

// reply is one that is whole, or has begun.
type reply struct {
	From, Status, To int64  // where it begins, its first line ends, and what has come of it ends
	First            []byte // the first line, without its end
	Wrong            string `json:",omitempty"` // with the first line
	Lines            int64  // of the body; -1: it has none
	Body             []byte // the beginning of the body, as it is shown
	Left             int64  // bytes of it that were not kept
	Bare             int64  // lines of it that ended in LF alone

	greets  bool
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
	switch {
	case t.Reply != nil && t.Reply.Lines >= 0 && (continues || string(text) != "." || !ended):
		t.Reply.add(text, continues, ended, !crlf && ended, t.keep)
		t.Reply.To = t.end
		return nil, false
	case t.Reply != nil && t.Reply.Lines >= 0:
		t.Reply.To = t.end
		return t.finish(), true
	case continues:
		return nil, false
	case t.Lost == lostAll, t.Lost == lostReply && status(text) == "":
		return nil, false
	}
	t.Lost = known
	r := &reply{From: at, Status: t.end, To: t.end, First: bytes.Clone(text), Lines: -1}
	t.Reply = r
	switch s := status(text); {
	case s == "" && !(t.Greeted && t.asked() == auth && challenges(text)):
		r.Wrong = "RFC 1939, section 3: a reply begins with +OK or -ERR"
	case !ended || len(line) > maxStatus:
		r.Wrong = "RFC 1939, section 3: the first line of a reply has at most 512 bytes with its end"
	case !crlf:
		r.Wrong = "RFC 1939, section 3: a line ends in CR LF; this one ends in LF alone"
	}
	if status(text) == "+OK" && t.Greeted && t.asked() == multi {
		r.Lines = 0
		return nil, false
	}
	return t.finish(), true
}

// status returns what a reply begins with, "" if it is none.
func status(line []byte) string {
	word, _, _ := bytes.Cut(line, []byte(" "))
	if s := string(word); s == "+OK" || s == "-ERR" {
		return s
	}
	return ""
}

// challenges reports whether a line asks for the next step of AUTH (RFC 5034, section 4).
func challenges(line []byte) bool { return string(line) == "+" || bytes.HasPrefix(line, []byte("+ ")) }

// asked says what the command is like that is answered next.
func (t *talk) asked() kind {
	if len(t.Pending) == 0 {
		return single
	}
	return t.Pending[0].Kind
}

// finish returns the reply that is whole, and says what it answers.
func (t *talk) finish() *reply {
	r := t.Reply
	t.Reply = nil
	switch s := status(r.First); {
	case !t.Greeted:
		t.Greeted, r.greets = true, true
		t.Timestamp = timestamp(r.First)
	case s != "":
		r.kind = t.asked()
		r.answers = t.answered()
	case t.asked() == auth && challenges(r.First):
		t.Challenged = true
		r.kind, r.answers = auth, core.MessageRef{Flow: t.flow, From: t.Pending[0].From}
	}
	return r
}

// timestamp returns what APOP needs of a greeting, with its brackets; nil if it has none.
func timestamp(greeting []byte) []byte {
	from := bytes.IndexByte(greeting, '<')
	if from < 0 || from > maxStatus {
		return nil
	}
	n := bytes.IndexByte(greeting[from:], '>')
	if n < 0 || n > maxStatus {
		return nil
	}
	return bytes.Clone(greeting[from : from+n+1])
}

// startsTLS reports whether there is TLS after the reply.
func (r *reply) startsTLS() bool { return r.kind == stls && status(r.First) == "+OK" && !r.cut }

// add takes a line of the body, or a piece of a long one, of which keep bytes are kept.
func (r *reply) add(text []byte, continues, ended, bare bool, keep int) {
	if !continues {
		r.Lines++
		text = bytes.TrimPrefix(text, []byte(".")) // RFC 1939, section 3
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
