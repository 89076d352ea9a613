package resp

import "bytes"

// Bounds of what a decoder keeps.
const (
	maxValues = 2048      // values of a request or a reply
	maxLine   = 64 << 10  // bytes of a line: a simple string, a length, an inline command
	maxString = 64 << 10  // bytes of a string
	maxKept   = 128 << 10 // bytes of all of them
	maxDepth  = 128       // arrays, maps and the like that are open at once

	maxBulk  = 512 << 20 // bytes that Redis takes for a string (proto-max-bulk-len)
	maxCount = 1 << 48   // which no length is above
)

// Kinds of values that are not type bytes.
const (
	inline  = 'i' // a request that is a line of words
	unknown = '?' // what is not RESP
)

// value is a value of a request or a reply. Those that it holds come after it.
type value struct {
	Kind  byte  // its type byte, inline or unknown
	Wrong wrong // what is wrong with it
	From  int64 // where it begins in the flow
	Mid   int64 // where the text of its first line ends
	Body  int64 // and where what comes after that line begins
	To    int64 // where it ends
	// Size is how many bytes or values it says that it has, or -1: it is null.
	Size int64
	Text []byte // of a string or a line, as much as is kept
}

// level is a value that still needs others.
type level struct {
	Value int // its index, -1 if it is not kept
	Left  int64
}

// state says what a decoder takes next.
type state uint8

const (
	inLine   state = iota
	inString       // left bytes of a string
	inCR           // the CR that ends it
	inLF           // … and the LF
	inRest         // what comes before the next LF, after a string that did not end
	inGap          // … after bytes that were missed
	nothing        // all is dropped: it is not RESP
	states
)

// decoder takes one direction of a connection apart, however it is cut into pieces.
type decoder struct {
	client  bool // its bytes are requests
	At      int64
	State   state
	Guess   bool // bytes were missed, and no value has come since that can be trusted
	Line    []byte
	LineLen int64 // of the line so far; Line has its beginning
	CR      bool  // its last byte is one
	Left    int64
	Open    []level
	Values  []value
	Full    bool  // there are more; only those above are kept
	Kept    int64 // bytes of their texts

	spare value // takes the place of one that is not kept
	owned int   // so many values have a text that is not the event's
	// part, if it is set, is told of each piece of a string or of a line: data[from:to]. Of
	// a line it is not known yet, of a string it is the value that was begun last.
	part func(from, to int)
}

// feed takes the next bytes, and calls whole whenever Values are a request or a reply.
func (d *decoder) feed(data []byte, whole func()) {
	for at := 0; at < len(data); {
		n, done := d.take(data, at)
		at += n
		d.At += int64(n)
		if done {
			whole()
			d.reset()
		}
	}
	for ; d.owned < len(d.Values); d.owned++ {
		v := &d.Values[d.owned]
		v.Text = bytes.Clone(v.Text)
	}
}

func (d *decoder) reset() {
	clear(d.Values)
	d.Values, d.Open, d.Left, d.Full, d.Kept, d.owned = d.Values[:0], d.Open[:0], 0, false, 0, 0
	d.Line, d.LineLen, d.CR = d.Line[:0], 0, false
	if d.State != nothing {
		d.State = inLine
	}
	if cap(d.Line) > 4<<10 {
		d.Line = nil
	}
	if cap(d.Values) > 256 {
		d.Values = nil
	}
}

// missed says that the next bytes of the flow were missed.
func (d *decoder) missed(n int64) {
	d.reset()
	if d.At += n; d.State != nothing {
		d.State, d.Guess = inGap, true
	}
}

// ended ends what is not whole, and reports whether there is something.
func (d *decoder) ended() bool {
	if d.LineLen > 0 && d.State == inLine && !d.Guess {
		d.add(value{Kind: unknown, Wrong: wrongEnd, From: d.At - d.LineLen, Mid: d.At, Body: d.At, Text: d.Line})
	}
	if len(d.Values) == 0 {
		return false
	}
	for i := range d.Values {
		if v := &d.Values[i]; v.To == 0 {
			v.To, v.Wrong = d.At, wrongEnd
		}
	}
	return true
}

// take takes bytes from data[at:], and reports whether a request or a reply is whole.
func (d *decoder) take(data []byte, at int) (n int, whole bool) {
	rest := data[at:]
	switch d.State {
	case inLine:
		if n, whole := d.item(rest); n > 0 {
			return n, whole
		}
		i := bytes.IndexByte(rest, '\n')
		if d.part != nil {
			n := i
			if i < 0 {
				n = len(rest)
			}
			d.part(at, at+n)
		}
		if i < 0 {
			d.hold(rest)
			return len(rest), false
		}
		return i + 1, d.line(rest[:i])
	case inString:
		n := int(min(d.Left, int64(len(rest))))
		d.string(rest[:n])
		if d.part != nil {
			d.part(at, at+n)
		}
		if d.Left -= int64(n); d.Left == 0 {
			d.State = inCR
		}
		return n, false
	case inCR, inLF:
		if rest[0] == "\r\n"[d.State-inCR] {
			if d.State++; d.State == inLF {
				return 1, false
			}
			d.State = inLine
			if v := d.last(); v.Kind == '=' && (len(v.Text) < 4 || v.Text[3] != ':') {
				v.Wrong = wrongVerbatim
			}
			return 1, d.complete(d.At + 1)
		}
		d.last().Wrong = wrongNoEnd
		d.State = inRest
		fallthrough
	case inRest, inGap:
		gap := d.State == inGap
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			return len(rest), false
		}
		d.State = inLine
		return i + 1, !gap && d.complete(d.At+int64(i)+1)
	}
	return len(rest), false
}

// item takes a short string in an array if all of it is there, as it mostly is: what line,
// begin, string and complete would do in many more steps.
func (d *decoder) item(rest []byte) (n int, whole bool) {
	if len(d.Open) == 0 || d.part != nil || d.LineLen > 0 || d.Guess || len(d.Values) == maxValues ||
		len(rest) < len("$0\r\n\r\n") || rest[0] != '$' {
		return 0, false
	}
	size, at := 0, 1
	for ; at < 4 && '0' <= rest[at] && rest[at] <= '9'; at++ {
		size = size*10 + int(rest[at]-'0')
	}
	end := at + len("\r\n") + size
	if at == 1 || rest[1] == '0' && at > 2 || end+2 > len(rest) || d.Kept+int64(size) > maxKept ||
		rest[at] != '\r' || rest[at+1] != '\n' || rest[end] != '\r' || rest[end+1] != '\n' {
		return 0, false
	}
	d.Values = append(d.Values, value{
		Kind: '$', From: d.At, Mid: d.At + int64(at), Body: d.At + int64(at) + 2,
		Size: int64(size), Text: rest[at+2 : end : end],
	})
	d.Kept += int64(size)
	return end + 2, d.complete(d.At + int64(end) + 2)
}

// hold keeps what has come of a line.
func (d *decoder) hold(data []byte) {
	d.Line = append(d.Line, data[:min(len(data), max(0, maxLine-len(d.Line)))]...)
	d.LineLen += int64(len(data))
	if len(data) > 0 {
		d.CR = data[len(data)-1] == '\r'
	}
}

// line takes the rest of a line, without its LF.
func (d *decoder) line(rest []byte) (whole bool) {
	from, end := d.At-d.LineLen, d.At+int64(len(rest))
	cr := d.CR && len(rest) == 0 || len(rest) > 0 && rest[len(rest)-1] == '\r'
	text := rest
	if d.LineLen > 0 {
		d.hold(rest)
		text = d.Line
	}
	v := value{From: from, Mid: end, Body: end + 1, Wrong: wrongLF}
	if cr {
		v.Mid, v.Wrong = end-1, 0
	}
	text = text[:min(int64(len(text)), v.Mid-from)]
	v.Wrong = max(v.Wrong, v.read(text, d.client, len(d.Open)))
	if v.Mid-from > maxLine {
		v.Wrong = wrongLong
	}
	if d.LineLen > 0 {
		v.Text = bytes.Clone(v.Text)
	}
	d.Line, d.LineLen, d.CR = d.Line[:0], 0, false
	switch {
	case v.Kind == inline && v.Mid == from: // the server takes no notice of empty lines
		return false
	case d.Guess && (v.Kind == unknown || v.Kind == inline):
		return false
	case v.Kind == inline && v.Wrong == wrongLF: // which Redis takes
		v.Wrong = 0
	}
	d.Guess = false
	return d.begin(v)
}

// begin takes a value whose first line has ended.
func (d *decoder) begin(v value) (whole bool) {
	left := v.children()
	switch {
	case isString(v.Kind) && v.Size >= 0:
		d.add(v)
		if d.State, d.Left = inString, v.Size; v.Size == 0 {
			d.State = inCR
		}
		return false
	case left > 0 && len(d.Open) == maxDepth:
		v.Wrong = wrongDeep
	case left > 0:
		d.Open = append(d.Open, level{d.add(v), left})
		return false
	}
	d.add(v)
	return d.complete(v.Body)
}

// add keeps a value, if it fits, and returns its index or -1.
func (d *decoder) add(v value) int {
	if len(d.Values) == maxValues {
		d.Full, d.spare = true, value{}
		return -1
	}
	v.Text = v.Text[:min(int64(len(v.Text)), maxKept-d.Kept)]
	d.Kept += int64(len(v.Text))
	d.Values = append(d.Values, v)
	return len(d.Values) - 1
}

// last is the value that was begun last.
func (d *decoder) last() *value {
	if d.Full {
		return &d.spare
	}
	return &d.Values[len(d.Values)-1]
}

// string takes bytes of a string.
func (d *decoder) string(data []byte) {
	if d.Full {
		return
	}
	v := d.last()
	data = data[:min(int64(len(data)), int64(maxString-len(v.Text)), maxKept-d.Kept)]
	d.Kept += int64(len(data))
	if len(d.Values) > d.owned {
		v.Text = data[:len(data):len(data)]
		return
	}
	v.Text = append(v.Text, data...)
}

// complete ends the value that was begun last, and those that need no other any more. It
// reports whether that is all of a request or a reply.
func (d *decoder) complete(to int64) (whole bool) {
	d.last().To = to
	for n := len(d.Open) - 1; n >= 0; n-- {
		if d.Open[n].Left--; d.Open[n].Left > 0 {
			return false
		}
		if i := d.Open[n].Value; i >= 0 {
			d.Values[i].To = to
		}
		d.Open = d.Open[:n]
	}
	return true
}
