package http

import (
	"slices"

	"github.com/protocol-workbench/workbench/core"
)

// maxPending is how many requests that are not answered are kept by where they begin.
const maxPending = 2048

// pending is a request that is not answered.
type pending struct {
	From int64
	Kind asked
}

// asked says what the response to a request is like.
type asked uint8

const (
	plain   asked = iota
	head          // it has no body
	connect       // bytes follow it, if it is 2xx
	bare          // it is a body alone, as in HTTP/0.9
	askeds
)

// talk is what both sides of a connection have said, and which response is for which request.
type talk struct {
	flow     core.Flow // of the requests
	requests decoder
	replies  decoder
	expected

	// What the last event came to.
	made  []made
	pool  pool
	limit int // how many fields may be made
	more  int // requests that got no message
}

// expected is what is known about the responses that will come.
type expected struct {
	Pending []pending // in the order of the requests
	Later   int64     // requests after them, which are not kept
	Junk    bool      // the client's last line was no request
	RawAt   int64     // where the server's bytes cease to be HTTP; -1: nowhere
}

// headed implements listener.
func (t *talk) headed(d *decoder) state {
	if d.client {
		return t.requested(d)
	}
	return t.answered(d)
}

// requested notes a request whose head is whole.
func (t *talk) requested(d *decoder) state {
	m := &d.Message
	switch m.Start.Kind {
	case junk:
		if !t.Junk { // servers answer it once
			t.expect(pending{m.From, plain})
		}
		t.Junk = true
		return inStart
	case simple:
		t.expect(pending{m.From, bare})
		return inStart
	}
	t.Junk = false
	p := pending{m.From, plain}
	switch method := m.part(0); {
	case string(method) == "HEAD":
		p.Kind = head
	case string(method) == "CONNECT":
		p.Kind = connect
	}
	t.expect(p)
	return d.requestBody()
}

// requestBody says what comes after the head of a request.
func (d *decoder) requestBody() state {
	m := &d.Message
	f := m.framing(true)
	switch {
	case string(m.part(0)) == "CONNECT":
		return inStart
	case f.chunked:
		return inSize
	case f.coded, f.bad, f.length <= 0:
		return inStart
	}
	d.Left = f.length
	return inBody
}

// answered says what comes after the head of a response (RFC 9112, section 6.3).
func (t *talk) answered(d *decoder) state {
	m := &d.Message
	p, ok := pending{}, len(t.Pending) > 0
	if ok {
		p = t.Pending[0]
	}
	code := m.Start.Code
	switch {
	case m.Start.Kind == junk && p.Kind != bare:
		return inStart
	case ok:
		m.Answers = core.MessageRef{Flow: t.flow, From: p.From}
	}
	if code/100 != 1 || code == 101 {
		t.pop()
	}
	if m.Start.Kind == junk {
		m.Start = startLine{Kind: http09, Wrong: wrongSimple}
		return inRest
	}
	f := m.framing(false)
	switch {
	case code/100 == 1, code == 204, p.Kind == connect && code/100 == 2:
		for i := range m.Headers {
			if h := &m.Headers[i]; h.Kind.isFraming() && (code != 101 || h.Kind == transferEncoding) {
				h.Wrong = wrongNoBody
			}
		}
		fallthrough
	case code == 304, p.Kind == head:
		m.NoBody, m.Switches = true, code == 101 || p.Kind == connect && code/100 == 2
		return inStart
	case f.chunked:
		return inSize
	case f.coded, f.bad, f.length < 0:
		return inRest
	}
	d.Left = f.length
	return inBody
}

// whole implements listener.
func (t *talk) whole(d *decoder) {
	m := &d.Message
	flow := core.FromServer
	if d.client {
		flow = t.flow
	}
	if t.limit <= 0 {
		t.more++
		if values := m.secrets(); len(values) > 0 {
			t.made = append(t.made, made{values: values})
		}
	} else {
		of := made{message: t.pool.message(m, flow), values: m.secrets()}
		t.limit -= len(of.message.Fields)
		if d.keep > maxSample {
			of.text, of.hidden = m.text(d.keep)
		}
		t.made = append(t.made, of)
	}
	if m.Switches || d.client && m.Start.Parts[2].Wrong == wrongHTTP2 {
		t.replies.raw()
		t.requests.raw()
		t.RawAt = t.replies.At
	}
}

// part returns a part of the start line.
func (m *message) part(i int) []byte {
	p := m.Start.Parts[i]
	return m.Text[min(p.From, len(m.Text)):min(p.To, len(m.Text))]
}

// expect notes a request that will be answered.
func (t *talk) expect(p pending) {
	if t.Later > 0 || len(t.Pending) == maxPending {
		t.Later++
		return
	}
	t.Pending = append(t.Pending, p)
}

// pop takes off the request that was answered.
func (t *talk) pop() {
	switch len(t.Pending) {
	case 0:
		t.Later = max(0, t.Later-1)
	case 1:
		t.Pending = nil
	default:
		t.Pending = slices.Delete(t.Pending, 0, 1)
	}
}

// missed says that so many bytes of a side were missed.
func (t *talk) missed(d *decoder, n int64) {
	if !d.missed(n, t) {
		t.Pending, t.Later, t.Junk = nil, 0, false
	}
}

// lacks says in words what the client's last request lacks, "" if it is whole.
func (t *talk) lacks() string {
	d := &t.requests
	switch {
	case d.State == inStart && d.LineLen == 0, d.State == inRaw, d.State == inGap:
		return ""
	case d.State == inBody:
		return plural(d.Left) + " of its body"
	case d.State == inStart, d.State == inHeaders:
		return "the end of its head"
	}
	return "the end of its body, which is chunked"
}

func plural(n int64) string { return core.Plural(int(n), "byte") }
