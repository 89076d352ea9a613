package frames

import (
	"bytes"
	"fmt"
	"strconv"

	"github.com/protocol-workbench/workbench/core"
)

// maxMade is how many messages are made of what a person sends at once.
const maxMade = 20_000

// machine is the machine of a session.
type machine struct {
	*layout
	byHand   bool
	watch    bool
	flow     core.Flow // of the requests
	requests side
	replies  side
	state
}

// state is what a checkpoint has beside the streams, for Modbus.
type state struct {
	NextID  uint16
	Waiting []waiting `json:",omitempty"` // in the order of the requests
}

// waiting is a request that is not answered.
type waiting struct {
	ID   uint16
	From int64
}

func newMachine(l *layout, byHand, watch bool) *machine {
	m := &machine{layout: l, byHand: byHand, watch: watch, flow: core.FromClient, requests: newSide(l), replies: newSide(l)}
	if byHand {
		m.flow = core.ToServer
	}
	m.NextID = 1
	return m
}

func (m *machine) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientText:
		m.typed(ev.Data, out)
	case core.ClientCommand:
		m.use(string(ev.Data), out)
	case core.ClientBinary:
		m.send(ev.Data, out)
	case core.ClientRaw: // which the core has sent
		m.asked(ev.Data, out)
	case core.ClientBytes:
		if !m.watch {
			out.Server(ev.Data)
		}
		m.asked(ev.Data, out)
	case core.ServerBytes:
		m.receive(ev.Data, out)
	case core.ClientEOF, core.ClientClosed:
		if !m.byHand {
			m.last(&m.requests, m.flow, out)
		}
	case core.ServerEOF, core.ServerFailed:
		m.last(&m.replies, core.FromServer, out)
	case core.ClientUnseen, core.ServerUnseen:
		n, err := strconv.ParseInt(string(ev.Data), 10, 64)
		if err != nil || n < 0 || n > core.MaxFlow {
			break
		}
		m.Waiting = nil
		if ev.Kind == core.ClientUnseen {
			m.requests.missed(n)
		} else {
			m.replies.missed(n)
		}
	}
	return nil
}

// typed sends what was typed as a frame.
func (m *machine) typed(text []byte, out *core.Out) {
	if raw, ok := bytes.CutPrefix(text, []byte("=")); ok {
		plain, err := core.Unescape(string(raw))
		if err != nil {
			refuse("nothing was sent: what stands after = "+err.Error(), out)
			return
		}
		m.send([]byte(plain), out)
		return
	}
	frame, err := m.frame(string(text))
	if err != nil {
		refuse(fmt.Sprintf("nothing was sent: %v. A line that begins with = is sent as it is, with its escapes: =\\x00\\x05hello", err), out)
		return
	}
	m.send(frame, out)
}

// use sends the request of a command.
func (m *machine) use(line string, out *core.Out) {
	call, err := core.ParseCommand(commands(), line)
	if err != nil || !m.modbus {
		if err == nil {
			err = fmt.Errorf("%s is for the preset %s", call.Command.Name, presetModbus)
		}
		refuse(fmt.Sprintf("nothing was sent: %v", err), out)
		return
	}
	m.typed([]byte(spell(call)), out)
}

// frame makes the frame of what was typed.
func (m *machine) frame(text string) ([]byte, error) {
	if m.modbus {
		frame, err := modbusRequest(text, m.NextID)
		if err == nil {
			m.NextID++
		}
		return frame, err
	}
	if len(m.fields) == 0 {
		payload, err := m.toPayload(text)
		if err != nil {
			return nil, err
		}
		return m.wrap(nil, payload)
	}
	of, err := parseValues(text)
	if err != nil {
		return nil, err
	}
	data, err := encode(m.fields, of)
	if err != nil {
		return nil, err
	}
	before := min(m.offset, len(data))
	return m.wrap(data[:before], data[before:])
}

// refuse says why what was typed was not sent: in a note, and for clients that are shown none.
func refuse(why string, out *core.Out) {
	out.Error(why)
	out.Text([]byte("(not sent)"))
}

func (m *machine) send(data []byte, out *core.Out) {
	out.Server(data)
	m.asked(data, out)
}

// asked takes bytes to the server.
func (m *machine) asked(data []byte, out *core.Out) {
	made := 0
	m.requests.feed(data, func(at, to int64, frame []byte, long *long) {
		if made++; made > maxMade && m.byHand {
			return
		}
		var said core.Message
		if long != nil {
			_, said = m.readLong(m.flow, to, long)
		} else {
			_, said = m.read(m.flow, at, frame)
			m.expect(at, frame)
		}
		out.Message(said)
	})
	if made > maxMade && m.byHand {
		out.Warn(fmt.Sprintf("%s more are no messages: too many were sent at once", core.Plural(made-maxMade, "frame")))
	}
}

// receive takes what the server has sent.
func (m *machine) receive(data []byte, out *core.Out) {
	if !m.byHand && !m.watch {
		out.Binary(data)
	}
	m.replies.feed(data, func(at, to int64, frame []byte, long *long) {
		var text string
		var said core.Message
		if long != nil {
			text, said = m.readLong(core.FromServer, to, long)
		} else {
			text, said = m.read(core.FromServer, at, frame)
			said.Answers = m.answered(frame)
		}
		m.show(text, said, out)
	})
}

func (m *machine) show(text string, said core.Message, out *core.Out) {
	if m.byHand && said.Flow == core.FromServer {
		out.Text([]byte(text))
	}
	out.Message(said)
}

// last takes what has come of a frame that will never be whole.
func (m *machine) last(s *side, flow core.Flow, out *core.Out) {
	at, begin := s.Held()
	to := at + int64(len(begin))
	from := at
	if s.Long != nil {
		from, begin = s.Long.From, s.Long.Begin
	}
	lost := s.Lost || s.Rest > 0 || s.Search != 0
	s.gap = gap{}
	s.Resume(to, nil)
	if from < to && !lost {
		text, said := m.readCut(flow, from, to, begin)
		m.show(text, said, out)
	}
}

// expect notes a request that will be answered: in Modbus, by its identifier.
func (m *machine) expect(at int64, frame []byte) {
	if !m.modbus || len(frame) < 8 {
		return
	}
	if len(m.Waiting) == maxWaiting {
		m.Waiting = m.Waiting[1:]
	}
	m.Waiting = append(m.Waiting, waiting{uint16(frame[0])<<8 | uint16(frame[1]), at})
}

// answered returns the request that a frame is the answer to, and takes it off.
func (m *machine) answered(frame []byte) (ref core.MessageRef) {
	if !m.modbus || len(frame) < 8 {
		return ref
	}
	id := uint16(frame[0])<<8 | uint16(frame[1])
	for i, w := range m.Waiting {
		if w.ID == id {
			m.Waiting = append(m.Waiting[:i:i], m.Waiting[i+1:]...)
			return core.MessageRef{Flow: m.flow, From: w.From}
		}
	}
	return ref
}
