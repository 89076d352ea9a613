package imap

import (
	"fmt"
	"strconv"

	"github.com/protocol-workbench/workbench/core"
)

// machine is the machine of a session.
type machine struct {
	byHand bool
	watch  bool
	talk
}

func newMachine(byHand, watch bool) *machine {
	m := &machine{byHand: byHand, watch: watch}
	m.flow = core.FromClient
	m.requests = decoder{keep: maxText, keepLiteral: maxLiteral}
	m.replies = decoder{server: true, keep: maxText, keepLiteral: maxLiteral}
	if byHand {
		m.flow = core.ToServer
		m.replies.keep, m.replies.keepLiteral = maxShown, maxShown
	}
	return m
}

func (m *machine) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientText:
		m.typed(string(ev.Data), out)
	case core.ClientCommand:
		if call, err := core.ParseCommand(commands, string(ev.Data)); err != nil {
			refuse(err.Error(), out)
		} else {
			m.command(lineOf(call), "", false, out)
		}
	case core.ClientBinary:
		out.Server(ev.Data)
		m.asks(ev.Data, true, out)
	case core.ClientRaw: // which the core has sent
		m.asks(ev.Data, false, out)
	case core.ClientBytes:
		if !m.watch {
			out.Server(ev.Data)
		}
		m.asks(ev.Data, !m.watch, out)
	case core.ServerBytes:
		m.receive(ev.Data, out)
	case core.ServerTLS:
		out.Note(string(ev.Data))
	case core.ServerEOF, core.ServerFailed:
		m.lastReply(out)
	case core.ClientUnseen, core.ServerUnseen:
		if n, err := strconv.ParseInt(string(ev.Data), 10, 64); err == nil && n >= 0 && n <= core.MaxFlow {
			m.missed(ev.Kind.Side(), n)
		}
	}
	return nil
}

// send sends commands, up to a literal that the server has to ask for; the rest waits.
func (m *machine) send(data []byte, out *core.Out) {
	if m.Opaque {
		out.Server(data)
		return
	}
	if m.requests.Awaits {
		m.Queue = append(m.Queue, data...)
		return
	}
	for len(data) > 0 {
		made, hidden, n, more := m.request(data, true)
		out.Server(data[:n])
		tell(made, hidden, more, true, out)
		if data = data[n:]; m.requests.Awaits {
			m.Queue = append([]byte(nil), data...)
			return
		}
	}
}

// asks takes bytes that were sent as they are, which are the event's or the last action's, and
// returns where they have secrets.
func (m *machine) asks(data []byte, ofAction bool, out *core.Out) (hidden [][2]int) {
	if m.Opaque {
		return nil
	}
	var all []made
	var more int
	for at := 0; at < len(data); {
		made, spans, n, m := m.request(data[at:], m.byHand)
		for _, h := range spans {
			hidden = append(hidden, [2]int{at + h[0], at + h[1]})
		}
		all, more, at = append(all, made...), more+m, at+n
	}
	tell(all, hidden, more, ofAction, out)
	if n := len(m.Queue); n > 0 && !m.requests.Awaits {
		m.Queue = nil
		out.Warn(fmt.Sprintf("%s that waited for the server were dropped: others were sent in their place", core.Plural(n, "byte")))
	}
	return hidden
}

// tell says what was made of bytes that were sent.
func tell(all []made, hidden [][2]int, more int, ofAction bool, out *core.Out) {
	for _, h := range hidden {
		out.Secret(ofAction, h[0], h[1])
	}
	for _, r := range all {
		out.SecretBytes(r.secret)
		out.Message(r.message)
	}
	if more > 0 {
		out.Warn(fmt.Sprintf("%s more are no messages: too many were sent at once", core.Plural(more, "command")))
	}
}

// receive takes what the server has sent.
func (m *machine) receive(data []byte, out *core.Out) {
	if !m.byHand && !m.watch {
		out.Binary(data)
	}
	for len(data) > 0 && !m.Opaque {
		n, whole := m.replies.next(data)
		if data = data[n:]; !whole {
			return
		}
		r := m.show(false, out)
		m.replies.begin()
		switch {
		case r.refuses:
			m.drop(r.left, out)
		case r.asks:
			queue := m.Queue
			m.Queue = nil
			m.send(queue, out)
		case r.kind == auth && m.Challenged && len(m.Answers) > 0:
			answer := m.Answers[0]
			m.Answers = m.Answers[1:]
			m.send([]byte(answer+"\r\n"), out)
		case r.ok && r.kind == startTLS && m.byHand: // nothing that was said in clear counts any more
			m.Pending, m.Queue, m.SASLIR = nil, nil, false
			m.requests.begin()
			out.StartTLS(core.Server, "", len(data))
			return
		case r.ok && r.kind == startTLS:
			m.Opaque = true
			out.Warn("from here on both sides speak TLS, which is not decoded")
		case r.ok && r.kind == compress:
			m.Opaque = true
			out.Warn("from here on both sides compress (RFC 4978), which is not decoded")
		}
	}
}

// show shows a response that is whole, or of which no more will come if cut.
func (m *machine) show(cut bool, out *core.Out) reply {
	r := m.reply(cut)
	if r.refuses {
		r.left = m.requests.Left
		out.Message(m.requested(true))
		m.requests.begin()
	}
	m.complete(&r)
	if m.byHand {
		out.Text(m.replies.shown())
	}
	out.Message(r.message)
	return r
}

// drop drops what waits of a command whose literal, of which so many bytes are left, the server
// does not want. It sends what was typed after the command.
func (m *machine) drop(left int64, out *core.Out) {
	queue := m.Queue
	m.Queue = nil
	d := decoder{said: said{Left: left, Full: true}}
	n := 0
	for whole := false; n < len(queue) && !whole; {
		var k int
		k, whole = d.next(queue[n:])
		n += k
	}
	if n > 0 {
		out.Warn(fmt.Sprintf("the server did not ask for the literal: %s of the command were not sent", core.Plural(n, "byte")))
	}
	m.send(queue[n:], out)
}

// lastReply takes what has come of a response that will never be whole.
func (m *machine) lastReply(out *core.Out) {
	if m.Opaque || !m.replies.within() || m.replies.Lost != known {
		return
	}
	m.show(true, out)
	m.replies.begin()
}
