package http

import "bytes"

// Bounds of what a decoder keeps.
const (
	maxLine    = 32 << 10 // bytes of a line
	maxHead    = 64 << 10 // … of a head, with trailers
	maxHeaders = 200      // lines of both
	maxFraming = 16       // … and more of them, if they say where the body ends
	maxSample  = 512      // bytes of a body, for its message
)

// state says what a decoder takes next.
type state uint8

const (
	inStart    state = iota // empty lines, and a start line
	inHeaders               // header lines, up to an empty one
	inBody                  // left bytes of a body
	inSize                  // the line that a chunk begins with
	inChunk                 // left bytes of a chunk
	inChunkEnd              // the line end after it
	inTrailers              // trailer lines, up to an empty one
	inRest                  // a body that ends with the stream
	inRaw                   // what is not HTTP
	inGap                   // after bytes that were missed, lines up to a start line
	inJunk                  // lines that are no HTTP, up to a start line
	states
)

// decoder takes one direction of a connection apart, however it is cut into pieces.
type decoder struct {
	client  bool // its bytes are requests
	keep    int  // bytes of a body
	joins   bool // lines that are no HTTP are one message
	At      int64
	State   state
	Line    []byte // the beginning of a line whose end has not come
	LineLen int64  // bytes of it that have come
	Left    int64
	Partial bool    // the next line may lack its beginning, and could be taken for another
	Message message // that has begun

	// What the bytes being taken came to.
	start  int64    // where they begin
	hidden [][2]int // where they have secrets
}

// listener is told what a decoder finds.
type listener interface {
	// headed says that the head of a message is whole, and returns what comes after it.
	headed(*decoder) state
	// whole says that the message is.
	whole(*decoder)
}

// feed takes the next bytes.
func (d *decoder) feed(data []byte, l listener) {
	d.start, d.hidden = d.At, d.hidden[:0]
	for len(data) > 0 {
		n := d.take(data, l)
		data = data[n:]
	}
	if len(d.Line) > 0 && (d.State == inHeaders || d.State == inTrailers) {
		d.hide(d.Line, d.At-d.LineLen, false)
	}
}

// take takes bytes from the beginning of data, which is not empty.
func (d *decoder) take(data []byte, l listener) (n int) {
	switch d.State {
	case inBody, inChunk:
		n = int(min(d.Left, int64(len(data))))
		d.Message.add(data[:n], d.keep)
		d.At += int64(n)
		switch d.Left -= int64(n); {
		case d.Left > 0:
		case d.State == inChunk:
			d.State = inChunkEnd
		default:
			d.done(l)
		}
		return n
	case inRest:
		d.Message.add(data, d.keep)
		fallthrough
	case inRaw:
		d.At += int64(len(data))
		return len(data)
	}
	i := bytes.IndexByte(data, '\n')
	if i < 0 {
		d.hold(data)
		return len(data)
	}
	n = i + 1
	line, from := data[:n], d.At
	if d.LineLen > 0 {
		from -= d.LineLen
		d.hold(line)
		line = d.Line
	} else {
		d.At += int64(n)
	}
	length := d.At - from
	text := line
	if int64(len(line)) == length {
		text = text[:len(text)-1]
	}
	ended := wrongLF
	if n := len(text); n > 0 && text[n-1] == '\r' {
		text, ended = text[:n-1], 0
	}
	if length > maxLine {
		ended = wrongLong
	}
	d.line(text, line, from, ended, l)
	if d.LineLen = 0; cap(d.Line) > 4<<10 {
		d.Line = nil
	}
	d.Line = d.Line[:0]
	return n
}

// hold keeps what has come of a line.
func (d *decoder) hold(data []byte) {
	d.Line = append(d.Line, data[:min(len(data), maxLine-len(d.Line))]...)
	d.LineLen += int64(len(data))
	d.At += int64(len(data))
}

// line takes a line: text is without its end, and raw with it, as far as both are kept.
func (d *decoder) line(text, raw []byte, from int64, ended wrong, l listener) {
	m := &d.Message
	if d.State == inJunk {
		if !begins(text, d.client) {
			m.Length += d.At - from
			return
		}
		d.State = inStart
		d.end(from, l)
	}
	switch d.State {
	case inGap:
		partial := d.Partial
		if d.Partial = false; partial || !begins(text, d.client) {
			return
		}
		fallthrough
	case inStart:
		if len(text) == 0 { // RFC 9112, section 2.2
			return
		}
		m.begin(from, text, raw, d.client)
		if m.Start.Wrong == 0 || ended == wrongLong {
			m.Start.Wrong = max(m.Start.Wrong, ended)
		}
		m.Bare = ended == wrongLF
		d.State = inHeaders
		if m.Start.Kind != full {
			d.State = l.headed(d)
			switch {
			case d.State == inRest:
				m.add(raw, d.keep)
				m.Length = d.At - from
			case m.Start.Kind == junk && d.joins:
				d.State, m.Length = inJunk, d.At-from
			}
			d.after(l)
		}
	case inHeaders, inTrailers:
		if len(text) > 0 || ended == wrongLong {
			d.hide(text, from, true)
			m.header(text, raw, from, ended)
			return
		}
		if d.State == inTrailers {
			d.done(l)
			return
		}
		m.head(raw)
		m.HeadTo, m.HeadLen = d.At, len(m.Text)
		d.State = l.headed(d)
		d.after(l)
	case inSize:
		size, ok := chunkSize(text)
		switch {
		case !ok || ended != 0:
			if m.BodyWrong = wrongSize; ok {
				m.BodyWrong = ended
			}
			if !ok {
				m.add(raw, d.keep)
				d.State = inRest
				return
			}
			fallthrough
		default:
			if d.Left, d.State = size, inChunk; size == 0 {
				d.State = inTrailers
				return
			}
			m.Chunks++
		}
	case inChunkEnd:
		switch {
		case len(text) > 0:
			m.BodyWrong = wrongChunk
			m.add(raw, d.keep)
			d.State = inRest
			return
		case ended != 0:
			m.BodyWrong = ended
		}
		d.State = inSize
	}
}

// after goes on with what stands after a head.
func (d *decoder) after(l listener) {
	if d.State == inStart || d.State == inBody && d.Left == 0 {
		d.done(l)
	}
}

// done says that the message is whole.
func (d *decoder) done(l listener) {
	d.State = inStart
	d.end(d.At, l)
}

func (d *decoder) end(to int64, l listener) {
	d.Message.To = to
	l.whole(d)
	d.Message.reset()
}

// ended takes what has come of a message that will never be whole, or that ends so.
func (d *decoder) ended(l listener) {
	m := &d.Message
	d.start, d.hidden = d.At, d.hidden[:0]
	switch d.State {
	case inRaw:
		return
	case inGap:
		d.drop()
		return
	case inRest:
	case inJunk:
		m.Length += d.LineLen
	case inStart:
		if d.LineLen == 0 {
			return
		}
		m.begin(d.At-d.LineLen, d.Line, d.Line, d.client)
		switch {
		case m.Start.Kind == full:
			m.Cut = true
		case l.headed(d) == inRest:
			m.add(d.Line, d.keep)
			m.Length = d.LineLen
		}
	default:
		m.Cut = true
	}
	d.Line, d.LineLen, d.Left = d.Line[:0], 0, 0
	d.done(l)
}

// drop drops what has come of a message.
func (d *decoder) drop() {
	d.Message.reset()
	d.Line, d.LineLen, d.Left = d.Line[:0], 0, 0
}

// raw says that what comes is not HTTP.
func (d *decoder) raw() {
	d.drop()
	d.State = inRaw
}

// missed says that so many bytes were missed, and reports whether it is known all the same
// where the next message begins.
func (d *decoder) missed(n int64, l listener) (known bool) {
	d.At += n
	inside := (d.State == inBody || d.State == inChunk) && n <= d.Left
	if !inside && d.State != inRest && d.State != inRaw {
		if d.State == inJunk {
			d.end(d.At-n-d.LineLen, l)
		}
		d.drop()
		d.State, d.Partial = inGap, d.client
		return false
	}
	if d.State == inRaw {
		return true
	}
	d.Message.Missed = true
	d.Message.Length += n
	if !inside {
		return true
	}
	switch d.Left -= n; {
	case d.Left > 0:
	case d.State == inChunk:
		d.State = inChunkEnd
	default:
		d.done(l)
	}
	return true
}

// hide notes where the bytes being taken have secrets, which stand in this header line, or in
// the beginning of one.
func (d *decoder) hide(line []byte, from int64, whole bool) {
	spans := secretSpans(line, whole)
	if d.Message.folds(line) {
		if spans = nil; d.Message.Hides {
			spans = foldedSpans(line)
		}
	} else if whole {
		k, _ := headerKind(line)
		d.Message.Hides = k.isSecret()
	}
	for _, s := range spans {
		first, end := max(0, from+int64(s.from)-d.start), from+int64(s.to)-d.start
		if int64(len(line)) == maxLine { // of which more has come than is kept
			end = d.At - d.start
		}
		if first < end {
			d.hidden = append(d.hidden, [2]int{int(first), int(end)})
		}
	}
}
