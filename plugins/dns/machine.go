package dns

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"strconv"

	"github.com/protocol-workbench/workbench/core"
)

// Bounds of what is typed at once.
const (
	maxQueries = 1000
	maxTyped   = 20_000 // messages, for what is sent as it is
	unlimited  = 1 << 20
)

// machine is the machine of a session.
type machine struct {
	talk
	byHand   bool
	watch    bool
	seed     core.Seed
	defaults query
	Drawn    int // how many IDs were drawn from the seed

	scratch []byte // for what is displayed
	message message
	fields  fields
}

func (m *machine) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientText:
		m.typed(ev.Data, out)
	case core.ClientCommand:
		m.command(ev.Data, out)
	case core.ClientBinary:
		m.send(ev.Data, out)
	case core.ClientRaw: // which the core has sent
		m.take(ev.Data, maxTyped, out)
	case core.ClientBytes:
		if !m.watch {
			out.Server(ev.Data)
		}
		m.take(ev.Data, unlimited, out)
	case core.ServerBytes:
		if !m.byHand && !m.watch {
			out.Binary(ev.Data)
		}
		m.replies.feed(ev.Data, func(f frame) { m.reply(f, out) })
	case core.ClientEOF, core.ClientClosed:
		m.queries.ended(func(f frame) { m.asks(f, out) })
	case core.ServerEOF, core.ServerFailed:
		m.replies.ended(func(f frame) { m.reply(f, out) })
	case core.ClientUnseen, core.ServerUnseen:
		n, err := strconv.ParseInt(string(ev.Data), 10, 64)
		if err != nil || n < 0 || n > core.MaxFlow {
			return nil
		}
		d := &m.replies
		if ev.Kind == core.ClientUnseen {
			d = &m.queries
		}
		m.missed(d, n)
	}
	return nil
}

// typed sends what was typed: a query a line.
func (m *machine) typed(text []byte, out *core.Out) {
	if digits, ok := bytes.CutPrefix(bytes.TrimSpace(text), []byte("=")); ok {
		data, err := hex.DecodeString(string(bytes.Join(bytes.Fields(digits), nil)))
		if err != nil {
			refuse(out, &mistake{"after = come hex digits, two for each byte", "Blanks between them do not count: = 0000 0100 0001 …"})
			return
		}
		m.send(data, out)
		return
	}
	var all []query
	lines := 0
	for line := range bytes.Lines(text) {
		lines++
		words := bytes.Fields(line)
		if len(words) == 0 {
			continue
		}
		q, wrong := m.read(words)
		if wrong == nil && len(all) == maxQueries {
			wrong = &mistake{fmt.Sprintf("a message may be at most %d queries", maxQueries), ""}
		}
		if wrong != nil {
			if len(line) < len(text) {
				wrong.what = fmt.Sprintf("line %d: %s", lines, wrong.what)
			}
			refuse(out, wrong)
			return
		}
		all = append(all, q)
	}
	m.ask(all, out)
}

// command sends a query that was completed or filled in.
func (m *machine) command(line []byte, out *core.Out) {
	call, err := core.ParseCommand(commandList, string(line))
	if err != nil {
		refuse(out, &mistake{err.Error(), ""})
		return
	}
	words := [][]byte{[]byte(call.Command.Name)}
	switch {
	case call.Has("address"):
		words = append(words, call.Bytes("address"))
	case call.Has("serial"):
		words[0] = []byte("IXFR=" + call.Text("serial"))
		fallthrough
	default:
		words = append(words, []byte("-q"), call.Bytes("name"))
	}
	q, wrong := m.read(append(words, bytes.Fields(call.Bytes("options"))...))
	if wrong != nil {
		refuse(out, wrong)
		return
	}
	m.ask([]query{q}, out)
}

// refuse says why what was typed was not sent: in a note, and in a line for clients that are
// not shown notes.
func refuse(out *core.Out, why *mistake) {
	words := why.what + ", so nothing was sent."
	if why.advice != "" {
		words += " " + why.advice
	}
	out.Error(words)
	out.Text([]byte(";; not sent: "), []byte(core.CutWords(why.what, core.MaxWords)))
}

// ask sends queries: to a stream in one write.
func (m *machine) ask(all []query, out *core.Out) {
	var sent []byte
	for i := range all {
		q := &all[i]
		if q.id < 0 {
			q.id = m.draw(all[:i])
		}
		one := q.pack()
		if !m.queries.stream {
			m.send(one, out)
			continue
		}
		sent = append(append(sent, byte(len(one)>>8), byte(len(one))), one...)
	}
	if len(sent) > 0 {
		m.send(sent, out)
	}
}

// send sends bytes to the server.
func (m *machine) send(data []byte, out *core.Out) {
	out.Server(data)
	m.take(data, maxTyped, out)
}

// take takes bytes of queries apart, which are on their way.
func (m *machine) take(data []byte, most int, out *core.Out) {
	made := 0
	m.queries.feed(data, func(f frame) {
		if made++; made <= most {
			m.asks(f, out)
		}
	})
	if made > most {
		out.Warn(fmt.Sprintf("%s more are not decoded: too many were sent at once", core.Plural(made-most, "message")))
	}
}

// asks takes what is a query, mostly.
func (m *machine) asks(f frame, out *core.Out) {
	m.message.parse(f, false, maxWatched)
	m.asked(&m.message)
	out.Message(m.fields.of(m.flow, &m.message))
	m.message.release()
}

// reply takes what is a response, mostly, and shows it to a person.
func (m *machine) reply(f frame, out *core.Out) {
	msg := &m.message
	most := maxWatched
	if m.byHand {
		most = maxRecords
	}
	msg.parse(f, true, most)
	ref, tr, done := m.answered(msg)
	if m.byHand {
		if m.scratch = m.scratch[:0]; tr != nil {
			m.scratch = appendTransfer(m.scratch, msg, tr, done)
		} else {
			m.scratch = appendMessage(m.scratch, msg)
		}
		out.Text(m.scratch)
		if cap(m.scratch) > 64<<10 {
			m.scratch = nil
		}
	}
	made := m.fields.of(core.FromServer, msg)
	made.Answers = ref
	out.Message(made)
	if m.byHand && msg.truncated() {
		out.Warn("the answer was truncated to fit into a datagram: connect to the same host and port without udp://, and ask again by TCP")
	}
	msg.release()
}
