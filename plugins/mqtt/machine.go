package mqtt

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// maxSent is how many packets are messages of what a person sends at once.
const maxSent = 20_000

// timer is the name of the timer that sends PINGREQ.
const timer = "keep-alive"

// machine is the machine of a session.
type machine struct {
	byHand  bool
	watch   bool
	scratch []byte // for what is displayed
	talk
}

func newMachine(byHand, watch bool, version byte) *machine {
	m := &machine{byHand: byHand, watch: watch}
	m.flows = [2]core.Flow{core.FromClient, core.FromServer}
	if byHand {
		m.flows[ofClient] = core.ToServer
	}
	m.Version, m.Connect = version, -1
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
		m.mark(ofClient, ev.Data, false, out)
		m.send(ev.Data, out)
	case core.ClientRaw: // which the core has sent
		m.mark(ofClient, ev.Data, false, out)
		m.sent(ev.Data, maxSent, out)
	case core.ClientBytes:
		m.mark(ofClient, ev.Data, false, out)
		if !m.watch {
			out.Server(ev.Data)
			m.mark(ofClient, ev.Data, true, out)
		}
		m.sent(ev.Data, math.MaxInt, out)
	case core.ServerBytes:
		m.mark(ofServer, ev.Data, false, out)
		if !m.byHand && !m.watch {
			out.Binary(ev.Data)
			m.mark(ofServer, ev.Data, true, out)
		}
		m.feed(ofServer, ev.Data, func(p *parser) { m.received(p, out) })
	case core.TimerFired:
		m.ping(out)
	case core.ClientEOF, core.ClientClosed:
		m.sides[ofClient].ended(func(p packet) { m.take(ofClient, p, func(p *parser) { m.tell(ofClient, p, out) }) })
	case core.ServerEOF, core.ServerFailed:
		m.sides[ofServer].ended(func(p packet) { m.take(ofServer, p, func(p *parser) { m.received(p, out) }) })
		m.rest(out)
	case core.ClientUnseen, core.ServerUnseen:
		if n, err := strconv.ParseInt(string(ev.Data), 10, 64); err == nil && n >= 0 && n <= core.MaxFlow {
			m.missed(map[core.Side]int{core.Client: ofClient, core.Server: ofServer}[ev.Kind.Side()], n)
		}
	}
	return nil
}

// typed sends what was typed: a command, or after = bytes as they are.
func (m *machine) typed(text []byte, out *core.Out) {
	if raw, ok := bytes.CutPrefix(text, []byte("=")); ok {
		plain, err := core.Unescape(string(bytes.TrimRight(raw, "\r\n")))
		if err != nil {
			refuse("what stands after = "+err.Error(), out)
			return
		}
		if m.hides(ofClient, []byte(plain)) {
			out.Secret(false, 1, len(text))
		}
		m.send([]byte(plain), out)
		return
	}
	line := strings.TrimRight(string(text), "\r\n")
	if strings.ContainsAny(line, "\r\n") {
		refuse("type one command at a time. A line that begins with = is sent as it is, with its escapes: =\\xc0\\x00", out)
		return
	}
	call, err := core.ParseCommand(commands, line)
	if err != nil {
		if i := strings.IndexByte(line, ' '); i >= 0 && call.Command != nil && call.Command.Name == "CONNECT" {
			out.Secret(false, i+1, len(text))
		}
		words := err.Error()
		if call.Command != nil && call.Command.Name == "PUB" {
			words += " (as in PUB news \"hello all\" 1)"
		}
		refuse(words+". A line that begins with = is sent as it is, with its escapes: =\\xc0\\x00", out)
		return
	}
	call.Hide(out)
	m.use(call, out)
}

// refuse says why what was typed was not sent: in a note, and for clients that are shown none.
func refuse(why string, out *core.Out) {
	out.Error("nothing was sent: " + why)
	out.Text([]byte("(not sent)"))
}

// use sends the packet of a command, after a CONNECT if there was none.
func (m *machine) use(call core.Call, out *core.Out) {
	drawn := m.Drawn
	sent, err := m.packet(call)
	name := call.Command.Name
	if err == nil && name == "DISCONNECT" && !m.Began[ofClient] {
		err = errors.New("there is no MQTT connection yet: CONNECT, or any other command, makes one")
	}
	if err != nil {
		m.Drawn = drawn
		why := err.Error()
		if shown := escaped(sent); name != "CONNECT" && len(sent) > 0 && len(shown) < 200 {
			why += ". To send it all the same, type =" + shown
		}
		refuse(why, out)
		return
	}
	if name != "CONNECT" && !m.Began[ofClient] {
		first, err := core.ParseCommand(commands, "CONNECT")
		if err != nil {
			panic(err) // the commands have it
		}
		out.Note("CONNECT was sent first, without a client identifier, with a clean session and a keep alive of 60 s; type CONNECT yourself for another")
		m.use(first, out)
	}
	m.send(sent, out)
	switch name {
	case "CONNECT":
		m.alive(uint16(call.Int("keep-alive")), out)
	case "DISCONNECT":
		m.rest(out)
	}
}

// alive has PINGREQ sent every so many seconds, three quarters of which pass before: so the
// server never waits for longer.
func (m *machine) alive(seconds uint16, out *core.Out) {
	m.rest(out)
	if m.Alive = seconds; seconds > 0 {
		out.Timer(timer, time.Duration(seconds)*time.Second*3/4)
	}
}

// rest stops the timer.
func (m *machine) rest(out *core.Out) {
	if m.Alive > 0 {
		out.StopTimer(timer)
	}
	m.Alive = 0
}

// ping sends PINGREQ because it is time.
func (m *machine) ping(out *core.Out) {
	if m.Alive == 0 {
		return
	}
	before := len(m.Pings)
	m.send(appendPacket(nil, pingreq, 0, nil), out)
	if len(m.Pings) > before {
		m.Pings[before].Timed = true
	}
	out.Timer(timer, time.Duration(m.Alive)*time.Second*3/4)
}

// send sends bytes to the server.
func (m *machine) send(data []byte, out *core.Out) {
	out.Server(data)
	m.mark(ofClient, data, true, out)
	m.sent(data, maxSent, out)
}

// sent takes bytes of the client's apart, which are on their way, and makes at most so many
// messages.
func (m *machine) sent(data []byte, most int, out *core.Out) {
	made := 0
	m.feed(ofClient, data, func(p *parser) {
		if made++; made <= most || len(p.secrets) > 0 {
			m.tell(ofClient, p, out)
		} else {
			m.note(ofClient, p)
		}
	})
	if made > most {
		out.Warn(fmt.Sprintf("%s more are no messages: too many were sent at once", core.Plural(made-most, "packet")))
	}
}

// tell makes the message of a packet.
func (m *machine) tell(side int, p *parser, out *core.Out) (timed bool) {
	ref, timed := m.note(side, p)
	for _, s := range p.secrets {
		if len(s.value) <= core.MaxSecret {
			out.SecretBytes(s.value)
		}
	}
	out.Message(p.message(m.flows[side], ref))
	return timed
}

// received shows a packet of the server's, and does what has to follow it.
func (m *machine) received(p *parser, out *core.Out) {
	timed := m.tell(ofServer, p, out)
	if !m.byHand {
		return
	}
	if !timed {
		m.scratch = p.shown(m.scratch[:0])
		out.Text(m.scratch)
	}
	if p.wrongs > 0 {
		return
	}
	switch p.kind {
	case connack:
		if m.Alive > 0 && p.code != 0 {
			m.rest(out)
		} else if p.setsKeepAlive {
			m.alive(p.keepAlive, out)
		}
	case publish:
		switch p.qos {
		case 1:
			m.acknowledge(puback, 0, p.id, out)
		case 2:
			m.acknowledge(pubrec, 0, p.id, out)
		}
	case pubrec:
		if p.code < 0x80 {
			m.acknowledge(pubrel, 2, p.id, out)
		}
	case pubrel:
		m.acknowledge(pubcomp, 0, p.id, out)
	}
}

// acknowledge sends what has to follow a packet.
func (m *machine) acknowledge(kind, flags byte, id uint16, out *core.Out) {
	m.send([]byte{kind<<4 | flags, 2, byte(id >> 8), byte(id)}, out)
}
