package telnet

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/telopt"
)

// sent is what is to be sent, and where in the event each byte comes from, its end included.
type sent struct {
	data   []byte
	source []int
}

func (s *sent) add(from int, data ...byte) {
	for _, c := range data {
		s.data, s.source = append(s.data, c), append(s.source, from)
	}
}

// typed sends what was typed: text, a command, or bytes as they are.
func (m *machine) typed(text []byte, out *core.Out) {
	if len(text) > 0 && text[0] == '=' {
		s, err := unescape(string(text))
		if err != nil {
			m.refuse("nothing was sent: what stands after = "+err.Error()+"; to send a line that begins with =, type =="+core.CutWords(string(text[1:]), 80)+"\\r\\n", out)
			return
		}
		m.send(s, out)
		return
	}
	word, _, _ := strings.Cut(strings.TrimRight(string(text[:min(len(text), 64)]), "\r\n"), " ")
	if core.FindCommand(commands, word) == nil {
		m.send(m.encode(text, m.lineEnd(), true), out)
		return
	}
	m.command(string(text), true, out)
}

// encode returns text as it is sent (RFC 854): 0xFF doubled, each line end as eol, or as it
// is if that is empty, and after a CR that belongs to none a NUL, but in BINARY (RFC 856).
func (m *machine) encode(text []byte, eol string, end bool) (s sent) {
	s.data, s.source = make([]byte, 0, len(text)+2), make([]int, 0, len(text)+3)
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == telopt.IAC:
			s.add(i, telopt.IAC, telopt.IAC)
		case c == '\n' && eol != "":
			s.add(i, []byte(eol)...)
		case c == '\r' && i+1 < len(text) && text[i+1] == '\n':
			if eol == "" {
				s.add(i, c)
				break
			}
			s.add(i, []byte(eol)...)
			i++
		case c == '\r' && !m.client.binary:
			s.add(i, '\r', 0)
		default:
			s.add(i, c)
		}
	}
	if end {
		s.add(len(text), []byte(eol)...)
	}
	s.source = append(s.source, len(text))
	return s
}

// lineEnd returns what is sent after a line. In BINARY, where CR LF is two characters, the key
// Enter is CR, as terminals send it.
func (m *machine) lineEnd() string {
	if m.client.binary && m.eol != "\n" {
		return "\r"
	}
	return m.eol
}

// unescape returns the bytes for which a line that begins with = stands.
func unescape(text string) (s sent, err error) {
	for i := 1; i < len(text); {
		c := text[i]
		if c != '\\' {
			s.add(i, c)
			i++
			continue
		}
		r, isRune, rest, err := strconv.UnquoteChar(text[i:], '"')
		if err != nil {
			_, err = core.Unescape(text[i:])
			return s, err
		}
		if isRune {
			s.add(i, utf8.AppendRune(nil, r)...)
		} else {
			s.add(i, byte(r))
		}
		i = len(text) - len(rest)
	}
	s.source = append(s.source, len(text))
	return s, nil
}

// send sends what was typed, and marks its secrets.
func (m *machine) send(s sent, out *core.Out) {
	m.refresh()
	m.deliver(s, false, out)
}

// deliver sends it. asCommand: the core marks the secrets of the event.
func (m *machine) deliver(s sent, asCommand bool, out *core.Out) {
	if len(s.data) > core.MaxEventPayload {
		if m.client.hides && !asCommand {
			out.Secret(false, 0, s.source[len(s.data)])
		}
		m.refuse("nothing was sent: with its line ends it has more than 1 MiB; send it in parts", out)
		return
	}
	said, more := m.says(s.data, false, false, core.MessageRef{})
	if !asCommand {
		m.mark(false, s.source, out)
	}
	out.Server(s.data)
	m.mark(true, nil, out)
	m.tell(said, more, out)
	m.Told = false
}

// refuse says why what was typed was not sent: in a note, and for clients that are shown none.
// A prompt that stands there would be replaced: it stays, and stands below once more.
func (m *machine) refuse(why string, out *core.Out) {
	prompt := view(m.server.Line, m.hideEscapes)
	if len(prompt) > 0 {
		out.Text(prompt)
	}
	out.Error(why)
	out.Text([]byte("(not sent)"))
	if len(prompt) > 0 {
		out.Part(prompt)
	}
}

// command uses a command. The core marks the secrets of one that was not typed as text.
func (m *machine) command(line string, asText bool, out *core.Out) {
	call, err := core.ParseCommand(commands, strings.TrimRight(line, "\r\n"))
	if err != nil {
		if n := len("/PASSWORD "); asText && len(line) > n && call.Command != nil && call.Command.Name == "/PASSWORD" {
			out.Secret(false, n, len(line))
		}
		m.refuse("nothing was sent: "+err.Error()+". To send it as text, type ="+core.CutWords(strings.Fields(line)[0], 40)+" …\\r\\n", out)
		return
	}
	if asText {
		call.Hide(out)
	}
	name := strings.TrimPrefix(call.Command.Name, "/")
	switch name {
	case "DO", "DONT", "WILL", "WONT":
		verb, _ := telopt.Command(name)
		m.ask(verb, call.Text("option"), out)
	case "SB":
		if opt, ok := m.optionOf(call.Text("option"), out); ok {
			m.sendSub(opt, call.Bytes("bytes"), out)
		}
	case "NAWS":
		m.Width, m.Height = int(call.Int("width")), int(call.Int("height"))
		if m.Options[ofClient][telopt.NAWS].State == telopt.Yes {
			m.size(out)
			return
		}
		out.Note(fmt.Sprintf("the size is said once the server wants it: DO NAWS (RFC 1073); it is %dx%d now", m.Width, m.Height))
	case "PASSWORD":
		s := m.encode([]byte(call.Text("text")), m.lineEnd(), true)
		m.refresh()
		m.client.hides = true
		m.deliver(s, true, out)
	default:
		code, _ := telopt.Command(name)
		m.own([]byte{telopt.IAC, code}, core.MessageRef{}, out)
	}
}

// optionOf returns the option of a name or a number.
func (m *machine) optionOf(name string, out *core.Out) (opt byte, ok bool) {
	if opt, ok = telopt.Option(name); ok {
		return opt, true
	}
	m.refuse(fmt.Sprintf("nothing was sent: %q is no option; type its name, such as ECHO or NAWS, or its number, 0 to 255", core.CutWords(name, 40)), out)
	return 0, false
}

// ask says that the person wants an option to be in effect, or not.
func (m *machine) ask(verb byte, name string, out *core.Out) {
	opt, ok := m.optionOf(name, out)
	if !ok {
		return
	}
	whose := performer(false, verb)
	o := &m.Options[whose][opt]
	to := core.MessageRef{}
	if o.Asked > 0 && o.ByServer {
		to = core.MessageRef{Flow: core.FromServer, From: o.Asked - 1}
	}
	say, needless := o.State.Asks(telopt.IsYes(verb))
	switch {
	case needless:
		m.refuse(fmt.Sprintf(`nothing was sent: %s is so already, or was asked for (RFC 1143); to send %s all the same, type =\xff\x%02x\x%02x`,
			telopt.OptionName(opt), telopt.CommandName(verb), verb, opt), out)
		return
	case say == telopt.Nothing:
		out.Note(fmt.Sprintf("%s %s is said once the server has answered (RFC 1143)", telopt.CommandName(verb), telopt.OptionName(opt)))
		return
	}
	if o.Asked = 0; to == (core.MessageRef{}) {
		o.Asked, o.ByServer = m.client.At+1, false
	}
	m.agreed()
	m.own([]byte{telopt.IAC, verb, opt}, to, out)
	if whose == ofClient && opt == telopt.NAWS && o.State == telopt.Yes {
		m.size(out)
	}
}

// size says how large the window is (RFC 1073).
func (m *machine) size(out *core.Out) {
	data := binary.BigEndian.AppendUint16(nil, uint16(m.Width))
	m.sendSub(telopt.NAWS, binary.BigEndian.AppendUint16(data, uint16(m.Height)), out)
}

// sendSub sends a subnegotiation.
func (m *machine) sendSub(opt byte, data []byte, out *core.Out) {
	data = bytes.ReplaceAll(data, []byte{telopt.IAC}, []byte{telopt.IAC, telopt.IAC})
	m.own(slices.Concat([]byte{telopt.IAC, telopt.SB, opt}, data, []byte{telopt.IAC, telopt.SE}), core.MessageRef{}, out)
}
