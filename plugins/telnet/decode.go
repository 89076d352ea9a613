package telnet

import (
	"bytes"

	"github.com/protocol-workbench/workbench/core/telopt"
)

// Bounds of what is kept.
const (
	maxLine   = 64 << 10 // bytes of a line
	maxSub    = 1 << 10  // … of a subnegotiation
	maxSubEnd = 64 << 10 // … after which one that has no end is given up
)

// decoder takes one direction of a connection apart. Commands may stand within a line, which
// goes on after them.
type decoder struct {
	toServer bool // CR NUL ends a line, as does a CR alone
	binary   bool // BINARY is in effect: a NUL is data, and a CR that ends no line
	hides    bool // the text that comes now is a secret
	hidden   [][2]int
	item     item // that each is called with
	progress
}

// progress is what a checkpoint has of a decoder.
type progress struct {
	At     int64  // of the next byte
	State  state  // what it is part of
	From   int64  // where the command begins that has begun
	Code   byte   // its verb
	Option byte   // … of the subnegotiation
	Sub    []byte // its beginning, with 0xFF once
	SubLen int64  // how many bytes it has so far
	CR     bool   // a CR has come; what follows says what it is
	SkipLF bool   // a CR has ended a line, and an LF after it belongs to it
	Line   []byte // the line so far, without its end
	LineAt int64  // where it begins; -1: it has not begun
	LineTo int64  // where its last byte ends
	Bare   bool   // a CR in it is followed by neither LF nor NUL
	Secret bool   // some of it is a secret
	Long   bool   // parts of this line were given
	Lost   lost
}

// state says what the next byte is part of.
type state uint8

const (
	inData state = iota
	afterIAC
	afterVerb // WILL, WONT, DO, DONT
	afterSB
	inSub
	inSubIAC
	states
)

// lost says what is not known, after bytes were missed.
type lost uint8

const (
	known  lost = iota
	unsure      // it goes on after what looked like the end of a line
	inGap       // the next byte may be anywhere in a command
	losts
)

// item is what a decoder has recognised. Its data is valid during the call alone.
type item struct {
	from, to int64
	code     byte   // of the command; 0: it is text
	option   byte   // of WILL, WONT, DO, DONT and SB
	data     []byte // of text, and of SB
	size     int64  // of SB: how many bytes it has
	ended    bool   // of text: by a line end
	part     bool   // of text: more of the line follows
	secret   bool   // of text
	wrong    string
}

func (d *decoder) give(it item, each func(*item)) {
	d.item = it
	each(&d.item)
}

func newDecoder(toServer bool) decoder {
	return decoder{toServer: toServer, progress: progress{LineAt: -1}}
}

// feed takes the next bytes, and calls each for all that is whole with them. It leaves in
// hidden where data has secrets.
func (d *decoder) feed(data []byte, each func(*item)) {
	d.hidden = d.hidden[:0]
	start := d.At
	for i := 0; i < len(data); {
		d.At = start + int64(i)
		if d.Lost == inGap {
			if data[i] == '\n' || data[i] == 0 {
				d.Lost = unsure
			}
			i++
			continue
		}
		if d.State != inData {
			d.command(data[i], each)
			i++
			continue
		}
		if d.SkipLF && data[i] != telopt.IAC {
			if d.SkipLF = false; data[i] == '\n' {
				i++
				continue
			}
		}
		if d.CR && data[i] != telopt.IAC {
			i += d.afterCR(data[i], d.At, each)
			continue
		}
		n := plain(data[i:])
		if n > 0 {
			i += d.run(data[i:], n, i, each)
			continue
		}
		switch data[i] {
		case telopt.IAC:
			d.State, d.From = afterIAC, d.At
		case '\r':
			d.begin(d.At)
			if d.LineTo = d.At + 1; d.toServer && d.binary { // the key Enter; who sends lines sends LF after it
				d.end(d.LineTo, each)
				d.SkipLF = true
			} else {
				d.CR = true
			}
		case '\n':
			d.begin(d.At)
			d.end(d.At+1, each)
		}
		i++
	}
	d.At = start + int64(len(data))
}

// plain returns how many bytes there are before IAC, CR or LF. It looks at a window at a time,
// so that none is looked at again for each of many short lines.
func plain(data []byte) (n int) {
	for n < len(data) {
		window := data[n:min(len(data), n+256)]
		size := len(window)
		for _, c := range [...]byte{'\r', '\n', telopt.IAC} {
			if i := bytes.IndexByte(window, c); i >= 0 {
				window = window[:i]
			}
		}
		if n += len(window); len(window) < size {
			break
		}
	}
	return n
}

// run takes n bytes of text, which stand at i of the event, and their line end if it is there.
func (d *decoder) run(data []byte, n, i int, each func(*item)) (taken int) {
	if d.hides {
		d.hide(i, i+n)
	}
	if len(d.Line) == 0 && !d.Long && !(d.toServer && d.binary) && n < maxLine && n+1 < len(data) && data[n] == '\r' && data[n+1] == '\n' {
		d.begin(d.At)
		to := d.At + int64(n) + 2
		d.give(item{from: d.LineAt, to: to, data: data[:n], ended: true, secret: d.Secret || d.hides, wrong: d.bare()}, each)
		d.lineDone()
		return n + 2
	}
	d.text(data[:n], d.At, each)
	return n
}

// hide says that bytes of the event are a secret.
func (d *decoder) hide(from, to int) {
	if n := len(d.hidden); n > 0 && (d.hidden[n-1][1] == from || n == maxHidden) {
		d.hidden[n-1][1] = to
		return
	}
	d.hidden = append(d.hidden, [2]int{from, to})
}

// maxHidden is how many secrets of an event are told apart: all between others are secret.
const maxHidden = 10_000

// afterCR takes the byte after a CR, and returns how many bytes that were.
func (d *decoder) afterCR(c byte, at int64, each func(*item)) (taken int) {
	d.CR = false
	switch {
	case c == '\n':
		d.end(at+1, each)
		return 1
	case d.binary:
		d.text([]byte{'\r'}, at-1, each)
		return 0
	case c == 0 && d.toServer:
		d.end(at+1, each)
		return 1
	case c == 0:
		d.text([]byte{'\r'}, at-1, each)
		d.LineTo = at + 1
		return 1
	case d.toServer:
		d.Bare = true
		d.end(d.LineTo, each)
		return 0
	}
	d.Bare = true
	d.text([]byte{'\r'}, at-1, each)
	return 0
}

// begin begins a line, if none has begun.
func (d *decoder) begin(at int64) {
	if d.LineAt < 0 {
		d.LineAt = at
	}
}

// text takes bytes of a line, which stand at a place.
func (d *decoder) text(b []byte, at int64, each func(*item)) {
	for len(b) > 0 {
		d.begin(at)
		n := min(len(b), maxLine-len(d.Line))
		d.Line = append(d.Line, b[:n]...)
		d.Secret = d.Secret || d.hides
		at += int64(n)
		d.LineTo = at
		if b = b[n:]; len(d.Line) == maxLine {
			secret := d.Secret
			d.give(item{from: d.LineAt, to: at, data: d.Line, part: true, secret: secret, wrong: d.bare()}, each)
			d.lineDone()
			d.Long, d.Secret = true, secret
		}
	}
}

// end ends the line.
func (d *decoder) end(to int64, each func(*item)) {
	if !d.Long || len(d.Line) > 0 {
		d.give(item{from: d.LineAt, to: to, data: d.Line, ended: true, secret: d.Secret, wrong: d.bare()}, each)
	}
	d.lineDone()
}

// flush gives the line that has no end, if there is one.
func (d *decoder) flush(each func(*item)) {
	if d.CR {
		d.CR = false
		if d.toServer {
			d.Bare = !d.binary
			d.end(d.LineTo, each)
			return
		}
		d.text([]byte{'\r'}, d.LineTo-1, each)
	}
	if len(d.Line) > 0 {
		d.give(item{from: d.LineAt, to: d.LineTo, data: d.Line, secret: d.Secret, wrong: d.bare()}, each)
	}
	d.lineDone()
}

func (d *decoder) lineDone() {
	if d.Line = d.Line[:0]; cap(d.Line) > 4<<10 {
		d.Line = nil
	}
	d.LineAt, d.Bare, d.Secret, d.Long = -1, false, false, false
	if d.Lost == unsure {
		d.Lost = known
	}
}

func (d *decoder) bare() string {
	if d.Bare {
		return "RFC 854: CR is followed by LF or by NUL; a CR in this line is not"
	}
	return ""
}

// command takes a byte of a command.
func (d *decoder) command(c byte, each func(*item)) {
	switch d.State {
	case afterIAC:
		d.afterIAC(c, each)
	case afterVerb:
		d.State = inData
		d.give(item{from: d.From, to: d.At + 1, code: d.Code, option: c}, each)
	case afterSB:
		d.State, d.Option, d.Sub, d.SubLen = inSub, c, nil, 0
	case inSub:
		if c == telopt.IAC {
			d.State = inSubIAC
			return
		}
		d.subByte(c, each)
	case inSubIAC:
		d.State = inSub
		switch c {
		case telopt.IAC:
			d.subByte(c, each)
		case telopt.SE:
			d.subEnds(d.At+1, "", each)
		default: // it was left without its end, and a command follows
			d.subEnds(d.At-1, "RFC 855: a subnegotiation ends in IAC SE, and IAC in it is doubled", each)
			d.From = d.At - 1
			d.afterIAC(c, each)
		}
	}
}

// afterIAC takes the byte after IAC.
func (d *decoder) afterIAC(c byte, each func(*item)) {
	d.State = inData
	switch c {
	case telopt.IAC:
		if d.SkipLF = false; d.CR { // nothing that makes it a line end
			d.afterCR(c, d.From, each)
		}
		d.text([]byte{telopt.IAC}, d.From, each)
		if d.LineAt >= 0 {
			d.LineTo = d.At + 1
		}
	case telopt.Will, telopt.Wont, telopt.Do, telopt.Dont:
		d.State, d.Code = afterVerb, c
	case telopt.SB:
		d.State = afterSB
	case telopt.SE:
		if d.Lost == unsure {
			d.CR, d.SkipLF = false, false // what came was no text
			d.lineDone()
			return
		}
		d.give(item{from: d.From, to: d.At + 1, code: c, wrong: "RFC 855: SE ends a subnegotiation, and none has begun"}, each)
	case telopt.GA, telopt.EOR: // what is said so far is all that is said now
		d.flush(each)
		d.give(item{from: d.From, to: d.At + 1, code: c}, each)
	default:
		it := item{from: d.From, to: d.At + 1, code: c}
		if c < telopt.FirstCommand {
			it.wrong = "RFC 854: no command has this code"
		}
		d.give(it, each)
	}
}

// subByte takes a byte of a subnegotiation.
func (d *decoder) subByte(c byte, each func(*item)) {
	if len(d.Sub) < maxSub {
		d.Sub = append(d.Sub, c)
	}
	if d.SubLen++; d.SubLen == maxSubEnd {
		d.subEnds(d.At+1, "RFC 855: a subnegotiation ends in IAC SE; this one has 64 KiB and no end", each)
	}
}

// subEnds ends a subnegotiation.
func (d *decoder) subEnds(to int64, wrong string, each func(*item)) {
	d.give(item{from: d.From, to: to, code: telopt.SB, option: d.Option, data: d.Sub, size: d.SubLen, wrong: wrong}, each)
	d.State, d.Sub, d.SubLen = inData, nil, 0
}

// cutShort gives what will never be whole.
func (d *decoder) cutShort(each func(*item)) {
	switch d.State {
	case inSub, inSubIAC:
		d.subEnds(d.At, "the stream ended before this was whole", each)
	case afterIAC, afterVerb, afterSB:
		d.State = inData
	}
	d.flush(each)
}

// missed says that n bytes were missed.
func (d *decoder) missed(n int64) {
	p := progress{At: d.At + n, LineAt: -1, Lost: inGap}
	d.progress = p
}
