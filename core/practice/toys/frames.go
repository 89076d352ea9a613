package toys

import (
	"encoding/binary"
	"fmt"
	"slices"

	"github.com/protocol-workbench/workbench/core"
)

// The frames' types.
const (
	frameEcho    = 1
	frameReverse = 2
	frameSum     = 3
	frameBye     = 4
	frameError   = 255
)

const (
	maxFrame       = 1024 // a frame's length: its type and payload, in bytes
	maxFrameErrors = 100  // then the connection ends
)

// Frames returns the practice server of a binary protocol; the package's comment is
// its specification.
func Frames() core.Discipline {
	m := manifest("frames", "Frames (binary)", "A small binary protocol: two bytes of length, one of type, then the payload.", "a frame for each of yours")
	m.Input = core.InputBytes
	return core.Discipline{
		Manifest: m,
		Open:     func(core.Opening, *core.Out) (core.Machine, error) { return new(frames), nil },
	}
}

type frames struct {
	held   []byte // the frame that is not whole yet
	errors int
	over   bool
}

func (m *frames) Handle(ev core.Event, out *core.Out) error {
	if m.over {
		return nil
	}
	switch ev.Kind {
	case core.ClientBytes:
		m.held = append(m.held, ev.Data...)
		m.run(out)
	case core.ClientEOF:
		if len(m.held) > 0 {
			m.fail(fmt.Sprintf("the stream ended within a frame, of which %d bytes had come", len(m.held)), out)
		}
		m.end("the client ended its stream", out)
	}
	return nil
}

// run answers the frames that are whole. In the end it holds less than one.
func (m *frames) run(out *core.Out) {
	rest := m.held
	for !m.over && len(rest) >= 2 {
		length := int(binary.BigEndian.Uint16(rest))
		if length == 0 || length > maxFrame {
			m.fail(wrongLength(length), out)
			m.end("the client sent a length that no frame has", out)
			return
		}
		if len(rest) < 2+length {
			break
		}
		m.frame(rest[2], rest[3:2+length], out)
		rest = rest[2+length:]
	}
	m.held = slices.Clone(rest)
}

// wrongLength also helps those who typed text.
func wrongLength(length int) string {
	words := fmt.Sprintf("the length is %d; a frame has 1 to %d bytes after it", length, maxFrame)
	if a, b := byte(length>>8), byte(length); ' ' <= a && a <= '~' && ' ' <= b && b <= '~' {
		words += fmt.Sprintf(" (as text these two bytes are %q)", string([]byte{a, b}))
	}
	return words
}

// frame answers one frame.
func (m *frames) frame(kind byte, payload []byte, out *core.Out) {
	switch kind {
	case frameEcho:
		m.send(kind, payload, out)
	case frameReverse:
		payload = slices.Clone(payload)
		slices.Reverse(payload)
		m.send(kind, payload, out)
	case frameSum:
		if len(payload)%4 != 0 {
			m.fail(fmt.Sprintf("sum wants numbers of 4 bytes each; the length of its payload is %d", len(payload)), out)
			return
		}
		sum := uint64(0)
		for n := range slices.Chunk(payload, 4) {
			sum += uint64(binary.BigEndian.Uint32(n))
		}
		m.send(kind, binary.BigEndian.AppendUint64(nil, sum), out)
	case frameBye:
		if len(payload) > 0 {
			m.fail(fmt.Sprintf("bye wants an empty payload; the length of this one is %d", len(payload)), out)
			return
		}
		m.send(kind, nil, out)
		m.end("the client said bye", out)
	case frameError:
		m.fail("only the server sends frames of type 255", out)
	default:
		m.fail(fmt.Sprintf("no frame is of type %d; the types are 1 echo, 2 reverse, 3 sum, 4 bye", kind), out)
	}
}

func (m *frames) send(kind byte, payload []byte, out *core.Out) {
	header := binary.BigEndian.AppendUint16(nil, uint16(1+len(payload)))
	out.Binary(header, []byte{kind}, payload)
}

// fail answers by an error.
func (m *frames) fail(words string, out *core.Out) {
	m.send(frameError, []byte(words), out)
	if m.errors++; m.errors == maxFrameErrors {
		m.end("too many of the client's frames were wrong", out)
	}
}

// end closes the connection, once; the words are for those who watch.
func (m *frames) end(why string, out *core.Out) {
	if !m.over {
		out.Close(why)
	}
	m.over = true
}
