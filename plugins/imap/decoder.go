package imap

import (
	"bytes"
	"strconv"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of what is kept of a message.
const (
	maxShown    = 256 << 10 // of a response, to be shown
	maxText     = 16 << 10  // of all others, with maxLiteral of each literal
	maxLiteral  = 1 << 10
	maxLiterals = 64
	maxTail     = 32 // of the end of a line, which announces a literal
)

// decoder takes one direction apart into messages: lines, and the literals that they announce,
// up to a line that announces none (RFC 9051, section 4.3).
type decoder struct {
	server            bool // the direction is the server's
	keep, keepLiteral int
	said
}

// said is what has come of a message, and where.
type said struct {
	At, From int64     // where the next byte is in the flow, and where the message begins
	Text     []byte    // what is kept of it
	Literals []literal // in Text
	Tail     []byte    // the end of the line so far
	Left     int64     // bytes of a literal that are to come
	Awaits   bool      // a literal was announced for which the server has to ask
	Full     bool      // no more is kept
	Unkept   int64     // bytes that were not kept
	Plain    bool      // the line is an answer to a challenge, which announces nothing
	Bare     bool      // a line ended in LF alone
	Huge     bool      // … announced more bytes than there can be
	Lost     lost
}

// literal is one of a message.
type literal struct {
	Head, At, Kept int // where its {size} and its bytes begin in the text, and how many of them are kept
	From, Size     int64
}

// come returns how many bytes of it have come, once the flow is at a place.
func (l *literal) come(at int64) int64 { return min(l.Size, at-l.From) }

// lost says what is not known, after bytes were missed.
type lost uint8

const (
	known    lost = iota
	lostLine      // what comes is the rest of a line
	lostAll       // … a line, of a message or a literal
	losts
)

// next takes bytes up to the end of a message, or up to where a client has to wait for the
// server. It returns how many.
func (d *decoder) next(data []byte) (n int, whole bool) {
	for n < len(data) {
		rest := data[n:]
		d.Awaits = false
		if d.Left > 0 {
			part := rest[:min(d.Left, int64(len(rest)))]
			d.keepOfLiteral(part)
			n, d.At, d.Left = n+len(part), d.At+int64(len(part)), d.Left-int64(len(part))
			continue
		}
		end := bytes.IndexByte(rest, '\n') + 1
		line := rest
		if end > 0 {
			line = rest[:end]
		}
		d.keepOf(line)
		n, d.At = n+len(line), d.At+int64(len(line))
		switch {
		case end == 0:
			return n, false
		case d.Lost != known && !d.found():
			d.begin()
		case !d.announces():
			return n, true
		case d.Awaits:
			return n, false
		}
	}
	return n, false
}

// keepOf keeps a part of a line.
func (d *decoder) keepOf(part []byte) {
	d.Tail = append(d.Tail, part[max(0, len(part)-maxTail):]...)
	d.Tail = append(d.Tail[:0], d.Tail[max(0, len(d.Tail)-maxTail):]...)
	kept := 0
	if !d.Full {
		kept = min(len(part), d.keep-len(d.Text))
		d.Text = append(d.Text, part[:kept]...)
		d.Full = kept < len(part)
	}
	d.Unkept += int64(len(part) - kept)
}

// keepOfLiteral keeps a part of the last literal.
func (d *decoder) keepOfLiteral(part []byte) {
	kept := 0
	if !d.Full {
		l := &d.Literals[len(d.Literals)-1]
		kept = min(len(part), d.keepLiteral-l.Kept, d.keep-len(d.Text))
		d.Text = append(d.Text, part[:kept]...)
		l.Kept += kept
		d.Full = len(d.Text) == d.keep
	}
	d.Unkept += int64(len(part) - kept)
}

// announces ends a line, and reports whether a literal follows it.
func (d *decoder) announces() bool {
	line, crlf := bytes.CutSuffix(d.Tail[:len(d.Tail)-1], []byte("\r"))
	end := len(d.Tail)
	d.Bare = d.Bare || !crlf
	head, size, waits, ok := announced(line)
	d.Tail = d.Tail[:0]
	if !ok || d.Plain || d.server && endsText(d.Text) {
		return false
	}
	if size < 0 || size > core.MaxFlow-d.At {
		d.Huge = true
		return false
	}
	if d.Full = d.Full || len(d.Literals) == maxLiterals; !d.Full {
		d.Literals = append(d.Literals, literal{Head: len(d.Text) - end + head, At: len(d.Text), From: d.At, Size: size})
	}
	d.Left, d.Awaits = size, waits && !d.server
	return true
}

// announced returns what the end of a line announces: where {size} begins in it, with the ~ of
// RFC 3516; how many bytes, -1 if that is no number of 63 bits; and whether they wait for
// the server.
func announced(line []byte) (head int, size int64, waits, ok bool) {
	inner, ok := bytes.CutSuffix(line, []byte("}"))
	head = bytes.LastIndexByte(inner, '{')
	if !ok || head < 0 {
		return 0, 0, false, false
	}
	digits, plus := bytes.CutSuffix(inner[head+1:], []byte("+"))
	if len(digits) == 0 {
		return 0, 0, false, false
	}
	for _, c := range digits {
		if c < '0' || c > '9' {
			return 0, 0, false, false
		}
	}
	size, err := strconv.ParseInt(string(digits), 10, 64)
	if err != nil {
		size = -1
	}
	if head > 0 && inner[head-1] == '~' {
		head--
	}
	return head, size, !plus, true
}

// endsText reports whether a line of the server's ends in text for people, whatever that
// looks like.
func endsText(line []byte) bool {
	first, rest, _ := bytes.Cut(line[:min(len(line), maxTag+16)], []byte(" "))
	second, _, _ := bytes.Cut(bytes.TrimRight(rest, "\r\n"), []byte(" "))
	return string(first) == "+" || isStatus(second)
}

// found reports, once a line has ended, whether it begins a message, after bytes were missed.
func (d *decoder) found() bool {
	if d.Lost == lostLine {
		d.Lost = lostAll
		return false
	}
	plausible := plausibleCommand
	if d.server {
		plausible = plausibleResponse
	}
	if !plausible(bytes.TrimRight(d.Text, "\r\n")) {
		return false
	}
	d.Lost = known
	return true
}

// begin begins a message at the place that was reached.
func (d *decoder) begin() {
	d.said = said{At: d.At, From: d.At, Text: d.Text[:0], Literals: d.Literals[:0], Tail: d.Tail[:0], Lost: d.Lost}
	if cap(d.Text) > maxText {
		d.Text = nil
	}
}

// within reports whether a message has begun.
func (d *decoder) within() bool { return d.At > d.From }

// miss says that n bytes were missed.
func (d *decoder) miss(n int64) {
	d.At += n
	d.begin()
	d.Lost = lostLine
}

// place returns where a byte of the text is in the flow.
func (d *decoder) place(i int) int64 {
	at := d.From + int64(i)
	for _, l := range d.Literals {
		if i >= l.At+l.Kept {
			at += l.come(d.At) - int64(l.Kept)
		}
	}
	return at
}

// wrong says what is wrong with the lines and literals of a message.
func (d *decoder) wrong() string {
	switch {
	case d.Huge:
		return "RFC 9051, section 9: a literal has fewer than 2^63 bytes, and no connection this many"
	case d.Bare:
		return "RFC 9051, section 2.2: a line ends in CR LF; this one ends in LF alone"
	}
	return ""
}
