package telnet

import (
	"fmt"
	"strconv"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/telopt"
)

// quiet is how long the server is silent before a prompt is shown: longer than pauses within
// a line, shorter than people wait.
const quiet = 200 * time.Millisecond

// machine is the machine of a session.
type machine struct {
	byHand bool
	watch  bool
	settings
	talk
	fields [4]core.Field // of the message that is made, if it is the server's
}

var _ core.QuietAsker = (*machine)(nil)

// Quiet asks for silences by hand, at which prompts are shown.
func (m *machine) Quiet() time.Duration {
	if m.byHand {
		return quiet
	}
	return 0
}

func (m *machine) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientText:
		m.typed(ev.Data, out)
	case core.ClientPart:
		m.send(m.encode(ev.Data, m.lineEnd(), false), out)
	case core.ClientBinary:
		m.send(m.encode(ev.Data, "", false), out)
	case core.ClientCommand:
		m.command(string(ev.Data), false, out)
	case core.ClientRaw: // which the core has sent
		m.refresh()
		said, more := m.says(ev.Data, false, false, core.MessageRef{})
		m.mark(false, nil, out)
		m.tell(said, more, out)
	case core.ClientBytes:
		m.pass(ev.Data, out)
	case core.ClientEOF, core.ClientClosed:
		m.refresh()
		var said []made
		m.client.cutShort(func(it *item) { m.saysItem(it, true, false, core.MessageRef{}, &said, new(int)) })
		m.tell(said, 0, out)
	case core.ServerBytes:
		if !m.byHand && !m.watch {
			out.Binary(ev.Data)
		}
		m.server.feed(ev.Data, func(it *item) { m.hears(it, out) })
	case core.ServerQuiet:
		m.prompt(out)
	case core.ServerEOF, core.ServerFailed:
		m.server.cutShort(func(it *item) { m.hears(it, out) })
	case core.ClientUnseen, core.ServerUnseen:
		if n, err := strconv.ParseInt(string(ev.Data), 10, 64); err == nil && n >= 0 && n <= core.MaxFlow {
			m.missed(ev.Kind.Side(), n)
		}
	}
	return nil
}

// pass passes on what a client has sent that is a program, or watches it.
func (m *machine) pass(data []byte, out *core.Out) {
	m.refresh()
	said, _ := m.says(data, true, false, core.MessageRef{})
	m.mark(false, nil, out)
	if !m.watch {
		out.Server(data)
		m.mark(true, nil, out)
	}
	m.tell(said, 0, out)
}

// mark marks the secrets in what the client decoder took last. source says where in the event
// each byte of it comes from; nil: it is the event.
func (m *machine) mark(ofAction bool, source []int, out *core.Out) {
	for _, h := range m.client.hidden {
		from, to := h[0], h[1]
		if source != nil {
			from, to = source[from], source[to]
		}
		if from < to {
			out.Secret(ofAction, from, to)
		}
	}
}

// tell makes the messages of what the client has sent.
func (m *machine) tell(said []made, more int, out *core.Out) {
	for i := range said {
		out.SecretBytes(said[i].value)
		out.Message(said[i].message)
	}
	if more > 0 {
		out.Warn(core.Plural(more, "line or command") + " more have no message: too much was sent at once")
	}
}

// hears takes something that the server has said.
func (m *machine) hears(it *item, out *core.Out) {
	switch it.code {
	case 0:
		m.remember(it.data)
		if m.byHand {
			out.Text(view(it.data, m.hideEscapes))
			if it.part && !m.server.Long {
				out.Note("a line is longer than 64 KiB; it is shown in parts")
			}
		}
		out.Message(it.message(core.FromServer, m.fields[:0]))
	case telopt.Will, telopt.Wont, telopt.Do, telopt.Dont:
		m.negotiates(it, out)
	case telopt.SB:
		answers := m.sub(true, it)
		msg := it.message(core.FromServer, m.fields[:0])
		msg.Answers = answers
		out.Message(msg)
		if o := &m.Options[ofClient][telopt.TTYPE]; m.answers && it.option == telopt.TTYPE && o.State == telopt.Yes && len(it.data) == 1 && it.data[0] == subSend {
			m.sendSub(telopt.TTYPE, append([]byte{subIs}, m.terminal...), out)
		}
	default:
		out.Message(it.message(core.FromServer, m.fields[:0]))
	}
}

// negotiates takes a step of the server's, and answers it by hand.
func (m *machine) negotiates(it *item, out *core.Out) {
	whose, wants, odd := performer(true, it.code), telopt.IsYes(it.code), false
	o := &m.Options[whose][it.option]
	was := o.State == telopt.Yes
	say, answers := m.step(true, it, func(a *telopt.Agreement) (say telopt.Answer) {
		say, odd = a.Hears(wants, m.agrees && policy(whose, it.option), m.answers)
		return say
	})
	msg := it.message(core.FromServer, m.fields[:0])
	msg.Answers = answers
	out.Message(msg)
	if !m.byHand {
		return
	}
	if odd {
		out.Warn(fmt.Sprintf("%s answers %s: RFC 1143 has %s there", msg.Summary, telopt.CommandName(verbFor(whose, false)), telopt.CommandName(it.code+1)))
	}
	if say != telopt.Nothing {
		m.own([]byte{telopt.IAC, verbFor(whose, say == telopt.SayYes), it.option}, core.MessageRef{Flow: core.FromServer, From: it.from}, out)
	}
	if is := o.State == telopt.Yes; is != was {
		out.Note(fmt.Sprintf("%s: %s is %s", [...]string{ofClient: "client", ofServer: "server"}[whose], telopt.OptionName(it.option), map[bool]string{true: "on", false: "off"}[is]))
		if is && whose == ofClient && it.option == telopt.NAWS && m.answers {
			m.size(out)
		}
	}
}

// own sends a command of the machine's, which answers a message.
func (m *machine) own(data []byte, answers core.MessageRef, out *core.Out) {
	out.Server(data)
	said, _ := m.says(data, true, true, answers)
	m.tell(said, 0, out)
}

// prompt shows the line that the server has not ended.
func (m *machine) prompt(out *core.Out) {
	if line := m.server.Line; len(line) > 0 {
		out.Part(view(line, m.hideEscapes))
	}
	if m.refresh(); m.client.hides && !m.Told {
		m.Told = true
		out.Note("what is typed now is kept out of recordings")
	}
}
