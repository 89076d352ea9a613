package http

import (
	"fmt"
	"math"
	"strconv"

	"github.com/protocol-workbench/workbench/core"
)

// machine is the machine of a session.
type machine struct {
	byHand bool
	watch  bool
	host   string // what is dialled, as a field Host has it
	talk
	typing
}

func newMachine(o core.Opening) *machine {
	m := &machine{byHand: o.Client != core.Stream, watch: o.Watch, host: hostOf(o.Target)}
	m.flow, m.RawAt = core.FromClient, -1
	m.requests.client, m.requests.keep, m.replies.keep = true, maxSample, maxSample
	m.requests.joins, m.replies.joins = !m.byHand, !m.byHand
	if m.byHand {
		m.flow, m.replies.keep = core.ToServer, maxShown
	}
	return m
}

func (m *machine) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientText:
		m.typed(ev.Data, out)
	case core.ClientCommand:
		m.used(string(ev.Data), out)
	case core.ClientBinary:
		m.send(ev.Data, out)
	case core.ClientRaw: // which the core has sent
		m.asks(ev.Data, false, out)
	case core.ClientBytes:
		if m.watch {
			m.asks(ev.Data, false, out)
			break
		}
		out.Server(ev.Data)
		m.asks(ev.Data, true, out)
	case core.ClientEOF, core.ClientClosed:
		m.begin()
		m.requests.ended(m)
		m.tell(out)
	case core.ServerBytes:
		m.receive(ev.Data, out)
	case core.ServerTLS:
		m.secured(string(ev.Data), out)
	case core.ServerEOF, core.ServerFailed:
		m.begin()
		m.replies.ended(m)
		m.tell(out)
	case core.ClientUnseen, core.ServerUnseen:
		n, err := strconv.ParseInt(string(ev.Data), 10, 64)
		if err != nil || n < 0 || n > core.MaxFlow {
			return nil
		}
		d := &m.replies
		if ev.Kind == core.ClientUnseen {
			d = &m.requests
		}
		m.begin()
		m.missed(d, n)
		m.tell(out)
	}
	return nil
}

// begin begins what an event comes to.
func (m *machine) begin() {
	clear(m.made)
	m.made, m.more, m.limit = m.made[:0], 0, math.MaxInt
	m.pool.reset()
}

// send sends bytes to the server, and reports whether they hold a secret.
func (m *machine) send(data []byte, out *core.Out) (secret bool) {
	out.Server(data)
	return m.asks(data, true, out)
}

// maxFields is how many fields are made of what a person sends at once.
const maxFields = 40_000

// asks takes bytes of requests, which are the event's or the last action's, and reports
// whether they hold a secret.
func (m *machine) asks(data []byte, ofAction bool, out *core.Out) (secret bool) {
	m.begin()
	if m.byHand {
		m.limit = maxFields
	}
	raw := m.requests.State == inRaw
	m.requests.feed(data, m)
	for _, h := range m.requests.hidden {
		out.Secret(ofAction, h[0], h[1])
	}
	m.tell(out)
	if m.more > 0 {
		out.Warn(fmt.Sprintf("%s more are no messages: too many were sent at once", core.Plural(m.more, "request")))
	}
	if !raw && m.requests.State == inRaw {
		out.Warn("from here on both sides speak HTTP/2, which is not decoded")
	}
	return len(m.requests.hidden) > 0
}

// receive takes what the server has sent.
func (m *machine) receive(data []byte, out *core.Out) {
	m.begin()
	raw := m.replies.State == inRaw
	m.replies.feed(data, m)
	through := !m.byHand && !m.watch
	if through {
		out.Binary(data)
	}
	for _, h := range m.replies.hidden {
		out.Secret(false, h[0], h[1])
		if through {
			out.Secret(true, h[0], h[1])
		}
	}
	m.tell(out)
	if m.replies.State != inRaw {
		return
	}
	if !raw && m.byHand {
		out.Note("from here on bytes are sent and shown as they are: what is typed may have escapes, and no line end is added")
	} else if !raw {
		out.Warn("from here on there is no HTTP on this connection: what both sides say is not decoded")
	}
	if rest := data[max(0, int64(len(data))-(m.replies.At-m.RawAt)):]; m.byHand && len(rest) > 0 {
		out.Binary(rest)
	}
}

// tell says which messages are whole.
func (m *machine) tell(out *core.Out) {
	for i := range m.made {
		r := &m.made[i]
		for _, v := range r.values {
			out.SecretBytes(v)
		}
		if r.text != nil {
			out.Text(r.text)
			for _, h := range r.hidden {
				out.Secret(true, h[0], h[1])
			}
		}
		if r.message.Flow != 0 {
			out.Message(r.message)
		}
	}
}

// secured says that the connection to the server is TLS now. What was handed over by CONNECT
// begins anew.
func (m *machine) secured(words string, out *core.Out) {
	out.Note(words)
	if m.replies.State != inRaw {
		return
	}
	m.replies.State, m.requests.State = inStart, inStart
	m.expected = expected{RawAt: -1}
	out.Note("within TLS what is typed is HTTP again")
}
