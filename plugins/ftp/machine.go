package ftp

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/framing"
)

// machine is the machine of a session.
type machine struct {
	byHand bool
	watch  bool
	host   string // of the control connection, as the client named it
	active bool   // the server opens data connections, where nothing else is typed
	nat    bool   // of the answer to PASV the port alone counts
	talk
	hand
}

func newMachine(o core.Opening) *machine {
	m := &machine{byHand: o.Client != core.Stream, watch: o.Watch, host: hostOf(o.Target)}
	m.active = o.Options["data"] == "active"
	m.nat = o.Options["foreign"] == "port"
	m.flow = core.FromClient
	if m.byHand {
		m.flow = core.ToServer
		m.keep = maxShown
	}
	m.requests = framing.Stream{Cut: lines, Most: maxLine + 1}
	m.replies = framing.Stream{Cut: lines, Most: maxLine + 1}
	return m
}

func (m *machine) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientText:
		m.typed(ev.Data, out)
	case core.ClientCommand:
		if call, err := core.ParseCommand(commands, string(ev.Data)); err != nil {
			refuse(err.Error(), out)
		} else {
			m.use(call, out)
		}
	case core.ClientBinary:
		m.content(ev.Data, out)
	case core.ClientRaw: // which the core has sent
		m.asks(ev.Data, ofEvent, out)
	case core.ClientBytes:
		if m.watch {
			m.asks(ev.Data, ofEvent, out)
			break
		}
		out.Server(ev.Data)
		m.asks(ev.Data, ofBoth, out)
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
	case core.LinkListening, core.LinkConnected, core.LinkFailed, core.LinkBytes, core.LinkEOF, core.LinkClosed:
		m.data(ev, out)
	}
	return nil
}

// send sends bytes to the server, and reports whether they hold a secret.
func (m *machine) send(data []byte, out *core.Out) (secret bool) {
	out.Server(data)
	return m.asks(data, ofAction, out)
}

// sendAs sends a command whose reply the machine waits for.
func (m *machine) sendAs(k kind, line string, out *core.Out) {
	m.sending = k
	m.send([]byte(line+"\r\n"), out)
	m.sending = single
}

// whose says what bytes are of.
type whose uint8

const (
	ofEvent  whose = iota
	ofAction       // the last one
	ofBoth         // which has the event's bytes
)

// asks takes bytes of commands, and reports whether they hold a secret.
func (m *machine) asks(data []byte, of whose, out *core.Out) (secret bool) {
	if m.Encrypted {
		return false
	}
	made, hidden, more := m.request(data)
	for _, h := range hidden {
		if of != ofEvent {
			out.Secret(true, h[0], h[1])
		}
		if of != ofAction {
			out.Secret(false, h[0], h[1])
		}
	}
	for _, r := range made {
		out.SecretBytes(r.secret)
		if r.message.Flow != 0 {
			out.Message(r.message)
		}
	}
	if more > 0 {
		out.Warn(fmt.Sprintf("%s more are no messages: too many were sent at once", core.Plural(more, "command")))
	}
	return len(hidden) > 0
}

// errTLS stops at the reply after which there is TLS.
var errTLS = errors.New("TLS follows")

// receive takes what the server has sent by the control connection.
func (m *machine) receive(data []byte, out *core.Out) {
	if !m.byHand && !m.watch {
		out.Binary(data)
	}
	if m.Encrypted {
		return
	}
	at, held := m.replies.Held()
	end := at + int64(len(held)+len(data))
	err := m.replies.Feed(data, func(at int64, line []byte) error {
		r, ok := m.reply(at, line)
		if !ok {
			return nil
		}
		out.Message(r.message())
		if m.byHand {
			m.answer(r, out)
		}
		if r.startsTLS() && !m.Secured {
			return errTLS
		}
		return nil
	})
	if err == nil {
		return
	}
	m.replies.Resume(m.end, nil)
	if m.byHand {
		m.Pending = nil // nothing that was said in clear counts any more
		m.Secured = true
		out.StartTLS(core.Server, "", int(end-m.end))
		return
	}
	m.Encrypted = true
	out.Warn("from here on both sides speak TLS, which is not decoded")
}

// lastReply takes what has come of a reply that will never be whole.
func (m *machine) lastReply(out *core.Out) {
	if m.Encrypted {
		return
	}
	r, ok := m.unfinished()
	if ok {
		out.Message(r.message())
	}
	if !m.byHand {
		return
	}
	m.show(out)
	if j := m.Job; j != nil && j.Final != nil {
		out.Text(j.Final)
		j.Final = nil
	}
	if ok {
		out.Text(r.text())
	}
}

// hostOf returns the host of a target, host:port, with what may stand before it.
func hostOf(target string) string {
	if i := bytes.LastIndex([]byte(target), []byte("://")); i >= 0 {
		target = target[i+3:]
	}
	if i := bytes.LastIndexByte([]byte(target), ':'); i >= 0 && port(target[i+1:]) > 0 {
		return target[:i]
	}
	return target
}
