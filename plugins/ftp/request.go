package ftp

import (
	"bytes"
	"math"
	"slices"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// pending is a command that is not answered.
type pending struct {
	From  int64 // where it begins
	Kind  kind
	Begun bool `json:",omitempty"` // a reply to it that begins with 1 was there
}

// kind says what a command is to what follows it.
type kind uint8

const (
	single   kind = iota
	status        // STAT, which is answered at once during a transfer
	authTLS       // if it is taken, TLS follows
	typeI         // … files go as they are
	typeA         // … line ends may change
	protP         // … data connections are TLS
	protC         // … or are not
	passive       // the machine's EPSV or PASV
	active        // the machine's EPRT or PORT
	transfer      // what the machine has opened the data connection for
	kinds
)

// kindOf says what a command is.
func kindOf(command, argument string) kind {
	argument = strings.ToUpper(argument)
	switch command {
	case "AUTH":
		switch argument {
		case "TLS", "TLS-C", "TLS-P", "SSL":
			return authTLS
		}
	case "TYPE":
		if strings.HasPrefix(argument, "I") || strings.HasPrefix(argument, "L") {
			return typeI
		}
		return typeA
	case "PROT":
		switch argument {
		case "P":
			return protP
		case "C":
			return protC
		}
	case "STAT":
		return status
	case "REIN":
		return typeA
	}
	return single
}

// hidesArgument reports whether a command has a secret.
func hidesArgument(command string) bool { return command == "PASS" || command == "ACCT" }

// telnet returns how many bytes of Telnet's commands a line begins with, which clients put
// before ABOR (RFC 959, section 4.1.3).
func telnet(line []byte) (n int) {
	for n+1 < len(line) && line[n] == 0xff && line[n+1] >= 0xf0 {
		n += 2
		if line[n-1] >= 0xfb && line[n-1] < 0xff && n < len(line) { // WILL, WONT, DO, DONT
			n++
		}
	}
	return n
}

// cut returns where the command of a line begins and ends, and where its argument begins;
// the line's length if it has none.
func cut(line []byte) (from, to, argument int) {
	from = telnet(line)
	n := bytes.IndexByte(line[from:], ' ')
	if n < 0 {
		return from, len(line), len(line)
	}
	return from, from + n, from + n + 1
}

// secretAt returns where a line of the client's has its secret, of which line is the whole or
// the beginning; math.MaxInt if it has none.
func secretAt(line []byte) int {
	if from, to, argument := cut(line[:min(len(line), 512)]); to < argument && hidesArgument(strings.ToUpper(string(line[from:to]))) {
		return argument
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
	if at, part := t.requests.Held(); len(part) > 0 && !t.LongRequest {
		if from := secretAt(part); from < len(part) {
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
	if continues {
		return nil, 0, 0
	}
	text, crlf := bytes.CutSuffix(text, []byte("\r"))
	begins, ends, argument := cut(text)
	name, rest := string(text[begins:min(ends, begins+maxValue)]), text[argument:]
	command := strings.ToUpper(name)
	kind := kindOf(command, string(rest[:min(len(rest), 16)]))
	if t.sending != single {
		kind = t.sending
	}
	t.expect(pending{From: at, Kind: kind})
	r = new(made)
	hides := secretAt(text) < len(text)
	if hides {
		r.secret = bytes.Clone(rest[:min(len(rest), core.MaxSecret)])
		from, to = at+int64(argument), at+int64(len(text))
	}
	if !say {
		return r, from, to
	}
	wrong := ""
	switch {
	case !ended:
		wrong = "a command of more than 16 KiB, of which the rest is not read"
	case !crlf:
		wrong = "RFC 959, section 5.3.1: a command ends in CR LF; this one ends in LF alone"
	}
	r.message = core.Message{Flow: t.flow, From: at, To: at + int64(len(line)), Summary: clipped(name)}
	m := &r.message
	m.Fields = append(make([]core.Field, 0, 2), core.Field{Name: "ftp.command", From: at + int64(begins), To: at + int64(ends), Value: clipped(name), Wrong: wrong})
	if argument > ends {
		f := core.Field{Name: "ftp.argument", From: at + int64(argument), To: at + int64(len(text)), Value: clipped(string(rest))}
		if hides {
			f.Value = "***"
		}
		m.Summary += " " + f.Value
		switch command {
		case "PORT":
			says(&f, sixNumbers(rest, 0), "ftp.active", "RFC 959, section 4.1.2: PORT has six numbers, h1,h2,h3,h4,p1,p2")
		case "EPRT":
			says(&f, extended(rest), "ftp.active", "RFC 2428, section 2: EPRT has |1|address|port|, or |2|address|port|")
		}
		m.Fields = append(m.Fields, f)
	}
	m.Summary = core.CutWords(m.Summary, maxSummary)
	return r, from, to
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

// answered returns the command that a reply is for, and takes it off if the reply is its last.
func (t *talk) answered(r *reply) (p pending, ref core.MessageRef) {
	last := !r.is('1')
	i := 0
	switch {
	case len(t.Pending) == 0:
		if last {
			t.Later = max(0, t.Later-1)
		}
		return p, ref
	case len(t.Pending) > 1 && t.Pending[0].Begun && t.Pending[1].Kind == status && strings.HasPrefix(code(r.First), "21"):
		i = 1 // RFC 959, section 4.1.3: STAT may be sent during a transfer
	}
	p = t.Pending[i]
	t.Pending[i].Begun = true
	if last {
		if t.Pending = slices.Delete(t.Pending, i, i+1); len(t.Pending) == 0 {
			t.Pending = nil
		}
	}
	return p, core.MessageRef{Flow: t.flow, From: p.From}
}
