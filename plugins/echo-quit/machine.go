package echoquit

import (
	"bytes"
	"time"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

const (
	maxOutstanding = 1 << 20                // bytes sent and not echoed yet
	maxHeld        = 64 << 10               // bytes of one mismatch
	keep           = 4 << 10                // bytes of memory that an empty buffer may keep
	mismatchTimer  = "mismatch"             // runs exactly while bytes are held
	mismatchAfter  = 100 * time.Millisecond // since the first of them
	quitTimer      = "quit"
	quitAfter      = 2 * time.Second
)

var quit = []byte("quit")

type machine struct {
	outstanding queue
	held        []byte // the mismatch: the first byte that differed and all since
	binary      bool   // the last message sent was binary
	over        bool   // too much was outstanding; nothing is compared any longer
	quitting    bool   // quit was sent; nothing more is sent
}

func (m *machine) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientText, core.ClientBinary:
		m.endMismatch(out)
		m.send(ev.Data, ev.Kind == core.ClientBinary, out)
	case core.ClientRaw: // the core has sent them
		m.endMismatch(out)
		if len(ev.Data) > 0 && !m.quitting {
			m.expect(ev.Data, true, out)
		}
	case core.ClientEOF, core.ClientClosed:
		m.endMismatch(out)
	case core.ServerBytes:
		m.receive(ev.Data, out)
	case core.ServerEOF, core.ServerFailed:
		m.release(out)
	case core.TimerFired:
		switch string(ev.Data) {
		case mismatchTimer:
			m.release(out)
		case quitTimer:
			m.release(out)
			out.Close("the server did not close within 2 s of quit")
		}
	}
	return nil
}

func (m *machine) send(message []byte, binary bool, out *core.Out) {
	switch {
	case m.quitting:
		out.Note("not sent: quit was sent before, the session is ending")
		return
	case len(message) == 0:
		out.Note("not sent: the message is empty, there is nothing to echo")
		return
	}
	out.Server(message)
	m.expect(message, binary, out)
	if bytes.HasPrefix(message, quit) {
		m.quitting = true
		out.Timer(quitTimer, quitAfter)
	}
}

// expect records a message that was sent, to compare with what comes back.
func (m *machine) expect(message []byte, binary bool, out *core.Out) {
	m.binary = binary
	switch {
	case m.over:
	case m.outstanding.unmatched()+len(message) > maxOutstanding:
		m.release(out)
		m.over = true
		out.Note("more than 1 MiB is outstanding; from here on nothing is compared with what was sent")
	default:
		m.outstanding.push(message, binary)
	}
}

// receive takes bytes one reply or one mismatch at a time, so that it does not
// matter where they were cut.
func (m *machine) receive(data []byte, out *core.Out) {
	for len(data) > 0 {
		if len(m.held) == 0 && !m.outstanding.empty() {
			data = data[m.outstanding.match(data):]
			if reply, binary, ok := m.outstanding.popWhole(); ok {
				show(reply, binary, out)
				continue
			}
			if len(data) == 0 {
				return
			}
		}
		if len(m.held) == 0 {
			out.Timer(mismatchTimer, mismatchAfter)
		}
		n := min(len(data), maxHeld-len(m.held))
		m.held = append(m.held, data[:n]...)
		data = data[n:]
		if len(m.held) == maxHeld {
			m.endMismatch(out)
		}
	}
}

// endMismatch releases a mismatch, if there is one, before its timer fires.
func (m *machine) endMismatch(out *core.Out) {
	if len(m.held) > 0 {
		m.release(out)
		out.StopTimer(mismatchTimer)
	}
}

// release shows the matched part of the unfinished reply and the held bytes, and
// forgets what is outstanding.
func (m *machine) release(out *core.Out) {
	if part, binary := m.outstanding.matchedPart(); len(part) > 0 {
		show(part, binary, out)
	}
	if len(m.held) > 0 {
		show(m.held, m.binary, out)
		switch {
		case m.over:
		case m.outstanding.empty():
			out.Note("the server sent this unasked: nothing was outstanding")
		default:
			out.Note("the reply differs from what was sent; what was outstanding is forgotten")
		}
	}
	m.outstanding.clear()
	m.held = emptied(m.held)
}

// show shows one message in the kind of the message it answers. A reply cut short
// may end within a character; as text it would not arrive unchanged.
func show(message []byte, binary bool, out *core.Out) {
	if binary || !utf8.Valid(message) {
		out.Binary(message)
	} else {
		out.Text(message)
	}
}
