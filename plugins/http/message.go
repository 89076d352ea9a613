package http

import (
	"bytes"
	"strconv"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of a message, so that it stays within core's however it is quoted.
const (
	maxSummary = 256
	maxValue   = 512 // bytes of a field's value
)

// hidden stands in the place of a secret.
const hidden = "***"

// made is what is said of a request or a response.
type made struct {
	message core.Message
	values  [][]byte // secrets
	text    []byte
	hidden  [][2]int // where the text has some
}

// pool is the memory of the fields of messages, until others take their place.
type pool struct {
	fields []core.Field
	texts  []byte // of the fields of one message
	ends   []int
}

func (p *pool) reset() {
	if p.fields = p.fields[:0]; cap(p.fields) > 4096 {
		p.fields = nil
	}
}

// add appends a field.
func (p *pool) add(name string, from, to int64, w wrong, value ...[]byte) {
	p.fields = append(p.fields, core.Field{Name: name, From: from, To: to, Wrong: wrongWords[w]})
	for _, v := range value {
		p.texts = append(p.texts, v...)
	}
	p.ends = append(p.ends, len(p.texts))
}

// message returns the message.
func (p *pool) message(m *message, flow core.Flow) core.Message {
	if cap(p.fields)-len(p.fields) < len(m.Headers)+8 { // those before stay where they are
		p.fields = make([]core.Field, 0, max(256, len(m.Headers)+8))
	}
	first := len(p.fields)
	p.texts, p.ends = p.texts[:0], p.ends[:0]
	if m.HeadTo == 0 {
		m.HeadTo = m.To
	}
	p.start(m, flow)
	for i := range m.Headers {
		p.header(m, &m.Headers[i])
	}
	if m.More > 0 {
		p.add("http.more", m.HeadTo, m.HeadTo, 0, []byte(core.Plural(int(m.More), "line")))
	}
	p.body(m)
	fields := p.fields[first:len(p.fields):len(p.fields)]
	all, at := string(p.texts), 0
	for i := range fields {
		fields[i].Value = all[at:p.ends[i]]
		at = p.ends[i]
	}
	if m.Cut {
		fields[len(fields)-1].Wrong = wrongWords[wrongEnd]
	}
	return core.Message{Flow: flow, From: m.From, To: m.To, Answers: m.Answers, Summary: m.summary(), Fields: fields}
}

// start appends the fields of the start line.
func (p *pool) start(m *message, flow core.Flow) {
	names := [3]string{"http.method", "http.uri", "http.version"}
	switch {
	case m.Start.Kind == http09:
		return
	case m.Start.Kind == junk:
		names[0] = "http.line"
	case flow == core.FromServer:
		names = [3]string{"http.version", "http.code", "http.reason"}
	}
	for i, s := range m.Start.Parts {
		if i > 0 && s.To == s.From {
			continue
		}
		w := s.Wrong
		if i == 0 && w == 0 {
			w = m.Start.Wrong
		}
		p.add(names[i], m.From+int64(s.From), m.From+int64(s.To), w, clip(m.part(i)))
	}
}

// header appends the field of a header line.
func (p *pool) header(m *message, h *header) {
	name := named[h.Kind].field
	from := h.At + int64(h.Val)
	value := clip(m.value(h))
	if h.Kind.isSecret() {
		value = []byte(hidden)
	}
	switch {
	case h.Trailer:
		name = "http.chunked_trailer_part"
		fallthrough
	case h.Kind == other && h.Name > 0:
		from = h.At
		p.add(name, from, h.At+int64(h.End), h.Wrong, clip(m.Text[h.Off:h.Off+h.Name]), []byte(": "), value)
		return
	}
	p.add(name, from, h.At+int64(h.End), h.Wrong, value)
}

// body appends the fields of the body.
func (p *pool) body(m *message) {
	if m.Length == 0 && m.BodyWrong == 0 && m.Chunks == 0 {
		return
	}
	from, w := max(m.From, m.HeadTo), m.BodyWrong
	switch m.Start.Kind {
	case http09:
		from, w = m.From, wrongSimple
	case junk:
		p.add("http.length", m.From, m.To, 0, strconv.AppendInt(nil, m.Length, 10))
		return
	}
	value := m.Body[:min(len(m.Body), maxSample)]
	if value = clip(value); m.Missed || m.coding() != "" || !utf8.Valid(value) {
		value = nil
	}
	p.add("http.body", from, m.To, w, value)
	p.add("http.length", from, m.To, 0, strconv.AppendInt(nil, m.Length, 10))
	if m.Chunks > 0 {
		p.add("http.chunks", from, m.To, 0, strconv.AppendInt(nil, m.Chunks, 10))
	}
}

// summary says in a line what a message is.
func (m *message) summary() string {
	line := m.Text
	if i := bytes.IndexByte(line, '\n'); i >= 0 {
		line = line[:i]
	}
	line = bytes.TrimRight(line, "\r")
	if m.Start.Kind == http09 {
		line = []byte("HTTP/0.9 answer")
	}
	all := append(make([]byte, 0, 96), line[:min(len(line), maxSummary)]...)
	if m.Length > 0 {
		all = append(all, " ("...)
		if t, _, _ := bytes.Cut(m.find(contentType), []byte(";")); len(t) > 0 && len(t) <= 64 {
			all = append(append(all, t...), ", "...)
		}
		all = append(append(all, plural(m.Length)...), ')')
	}
	return core.CutWords(string(all), maxSummary)
}

// clip returns the beginning of a value that fits into a field.
func clip(value []byte) []byte {
	if len(value) <= maxValue {
		return value
	}
	n := maxValue
	for n > maxValue-utf8.UTFMax && !utf8.RuneStart(value[n]) {
		n--
	}
	return value[:n]
}
