package smtp

import (
	"bytes"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of what a client says.
const (
	maxRequest  = 512   // bytes of a command, with its end (RFC 5321, section 4.5.3.1.4)
	maxResponse = 12288 // … of an answer to a challenge (RFC 4954, section 4)
)

// pending is a command, or a mail, that is not answered.
type pending struct {
	From  int64 // where it begins; -1: it has no message
	Kind  kind
	Lines int64 `json:",omitempty"` // of a mail, with the lone dot
	Left  int64 `json:",omitempty"` // replies that are still to come, if more than one or known
}

// kind says what follows from the reply to a command.
type kind uint8

const (
	plain    kind = iota // nothing
	resets               // no recipients, if it agrees
	lhlo                 // … and the protocol is LMTP
	rcpt                 // one more recipient
	data                 // the mail
	whole                // it is to the mail itself
	lastPart             // … of which the last part came by BDAT
	auth                 // nothing, after challenges
	starttls             // TLS
	kinds
)

func kindOf(command string) kind {
	switch command {
	case "EHLO", "HELO", "MAIL", "RSET":
		return resets
	case "LHLO":
		return lhlo
	case "RCPT":
		return rcpt
	case "DATA":
		return data
	case "AUTH":
		return auth
	case "STARTTLS":
		return starttls
	}
	return plain
}

// authenticating reports whether the last command is AUTH, which is not answered.
func (t *talk) authenticating() bool {
	return t.Later == 0 && len(t.Pending) > 0 && t.Pending[len(t.Pending)-1].Kind == auth
}

// secretAt returns where a line of the client's has its secret, of which line is the whole
// or the beginning; math.MaxInt if it has none.
func (t *talk) secretAt(line []byte) int {
	blank := bytes.IndexByte(line[:min(len(line), maxRequest)], ' ')
	switch {
	case t.Phase == mailing || t.Phase == chunking:
		return math.MaxInt
	case t.Phase == responding,
		// The answer to a challenge, for which the client has not waited, or that was missed.
		blank < 0 && len(line) > 0 && (t.authenticating() || t.Lost || t.LostRequest) && !standsAlone(line):
		return 0
	}
	if word, args := words(line); strings.EqualFold(string(line[word[0]:word[1]]), "AUTH") {
		if i := bytes.IndexAny(line[args:], " \t"); i >= 0 {
			return args + i + 1
		}
	}
	return math.MaxInt
}

// standsAlone reports whether a line is a command without arguments. They are base64 too,
// and no password is so short.
func standsAlone(line []byte) bool {
	switch strings.ToUpper(string(line[:min(len(line), 20)])) {
	case "DATA", "HELP", "NOOP", "QUIT", "RSET", "STARTTLS":
		return true
	}
	return false
}

// words returns where the first word of a line is, and where what follows it begins.
func words(line []byte) (word [2]int, rest int) {
	for word[0] < len(line) && (line[word[0]] == ' ' || line[word[0]] == '\t') {
		word[0]++
	}
	word[1] = word[0]
	for word[1] < len(line) && line[word[1]] != ' ' && line[word[1]] != '\t' {
		word[1]++
	}
	for rest = word[1]; rest < len(line) && (line[rest] == ' ' || line[rest] == '\t'); {
		rest++
	}
	return word, rest
}

// made is what is said of what a client has said.
type made struct {
	message core.Message
	secret  []byte
}

// request takes bytes of the client's, and says where they have secrets and which commands
// and mails are whole. Of what a person sends at once, so many more get no message.
func (t *talk) request(said []byte) (all []made, hidden [][2]int, more int) {
	start, held := t.requests.Held()
	start += int64(len(held)) // of said
	t.requests.Feed(said, func(at int64, line []byte) error {
		say := t.flow == core.FromClient || len(all) < maxMade
		r, from, to := t.requested(at, line, say)
		if from, to = max(from-start, 0), to-start; from < to {
			hidden = append(hidden, [2]int{int(from), int(to)})
		}
		if !say && r.message.To > 0 {
			r.message = core.Message{}
			more++
		}
		if r.message.Flow != 0 || len(r.secret) > 0 {
			all = append(all, r)
		}
		return nil
	})
	// A secret that comes in pieces is hidden in each.
	if at, part := t.requests.Held(); len(part) > 0 {
		from := t.secretAt(part)
		if t.LongRequest {
			from = math.MaxInt
			if t.SecretRequest {
				from = 0
			}
		}
		if from < len(part) {
			hidden = append(hidden, [2]int{int(max(at+int64(from)-start, 0)), len(said)})
		}
	}
	return all, hidden, more
}

// requested takes a line, or a piece of a long one. from and to are where it has a secret. It
// fills in a message if say.
func (t *talk) requested(at int64, line []byte, say bool) (r made, from, to int64) {
	switch t.Phase {
	case mailing:
		r.message, _ = t.mailLine(at, line)
		return r, 0, 0
	case chunking:
		r.message, _ = t.mailPart(at, line)
		return r, 0, 0
	}
	end := at + int64(len(line))
	content, ended := bytes.CutSuffix(line, []byte("\n"))
	continues := t.LongRequest
	t.LongRequest = !ended
	content, crlf := bytes.CutSuffix(content, []byte("\r"))
	secret := t.secretAt(content)
	if continues {
		secret = math.MaxInt
		if t.SecretRequest {
			secret = 0
		}
	}
	t.SecretRequest = !ended && secret < len(content)
	if secret < len(content) {
		from, to = at+int64(secret), at+int64(len(content))
	}
	if t.Lost || t.LostRequest || continues {
		t.LostRequest = t.LostRequest && !ended
		return r, from, to
	}
	wrong := ""
	if ended && !crlf {
		wrong = wrongBare
	}
	if t.Phase == responding || secret == 0 {
		return t.response(at, end, content, wrong)
	}
	if secret < len(content) {
		r.secret = bytes.Clone(content[secret:min(len(content), secret+core.MaxSecret)])
	}
	word, args := words(content)
	name := strings.ToUpper(string(content[word[0]:min(word[1], word[0]+maxValue)]))
	size, last, sized := int64(0), false, false
	switch rest := content[args:]; {
	case !ended || len(line) > maxRequest && !extensible(name):
		wrong = "RFC 5321, section 4.5.3.1.4: a command has at most 512 bytes with its end"
	case name == "MAIL" || name == "RCPT":
		if wrong == "" {
			wrong = wrongPath(name, string(rest))
		}
	case name == "BDAT":
		if size, last, sized = chunkSize(rest); sized {
			break
		}
		wrong = "RFC 3030, section 2: BDAT has the number of bytes that follow it, and LAST if they are the last"
	}
	switch kind := kindOf(name); {
	case sized:
		t.part(at, end, size, last)
	case kind == data:
		t.Phase, t.Mail = mailing, &mail{From: end}
		fallthrough
	default:
		t.expect(pending{From: at, Kind: kind})
	}
	r.message.To = end
	if say {
		r.message = command(t.flow, at, end, content, word, args, secret, wrong)
	}
	return r, from, to
}

// extensible reports whether extensions make the command longer (RFC 5321, section 2.2.1).
func extensible(name string) bool { return name == "MAIL" || name == "RCPT" || name == "AUTH" }

// response is a line that answers a challenge, or gives up by a star (RFC 4954, section 4).
func (t *talk) response(at, end int64, content []byte, wrong string) (r made, from, to int64) {
	if t.Phase == responding {
		t.Phase = commanding
	}
	if end-at > maxResponse {
		wrong = "RFC 4954, section 4: an answer to a challenge has at most 12,288 bytes with its end"
	}
	shown := "*"
	if string(content) != shown {
		shown, from, to = "***", at, at+int64(len(content))
		r.secret = bytes.Clone(content[:min(len(content), core.MaxSecret)])
	}
	r.message = core.Message{Flow: t.flow, From: at, To: end, Summary: shown,
		Fields: []core.Field{{Name: "smtp.response", From: at, To: at + int64(len(content)), Value: shown, Wrong: wrong}}}
	return r, from, to
}

// chunkSize reads what stands behind BDAT (RFC 3030, section 2).
func chunkSize(rest []byte) (size int64, last, ok bool) {
	digits, word, more := bytes.Cut(bytes.TrimRight(rest, " "), []byte(" "))
	size, err := strconv.ParseInt(string(digits[:min(len(digits), 30)]), 10, 64)
	last = bytes.EqualFold(word, []byte("LAST"))
	return size, last, err == nil && size >= 0 && size <= core.MaxFlow && (!more || last) && digits[0] != '+'
}

// part begins the part of a mail that follows BDAT.
func (t *talk) part(at, end, size int64, last bool) {
	p := pending{From: at}
	if last {
		p.Kind = lastPart
	}
	t.expect(p)
	if size > 0 {
		t.Phase, t.Mail = chunking, &mail{From: end, Left: size, Part: true, Last: last}
	}
}

// command returns the message of a command.
func command(flow core.Flow, at, end int64, content []byte, word [2]int, args, secret int, wrong string) core.Message {
	field := func(name string, from, to int) core.Field {
		return core.Field{Name: name, From: at + int64(from), To: at + int64(to), Value: clipped(string(content[from:min(to, from+maxValue+1)]))}
	}
	m := core.Message{Flow: flow, From: at, To: end, Fields: make([]core.Field, 0, 3)}
	m.Fields = append(m.Fields, field("smtp.command", word[0], word[1]))
	stop := min(secret, len(content))
	if rest := bytes.TrimRight(content[min(args, stop):stop], " \t"); len(rest) > 0 {
		m.Fields = append(m.Fields, field("smtp.parameter", args, args+len(rest)))
	}
	if secret < len(content) {
		m.Fields = append(m.Fields, core.Field{Name: "smtp.parameter", From: at + int64(secret), To: at + int64(len(content)), Value: "***"})
	}
	for i, f := range m.Fields {
		if i > 0 {
			m.Summary += " "
		}
		m.Summary += f.Value
	}
	m.Summary = core.CutWords(m.Summary, maxSummary)
	m.Fields[0].Wrong = wrong
	return m
}

// expect notes a command that will be answered.
func (t *talk) expect(p pending) {
	if t.Later > 0 || len(t.Pending) == maxPending {
		t.Later++
		return
	}
	t.Pending = append(t.Pending, p)
}

// answered takes off the command that was answered.
func (t *talk) answered() {
	if t.Pending = slices.Delete(t.Pending, 0, 1); len(t.Pending) == 0 {
		t.Pending = nil
	}
}
