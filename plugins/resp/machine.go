package resp

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of what is typed at once.
const (
	maxCommands = 1000
	maxTyped    = 20_000 // messages, for what is sent as it is
)

// machine is the machine of a session.
type machine struct {
	talk
	byHand  bool
	watch   bool
	scratch []byte // for what is displayed
}

func (m *machine) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientText:
		m.typed(ev.Data, out)
	case core.ClientCommand:
		m.used(ev.Data, out)
	case core.ClientBinary:
		m.send(ev.Data, out)
		m.mark(false, out)
	case core.ClientRaw: // which the core has sent
		m.request(ev.Data, maxTyped)
		m.mark(false, out)
		m.tell(out)
	case core.ClientBytes:
		m.request(ev.Data, unlimited)
		m.mark(false, out)
		if !m.watch {
			out.Server(ev.Data)
			m.mark(true, out)
		}
		m.tell(out)
	case core.ServerBytes:
		m.receive(ev.Data, out)
	case core.ClientEOF, core.ClientClosed:
		m.lastRequest()
		m.tell(out)
	case core.ServerEOF, core.ServerFailed:
		if m.replies.ended() {
			m.reply(out)
			m.replies.reset()
		}
	case core.ClientUnseen, core.ServerUnseen:
		n, err := strconv.ParseInt(string(ev.Data), 10, 64)
		if err != nil || n < 0 || n > core.MaxFlow {
			return nil
		}
		d := &m.replies
		if ev.Kind == core.ClientUnseen {
			d = &m.requests
		}
		m.missed(d, n)
	}
	return nil
}

// typed sends what was typed: a command a line.
func (m *machine) typed(text []byte, out *core.Out) {
	if raw, ok := bytes.CutPrefix(text, []byte("=")); ok {
		m.send(unescaped(raw), out)
		if len(m.hidden) > 0 {
			out.Secret(false, 1, len(text))
		}
		return
	}
	var sent []byte
	many, at := 0, 0
	for line := range bytes.Lines(text) {
		args, wrong := words(line)
		hideTyped(args, at, out)
		at += len(line)
		if wrong != nil {
			where := ""
			if len(line) < len(text) {
				where = fmt.Sprintf("line %d: ", 1+bytes.Count(text[:at-1], []byte("\n")))
			}
			refuse(out, where+wrong.why+", so nothing was sent. Within \"…\" a quote is written \\\", within '…' \\'. "+
				"A line that begins with = is sent as it is, with its escapes: =PING\\r\\n")
			return
		}
		if len(args) > 0 {
			sent = appendRequest(sent, args)
			many++
		}
		if len(sent) > core.MaxEventPayload || many > maxCommands {
			refuse(out, fmt.Sprintf("nothing was sent: a message may be at most %d commands, and 1 MiB as requests", maxCommands))
			return
		}
	}
	if many > 0 {
		m.send(sent, out)
	}
}

// refuse says why what was typed was not sent: in a note, and as redis-cli does, for clients
// that are not shown notes.
func refuse(out *core.Out, why string) {
	out.Error(why)
	out.Text([]byte("Invalid argument(s)"))
}

// hideTyped marks the passwords of a line that was typed, which begins at the given place.
func hideTyped(args []word, at int, out *core.Out) {
	if len(args) < 2 || !mayHide(args[0].value) {
		return
	}
	arg := func(i int) []byte { return args[i].value }
	for i, a := range args {
		if secret(arg, i, len(args)) {
			out.Secret(false, at+a.from, at+a.to)
		}
	}
}

// send sends bytes to the server.
func (m *machine) send(data []byte, out *core.Out) {
	out.Server(data)
	m.request(data, maxTyped)
	m.mark(true, out)
	m.tell(out)
}

// mark marks the passwords in what was sent: the event, or the last action.
func (m *machine) mark(ofAction bool, out *core.Out) {
	for _, h := range m.hidden {
		out.Secret(ofAction, h[0], h[1])
	}
}

// tell says what has become of the bytes that request took.
func (m *machine) tell(out *core.Out) {
	for _, r := range m.made {
		for _, s := range r.secrets {
			out.SecretBytes(s)
		}
		out.Message(r.message)
	}
	if m.omits > 0 {
		out.Warn(fmt.Sprintf("%s more are no messages: too many were sent at once", core.Plural(m.omits, "request")))
	}
	if m.replication {
		m.replication = false
		out.Warn("from here on the server sends a stream of replication, which is no RESP: it is not decoded, and shown nowhere but on the wire")
	}
	clear(m.made)
}

// receive takes what the server has sent.
func (m *machine) receive(data []byte, out *core.Out) {
	if !m.byHand && !m.watch {
		out.Binary(data)
	}
	m.replies.feed(data, func() { m.reply(out) })
}

// reply shows a reply that is whole.
func (m *machine) reply(out *core.Out) {
	values := m.replies.Values
	if m.byHand {
		m.scratch = appendReply(m.scratch[:0], values)
		out.Text(m.scratch)
		if cap(m.scratch) > 64<<10 {
			m.scratch = nil
		}
	}
	m.replied.reset()
	made := message(core.FromServer, values, nil, &m.replied)
	made.Answers = m.answered()
	out.Message(made)
}
