package imap

import (
	"bytes"

	"github.com/protocol-workbench/workbench/core"
)

// made is what is said of a command, or of what else a client sends.
type made struct {
	message core.Message
	secret  []byte
}

// request takes bytes of the client's, up to where it has to wait for the server if byHand, and
// returns how many; what they make; and where they have secrets. Of what is sent at once by
// hand, more messages are not made.
func (t *talk) request(data []byte, byHand bool) (all []made, hidden [][2]int, n, more int) {
	start := t.requests.At
	hide := func(from, to int64) {
		if from, to = max(from-start, 0), min(to-start, int64(n)); from < to {
			hidden = append(hidden, [2]int{int(from), int(to)})
		}
	}
	for n < len(data) {
		k, whole := t.requests.next(data[n:])
		n += k
		from, to, secret := t.secret()
		hide(from, to)
		switch {
		case !whole && byHand && t.requests.Awaits:
			return all, hidden, n, more
		case !whole:
			continue
		case byHand && len(all) == maxMade:
			more++
			t.requested(false)
		default:
			all = append(all, made{t.requested(true), bytes.Clone(secret[:min(len(secret), core.MaxSecret)])})
		}
		t.requests.begin()
	}
	return all, hidden, n, more
}

// responds reports whether what has begun is an answer to a challenge.
func (t *talk) responds() bool {
	return t.Challenged || t.Unsure && t.underWay(auth) != nil && !plausibleCommand(t.requests.Text)
}

// secret returns where what has begun has a secret, and as much of it as is kept.
func (t *talk) secret() (from, to int64, value []byte) {
	d := &t.requests
	if d.Lost != known || len(d.Text) == 0 {
		return 0, 0, nil
	}
	if t.responds() {
		text := bytes.TrimRight(d.Text, "\r\n")
		if text = text[:len(text):len(text)]; len(text) > 0 && string(text) != "*" {
			to = d.At
			if !d.Full {
				to = d.From + int64(len(text))
			}
			return d.From, to, text
		}
		return 0, 0, nil
	}
	if !d.hides() {
		return 0, 0, nil
	}
	words := d.words(5)
	switch {
	case len(words) < 4 && d.Full: // it is where nothing is kept
		return d.place(len(d.Text)), d.At, nil
	case len(words) < 4:
		return 0, 0, nil
	}
	w := words[3]
	if w.literal < 0 && w.open && d.Text[w.from] == '{' {
		return 0, 0, nil
	}
	value, from, to = d.value(w)
	switch {
	case d.Full || w.open:
		to = d.At
	case len(words) > 4: // one too many, which is the rest of it
		to = d.place(len(bytes.TrimRight(d.Text, "\r\n")))
	}
	return from, to, value
}

// hides reports whether what has begun is a command with a secret.
func (d *decoder) hides() bool {
	_, rest, _ := bytes.Cut(d.Text[:min(len(d.Text), maxTag+32)], []byte(" "))
	name, _, _ := bytes.Cut(bytes.TrimLeft(rest, " "), []byte(" "))
	return hidesArgument(name)
}

// requested takes a command that is whole, and makes its message if say.
func (t *talk) requested(say bool) (m core.Message) {
	d := &t.requests
	wrong := d.wrong()
	m = core.Message{Flow: t.flow, From: d.From, To: d.At}
	if t.responds() {
		t.Challenged, d.Plain = false, false
		text := bytes.TrimRight(d.Text, "\r\n")
		m.Summary = "***"
		if len(text) == 0 || string(text) == "*" { // to give up
			m.Summary = string(text)
		}
		to := min(d.From+int64(len(text))+d.Unkept, d.At)
		m.Fields = []core.Field{{Name: "imap.response", From: d.From, To: to, Value: m.Summary, Wrong: wrong}}
		return m
	}
	words := d.words(maxWords)
	name := func(i int) []byte {
		if i < len(words) {
			return d.Text[words[i].from:words[i].to]
		}
		return nil
	}
	if len(words) == 1 && bytes.EqualFold(name(0), []byte("DONE")) {
		if t.underWay(idle) == nil && !t.Unsure {
			wrong = "RFC 9051, section 6.3.13: DONE ends an IDLE, and none is under way"
		}
		m.Summary = "DONE"
		m.Fields = []core.Field{{Name: "imap.command", From: d.From, To: d.From + 4, Value: string(name(0)), Wrong: wrong}}
		return m
	}
	switch {
	case wrong != "":
	case len(words) < 2:
		wrong = "RFC 9051, section 2.2.1: a command is a tag, a blank and the command's name"
	case !isTag(name(0)):
		wrong = `RFC 9051, section 9: a tag has letters, digits and signs, but none of ( ) { % * " \ +`
	}
	if len(words) > 1 {
		t.expect(pending{d.From, string(name(0)[:min(len(name(0)), maxTag+1)]), kindOf(string(name(1)))})
	}
	if !say {
		return m
	}
	hides := hidesArgument(name(1))
	m.Fields = make([]core.Field, 0, max(len(words), 1))
	if len(words) == 0 {
		m.Fields = append(m.Fields, core.Field{Name: "imap.tag", From: d.From, To: d.From, Wrong: wrong})
	}
	var summary []byte
	for i, w := range words {
		value, from, to := d.value(w)
		f := core.Field{Name: "imap.argument", From: from, To: to, Value: clipped(value)}
		short := d.Text[w.from:w.to]
		switch {
		case i == 0:
			f.Name, f.Wrong = "imap.tag", wrong
		case i == 1:
			f.Name = "imap.command"
		case w.literal >= 0:
			f.Name, f.Value = "imap.literal", preview(value)
			short = bytes.TrimSpace(d.Text[w.from:d.Literals[w.literal].At])
		case d.hasLiteral(w):
			f.Fields = d.literals(w)
			f.Value = clipped(d.brief(w.from, w.to))
			short = []byte(f.Value)
			to = d.place(w.to)
			f.To = to
		}
		if hides && i >= 3 {
			f.Value = "***"
			f.Fields = nil
			if w.literal < 0 {
				short = []byte("***")
			}
		}
		if len(summary) < maxSummary {
			if i > 0 {
				summary = append(summary, ' ')
			}
			summary = append(summary, short[:min(len(short), maxSummary)]...)
		}
		m.Fields = append(m.Fields, f)
	}
	if d.Full { // and there may be secrets in the rest
		if last := &m.Fields[len(m.Fields)-1]; hides && len(words) >= 3 {
			last.Value = "***"
		}
	}
	m.Summary = core.CutWords(string(summary), maxSummary)
	return m
}
