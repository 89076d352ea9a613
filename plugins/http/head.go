package http

import (
	"bytes"
	"strconv"

	"github.com/protocol-workbench/workbench/core"
)

// form says what a start line is.
type form uint8

const (
	full   form = iota // one of HTTP/1.x: a head follows
	simple             // a request without a version, as in HTTP/0.9
	junk               // none
	http09             // the beginning of an answer to a simple request
	forms
)

// startLine is the first line of a message: its parts by where they stand in it.
type startLine struct {
	Kind  form
	Parts [3]part
	Code  int // of a response
	Wrong wrong
}

type part struct {
	From, To int
	Wrong    wrong
}

// header is a header line, with those that are folded into it.
type header struct {
	At             int64 // where it begins in the flow
	Off            int   // and in the text that is kept
	Name, Val, End int   // in the line: where the name ends, and where the value is
	Kind           kind
	Wrong          wrong
	Trailer        bool
}

// message is one that has begun.
type message struct {
	From, To, HeadTo int64
	Text             []byte // the lines of the head, and of the trailers
	HeadLen          int    // bytes of it that are the head's
	Start            startLine
	Headers          []header
	More             int64 // lines that are not kept
	Folded           bool  // the last line is kept, so what is folded into it is
	Hides            bool  // … is a secret
	Bare             bool  // a line ended in LF alone
	NoBody           bool  // it has none, whatever its head says
	Body             []byte
	Length           int64 // of the body, without the framing of chunks
	Chunks           int64
	BodyWrong        wrong
	Cut              bool            // it will never be whole
	Missed           bool            // bytes of the body were not seen
	Switches         bool            // no HTTP follows it
	Answers          core.MessageRef `json:",omitzero"`
}

func (m *message) reset() {
	text, headers, body := m.Text[:0], m.Headers[:0], m.Body[:0]
	if cap(text) > 16<<10 {
		text = nil
	}
	if cap(body) > 16<<10 {
		body = nil
	}
	*m = message{Text: text, Headers: headers, Body: body}
}

// head keeps a line of the head.
func (m *message) head(raw []byte) {
	m.Text = append(m.Text, raw[:min(len(raw), max(0, maxHead-len(m.Text)))]...)
}

// add takes bytes of the body, of which so many are kept.
func (m *message) add(data []byte, keep int) {
	m.Length += int64(len(data))
	if n := keep - len(m.Body); n > 0 {
		m.Body = append(m.Body, data[:min(len(data), n)]...)
	}
}

// begins reports whether a line is a start line that can be trusted, after others were missed.
func begins(line []byte, request bool) bool {
	var m message
	m.begin(0, line, nil, request)
	return m.Start.Kind == full && m.Start.Wrong == 0 && m.Start.Parts[0].Wrong == 0 && m.Start.Parts[1].Wrong == 0 && m.Start.Parts[2].Wrong == 0
}

// begin takes the start line.
func (m *message) begin(from int64, line, raw []byte, request bool) {
	m.From, m.HeadTo = from, 0
	m.head(raw)
	if request {
		m.Start = requestLine(line)
	} else {
		m.Start = statusLine(line)
	}
	if m.Start.Wrong == 0 && hasControl(line) {
		m.Start.Wrong = wrongCR
	}
}

// hasControl reports whether a line has a CR or a NUL.
func hasControl(line []byte) bool {
	return bytes.IndexByte(line, '\r') >= 0 || bytes.IndexByte(line, 0) >= 0
}

// requestLine reads one. Its parts may stand more than one blank apart, and its target may have
// some (RFC 9112, section 3): both are wrong.
func requestLine(line []byte) (s startLine) {
	bad := startLine{Kind: junk, Wrong: wrongRequest, Parts: [3]part{{To: len(line)}}}
	from, to := 0, len(line)
	for from < to && isBlank(line[from]) {
		from++
	}
	for from < to && isBlank(line[to-1]) {
		to--
	}
	first := bytes.IndexAny(line[from:to], " \t")
	if first < 0 || !isToken(line[from:from+first]) {
		return bad
	}
	s.Parts[0] = part{From: from, To: from + first}
	s.Parts[1] = part{From: from + first + 1, To: to}
	last := max(bytes.LastIndexByte(line[:to], ' '), bytes.LastIndexByte(line[:to], '\t'))
	if last > from+first && bytes.EqualFold(line[last+1:min(to, last+6)], []byte("HTTP/")) {
		s.Parts[1].To = last
		s.Parts[2] = part{From: last + 1, To: to, Wrong: versionWrong(line[last+1 : to])}
	}
	t := &s.Parts[1]
	for t.From < t.To && isBlank(line[t.From]) {
		t.From++
	}
	for t.From < t.To && isBlank(line[t.To-1]) {
		t.To--
	}
	method, target := line[from:from+first], line[t.From:t.To]
	blanks := bytes.ContainsAny(target, " \t")
	switch {
	case len(target) == 0, s.Parts[2].To == 0 && (blanks || string(method) != "GET"):
		return bad
	case s.Parts[2].To == 0:
		s.Kind, s.Wrong = simple, wrongSimple
	case blanks || len(line) != to || from > 0 || t.From != s.Parts[0].To+1 || s.Parts[2].From != t.To+1:
		s.Wrong = wrongBlanks
	}
	if !isTarget(method, target) {
		t.Wrong = wrongTarget
	}
	return s
}

// isTarget reports whether text can be the target of a request.
func isTarget(method, text []byte) bool {
	switch {
	case string(method) == "CONNECT":
		i := bytes.LastIndexByte(text, ':')
		_, err := strconv.ParseUint(string(text[i+1:]), 10, 16)
		return i > 0 && err == nil && bytes.IndexByte(text, '/') < 0
	case text[0] == '/':
		return true
	case string(text) == "*":
		return string(method) == "OPTIONS" || string(method) == "PRI"
	}
	i := bytes.Index(text, []byte("://"))
	return i > 0 && len(text) > i+3 && isToken(text[:i])
}

// versionWrong says what is wrong with a version.
func versionWrong(v []byte) wrong {
	switch {
	case string(v) == "HTTP/1.1", string(v) == "HTTP/1.0":
		return 0
	case string(v) == "HTTP/2.0", string(v) == "HTTP/2":
		return wrongHTTP2
	}
	return wrongVersion
}

// statusLine reads one.
func statusLine(line []byte) (s startLine) {
	bad := startLine{Kind: junk, Wrong: wrongStatus, Parts: [3]part{{To: len(line)}}}
	if len(line) < 12 || !bytes.EqualFold(line[:5], []byte("HTTP/")) {
		return bad
	}
	i := bytes.IndexByte(line, ' ')
	if i < 0 || len(line) < i+4 {
		return bad
	}
	code, err := strconv.ParseUint(string(line[i+1:i+4]), 10, 16)
	if err != nil {
		return bad
	}
	s.Code = int(code)
	s.Parts = [3]part{{To: i, Wrong: versionWrong(line[:i])}, {From: i + 1, To: i + 4}, {From: i + 4, To: i + 4}}
	if code < 100 || code > 599 {
		s.Parts[1].Wrong = wrongCode
	}
	switch rest := line[i+4:]; {
	case len(rest) == 0:
		s.Parts[1].Wrong = max(s.Parts[1].Wrong, wrongReason)
	case rest[0] != ' ':
		return bad
	default:
		s.Parts[2] = part{From: i + 5, To: len(line)}
	}
	return s
}

// folds reports whether a header line goes on with the one before.
func (m *message) folds(line []byte) bool {
	return len(line) > 0 && (line[0] == ' ' || line[0] == '\t') && (len(m.Headers) > 0 || m.More > 0)
}

// header takes a header line, or a trailer's.
func (m *message) header(line, raw []byte, from int64, ended wrong) {
	folds := m.folds(line)
	h := header{At: from, Off: len(m.Text), Trailer: m.HeadTo > 0, Wrong: ended}
	switch {
	case ended == wrongLF && m.Bare: // which is said once
		h.Wrong = 0
	case ended == wrongLF:
		m.Bare = true
	}
	fits := len(m.Headers) < maxHeaders && len(m.Text)+len(raw) <= maxHead
	if folds {
		if !m.Folded || !fits {
			m.Folded = false
			m.More++
			return
		}
		last := &m.Headers[len(m.Headers)-1]
		last.End = h.Off - last.Off + len(bytes.TrimRight(line, " \t"))
		last.Wrong = wrongFold
		m.head(raw)
		return
	}
	i := bytes.IndexByte(line, ':')
	name := line[:max(i, 0)]
	h.End = len(bytes.TrimRight(line, " \t"))
	switch trimmed := bytes.TrimRight(name, " \t"); {
	case line[0] == ' ' || line[0] == '\t':
		h.Wrong = wrongLead
		if k := kindOf(bytes.TrimSpace(name)); k.isSecret() {
			h.Kind = k
		}
	case i <= 0:
		h.Wrong = wrongColon
	default:
		h.Name, h.Val = len(trimmed), i+1
		for h.Val < h.End && (line[h.Val] == ' ' || line[h.Val] == '\t') {
			h.Val++
		}
		h.End = max(h.End, h.Val)
		h.Kind = kindOf(trimmed)
		switch {
		case !isToken(trimmed):
			h.Wrong = wrongName
		case len(trimmed) < len(name):
			h.Wrong = wrongSpace
		case hasControl(line):
			h.Wrong = wrongCR
		}
	}
	if !fits && !(h.Kind.isFraming() && !h.Trailer && len(m.Headers) < maxHeaders+maxFraming && len(raw) < maxHead/64) {
		m.Folded = false
		m.More++
		return
	}
	m.Folded = true
	m.Text = append(m.Text, raw...)
	m.Headers = append(m.Headers, h)
}

// value returns the value of a header line. What is folded into it stands behind a blank.
func (m *message) value(h *header) []byte {
	v := m.Text[h.Off+h.Val : h.Off+h.End]
	if h.Wrong != wrongFold {
		return v
	}
	return bytes.Join(bytes.Fields(v), []byte(" "))
}

// find returns the value of the first field of a kind.
func (m *message) find(k kind) []byte {
	for i := range m.Headers {
		if h := &m.Headers[i]; h.Kind == k && !h.Trailer {
			return m.value(h)
		}
	}
	return nil
}

// framing is what a head says about its body.
type framing struct {
	length  int64 // -1: it does not say
	chunked bool
	coded   bool // there is a Transfer-Encoding
	bad     bool // nobody knows where the body ends
}

// framing reads it, and marks what is wrong (RFC 9112, section 6.3).
func (m *message) framing(request bool) (f framing) {
	f.length = -1
	hosts, lengthAt := 0, -1
	for i := range m.Headers {
		h := &m.Headers[i]
		switch h.Kind {
		case host:
			if hosts++; hosts > 1 && request {
				h.Wrong = wrongHosts
			}
		case contentLength:
			lengthAt = i
			for item := range bytes.SplitSeq(m.value(h), []byte(",")) {
				n, ok := decimal(bytes.TrimSpace(item))
				switch {
				case !ok:
					h.Wrong, f.bad = wrongLength, true
				case f.length >= 0 && n != f.length:
					h.Wrong, f.bad = wrongLengths, true
				}
				f.length = n
			}
		case transferEncoding:
			f.coded = true
			for item := range bytes.SplitSeq(m.value(h), []byte(",")) {
				if item = bytes.TrimSpace(item); len(item) == 0 {
					continue
				}
				was := f.chunked
				f.chunked = bytes.EqualFold(item, []byte("chunked"))
				if was {
					h.Wrong, f.chunked, f.bad = wrongCoding, false, true
				}
			}
			switch {
			case !f.chunked && request:
				h.Wrong = wrongCoding
			case m.version() == "HTTP/1.0":
				h.Wrong = wrongCodingOld
			}
		}
	}
	if f.coded && lengthAt >= 0 {
		m.Headers[lengthAt].Wrong, f.bad = wrongBoth, f.bad && !f.chunked
	}
	if request && hosts == 0 && m.version() == "HTTP/1.1" && m.More == 0 && m.Start.Parts[2].Wrong == 0 {
		m.Start.Parts[2].Wrong = wrongHost
	}
	return f
}

// version returns the version of a message.
func (m *message) version() string {
	p := m.Start.Parts[2]
	if m.Start.Code > 0 {
		p = m.Start.Parts[0]
	}
	switch v := m.Text[min(p.From, len(m.Text)):min(p.To, len(m.Text))]; string(v) {
	case "HTTP/1.1":
		return "HTTP/1.1"
	case "HTTP/1.0":
		return "HTTP/1.0"
	}
	return ""
}

// decimal reads a number of bytes. One that no stream has is cut down to what one may have.
func decimal(text []byte) (int64, bool) {
	n := int64(0)
	for _, c := range text {
		if c < '0' || c > '9' {
			return 0, false
		}
		n = min(n*10+int64(c-'0'), core.MaxFlow)
	}
	return n, len(text) > 0
}

// chunkSize reads the line that a chunk begins with (RFC 9112, section 7.1).
func chunkSize(line []byte) (int64, bool) {
	digits, _, _ := bytes.Cut(line, []byte(";"))
	digits = bytes.TrimRight(digits, " \t")
	if len(digits) == 0 || len(digits) > 16 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(digits), 16, 64)
	return int64(min(n, core.MaxFlow)), err == nil
}
