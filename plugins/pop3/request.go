package pop3

import (
	"bytes"
	"math"
	"slices"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// maxRequest is how long a command may be, with its end (RFC 2449, section 4).
const maxRequest = 255

// pending is a command that is not answered.
type pending struct {
	From int64 // where it begins; -1 after something was missed
	Kind kind
}

// kind says what a reply to a command is like.
type kind uint8

const (
	single kind = iota // one line
	multi              // lines, if it begins with +OK
	auth               // one line, after challenges
	stls               // one line, and then TLS
	kinds
)

// kindOf says what the reply to a command is like.
func kindOf(command string, arguments int) kind {
	switch command {
	case "RETR", "TOP", "CAPA":
		return multi
	case "LIST", "UIDL", "LANG", "AUTH":
		switch {
		case arguments == 0:
			return multi
		case command == "AUTH":
			return auth
		}
	case "STLS":
		return stls
	}
	return single
}

// hidesArgument reports whether a command has a secret.
func hidesArgument(command string) bool {
	return command == "PASS" || command == "APOP" || command == "AUTH"
}

// secretAt returns where a line of the client's has its secret, of which line is the whole
// or the beginning; math.MaxInt if it has none.
func (t *talk) secretAt(line []byte) int {
	if t.Challenged {
		return 0
	}
	name, rest, ok := bytes.Cut(line[:min(len(line), 512)], []byte(" "))
	switch command := strings.ToUpper(string(name)); {
	case !ok || !hidesArgument(command):
	case command == "PASS":
		return len(name) + 1
	default:
		if i := bytes.IndexByte(rest, ' '); i >= 0 {
			return len(name) + 1 + i + 1
		}
	}
	return math.MaxInt
}

// made is what is said of a command.
type made struct {
	message core.Message
	secret  []byte
}

// request takes bytes of commands, and says where they have secrets and which commands are
// whole. Of what a person sends at once, so many more get no message.
func (t *talk) request(data []byte) (all []made, hidden [][2]int, more int) {
	start, held := t.requests.Held()
	start += int64(len(held)) // of data
	t.requests.Feed(data, func(at int64, line []byte) error {
		say := t.flow == core.FromClient || len(all) < maxMade
		r, from, to := t.requested(at, line, say)
		switch {
		case r == nil:
			return nil
		case say || len(r.secret) > 0:
			all = append(all, *r)
		}
		if !say {
			more++
		}
		if from, to = max(from-start, 0), to-start; from < to {
			hidden = append(hidden, [2]int{int(from), int(to)})
		}
		return nil
	})
	// A password that comes in pieces is hidden in each.
	if at, part := t.requests.Held(); len(part) > 0 && !t.LostRequest && !t.LongRequest {
		if from := t.secretAt(part); from < len(part) {
			first := max(at+int64(from)-start, 0)
			hidden = append(hidden, [2]int{int(first), len(data)})
		}
	}
	return all, hidden, more
}

// requested takes a line, or a piece of a long one. from and to are where it has a secret. It
// makes a message if say.
func (t *talk) requested(at int64, line []byte, say bool) (r *made, from, to int64) {
	text, ended := bytes.CutSuffix(line, []byte("\n"))
	continues := t.LongRequest
	t.LongRequest = !ended
	if t.LostRequest || continues {
		t.LostRequest = t.LostRequest && !ended
		return nil, 0, 0
	}
	text, crlf := bytes.CutSuffix(text, []byte("\r"))
	end := at + int64(len(line))
	wrong := ""
	switch {
	case !ended || len(line) > maxRequest && !t.Challenged:
		wrong = "RFC 2449, section 4: a command has at most 255 bytes with its end"
	case !crlf:
		wrong = "RFC 1939, section 3: a command ends in CR LF; this one ends in LF alone"
	}
	r = new(made)
	if say {
		r.message = core.Message{Flow: t.flow, From: at, To: end}
	}
	if t.Challenged {
		t.Challenged = false
		r.secret = bytes.Clone(text[:min(len(text), core.MaxSecret)])
		shown := "***"
		from, to = at, at+int64(len(text))
		if string(text) == "*" { // to give up
			r.secret, shown, from, to = nil, "*", 0, 0
		}
		r.message.Summary = shown
		r.message.Fields = []core.Field{{Name: "pop3.response", From: at, To: at + int64(len(text)), Value: shown, Wrong: wrong}}
		return r, from, to
	}
	words := split(text)
	if len(words) == 0 {
		words = [][2]int{{0, 0}}
	}
	name := string(text[words[0][0]:words[0][1]])
	command := strings.ToUpper(name)
	hiddenAt := t.secretAt(text)
	if command == "PASS" && len(words) > 1 {
		words = append(words[:1], [2]int{words[0][1] + 1, len(text)}) // blanks are its own
	}
	t.expect(pending{at, kindOf(command, len(words)-1)})
	if hiddenAt < len(text) {
		r.secret = bytes.Clone(text[hiddenAt:min(len(text), hiddenAt+core.MaxSecret)])
		from, to = at+int64(hiddenAt), at+int64(len(text))
	}
	if !say {
		return r, from, to
	}
	summary := clipped(name)
	for i, w := range words {
		f := core.Field{Name: "pop3.argument", From: at + int64(w[0]), To: at + int64(w[1]), Value: clipped(string(text[w[0]:w[1]]))}
		switch {
		case i == 0:
			f.Name, f.Wrong = "pop3.command", wrong
		case w[0] >= hiddenAt:
			f.Value = "***"
			fallthrough
		default:
			summary += " " + f.Value
		}
		r.message.Fields = append(r.message.Fields, f)
	}
	r.message.Summary = core.CutWords(summary, maxSummary)
	return r, from, to
}

// split returns where the words of a line begin and end, the first few of them.
func split(line []byte) (words [][2]int) {
	for i := 0; i < len(line) && len(words) < maxWords; {
		if line[i] == ' ' {
			i++
			continue
		}
		n := bytes.IndexByte(line[i:], ' ')
		if n < 0 {
			n = len(line) - i
		}
		words = append(words, [2]int{i, i + n})
		i += n
	}
	return words
}

// expect notes a command that will be answered.
func (t *talk) expect(p pending) {
	switch {
	case t.Lost == lostAll:
		t.Lost = lostReply
	case t.Later > 0 || len(t.Pending) == maxPending:
		t.Later++
		return
	}
	t.Pending = append(t.Pending, p)
}

// answered returns the command that a reply is for, and takes it off.
func (t *talk) answered() (ref core.MessageRef) {
	if len(t.Pending) == 0 {
		t.Later = max(0, t.Later-1)
		return ref
	}
	ref = core.MessageRef{Flow: t.flow, From: t.Pending[0].From}
	if t.Pending = slices.Delete(t.Pending, 0, 1); len(t.Pending) == 0 {
		t.Pending = nil
	}
	return ref
}
