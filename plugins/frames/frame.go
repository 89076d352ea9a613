package frames

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of a message, so that it stays within core's however it is quoted.
const (
	maxSummary = 256
	maxValue   = 512 // bytes of a field's value
)

// parts are those of a frame. Places are counted from its beginning.
type parts struct {
	start, end int    // of the payload, its checksum included
	payload    []byte // without stuffing
	sum        []byte
	wrong      string // with how it is built
	wrongSum   string
}

// open takes a frame apart that is whole.
func (l *layout) open(frame []byte) (p parts) {
	p.end = len(frame)
	switch l.framing {
	case framingLength:
		_, size := l.lengthAt(frame)
		p.start = l.offset + max(size, 0)
	case framingContentLength:
		p.start = headEnd(frame)
	case framingDelimiter, framingSLIP, framingCOBS:
		p.end -= len(l.delimiter)
	}
	body, stuffed := frame[p.start:p.end], false
	switch l.framing {
	case framingSLIP:
		body, p.wrong = fromSLIP(body)
		stuffed = true
	case framingCOBS:
		packet, err := fromCOBS(body)
		if body, stuffed = packet, true; err != nil {
			p.wrong = err.Error()
		}
	}
	p.payload = body
	if n := l.sum.size; n > 0 {
		if len(body) < n {
			p.wrongSum = fmt.Sprintf("the checksum has %s, and the payload ends before it", core.Plural(n, "byte"))
			return p
		}
		p.payload, p.sum = body[:len(body)-n], body[len(body)-n:]
		of := p.payload
		if l.sumOfAll && !stuffed {
			of = frame[:p.start+len(p.payload)]
		}
		if want := l.sum.append(nil, of); !bytes.Equal(want, p.sum) {
			p.wrongSum = fmt.Sprintf("the checksum is %x, and what was sent has %x", p.sum, want)
		}
	}
	return p
}

// wrap makes a frame of what stands before the length, and the payload.
func (l *layout) wrap(before, payload []byte) (frame []byte, err error) {
	switch l.framing {
	case framingLength:
		frame = append(frame, before...)
		frame = append(frame, make([]byte, l.offset-len(before))...)
		if frame, err = l.appendLength(frame, len(payload)+l.sum.size); err != nil {
			return nil, err
		}
	case framingContentLength:
		frame = fmt.Appendf(nil, "Content-Length: %d\r\n\r\n", len(payload)+l.sum.size)
	case framingFixed:
		if n := len(payload) + l.sum.size; n != l.size {
			return nil, fmt.Errorf("this makes a frame of %s, and each has %d", core.Plural(n, "byte"), l.size)
		}
	}
	start := len(frame)
	frame = append(frame, payload...)
	of := payload
	if l.sumOfAll {
		of = frame
	}
	frame = l.sum.append(frame, of)
	switch l.framing {
	case framingDelimiter:
		if bytes.Contains(frame, []byte(l.delimiter)) {
			return nil, fmt.Errorf("the delimiter %q stands within the frame", l.delimiter)
		}
		frame = append(frame, l.delimiter...)
	case framingSLIP:
		frame = appendSLIP(nil, frame[start:])
	case framingCOBS:
		frame = appendCOBS(nil, frame[start:])
	}
	if len(frame) > maxFrame {
		return nil, fmt.Errorf("the frame has %d bytes, and may have %d", len(frame), maxFrame)
	}
	return frame, nil
}

// read says what a frame holds: as text, and as a message.
func (l *layout) read(flow core.Flow, at int64, frame []byte) (text string, m core.Message) {
	m = core.Message{Flow: flow, From: at, To: at + int64(len(frame))}
	_, bad := l.measure(frame, 0)
	switch {
	case bad != "":
		text = spaced(frame[:min(len(frame), maxBegin)])
		m.Fields = []core.Field{{Name: "frames.length", To: int64(len(frame)), Value: clipped(text), Wrong: bad}}
	case l.modbus:
		text, m.Fields = modbus(frame, flow != core.FromServer)
	default:
		text, m.Fields = l.fieldsOf(frame)
	}
	m.Summary = core.CutWords(core.Printable(core.CutWords(text, maxSummary)), maxSummary)
	for i := range m.Fields {
		f := &m.Fields[i]
		f.From, f.To = f.From+at, f.To+at
		if f.Wrong != "" {
			text += "\n(wrong: " + f.Wrong + ")"
		}
	}
	return text, m
}

// fieldsOf is read of a frame that is built as it should be. Places are counted from its beginning.
func (l *layout) fieldsOf(frame []byte) (text string, all []core.Field) {
	p := l.open(frame)
	add := func(name string, from, to int, value, wrong string) {
		all = append(all, core.Field{Name: name, From: int64(from), To: int64(to), Value: value, Wrong: wrong})
	}
	stuffed := l.framing == framingSLIP || l.framing == framingCOBS
	sumAt := p.end - len(p.sum)
	if stuffed {
		sumAt = p.end
	}
	if l.offset > 0 && len(l.fields) == 0 {
		add("frames.head", 0, l.offset, hexOf(frame[:l.offset]), "")
	}
	switch l.framing {
	case framingLength:
		length, _ := l.lengthAt(frame)
		add("frames.length", l.offset, p.start, strconv.FormatUint(length, 10), "")
	case framingContentLength:
		add("frames.head", 0, p.start, clipped(string(bytes.TrimRight(frame[:p.start], "\r\n"))), "")
	}
	wrong := p.wrong
	if len(l.fields) == 0 {
		var not string
		if text, not = l.show(p.payload); wrong == "" {
			wrong = not
		}
		value := core.CutWords(text, maxValue)
		if l.payload == payloadText {
			value = clipped(text)
		}
		add("frames.payload", p.start, sumAt, value, wrong)
	} else {
		before := min(l.offset, len(frame))
		data := append(bytes.Clone(frame[:before]), p.payload...)
		place := func(at int) int {
			switch {
			case at < before:
				return at
			case stuffed:
				return p.start
			}
			return p.start + at - before
		}
		values, short := decode(l.fields, data)
		for _, v := range values {
			if text != "" {
				text += " "
			}
			text += v.name + "=" + v.value
			to := place(max(v.from, v.to-1)) + min(1, v.to-v.from)
			if stuffed {
				to = p.end
			}
			add("frames."+v.name, place(v.from), to, v.value, "")
		}
		if short > 0 && wrong == "" {
			wrong = fmt.Sprintf("%s missing of what option fields names", core.Plural(short, "byte"))
		}
		if wrong != "" {
			add("frames.payload", p.start, sumAt, hexOf(p.payload), wrong)
		}
	}
	if l.sum.size > 0 {
		add("frames.checksum", sumAt, p.end, hex.EncodeToString(p.sum), p.wrongSum)
	}
	return text, all
}

// readLong is read of a frame that was too long to be kept.
func (l *layout) readLong(flow core.Flow, to int64, g *long) (text string, m core.Message) {
	size := to - g.From
	text = fmt.Sprintf("%s … (a frame of %d bytes, of which at most %d are kept)", spaced(g.Begin[:min(len(g.Begin), 32)]), size, maxFrame)
	return text, core.Message{Flow: flow, From: g.From, To: to, Summary: text,
		Fields: []core.Field{{Name: "frames.payload", From: g.From, To: to, Value: hexOf(g.Begin)}}}
}

// readCut is read of a frame that will never be whole.
func (l *layout) readCut(flow core.Flow, from, to int64, begin []byte) (text string, m core.Message) {
	why := "the stream ended within a frame, of which " + core.Plural(int(to-from), "byte") + " had come"
	text = spaced(begin[:min(len(begin), maxBegin)])
	m = core.Message{Flow: flow, From: from, To: to, Summary: core.CutWords(text, maxSummary),
		Fields: []core.Field{{Name: "frames.payload", From: from, To: to, Value: hexOf(begin), Wrong: why}}}
	return text + "\n(wrong: " + why + ")", m
}
