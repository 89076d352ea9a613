package httpline

import (
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// maxLine bounds a message, in bytes from the server. A part is sent only once
// two more bytes are held: then what follows cannot be just the line end, and a
// line of exactly maxLine bytes and CR LF is still one message.
const maxLine = 64 << 10

// keep is how much memory, in bytes, an empty buffer may keep.
const keep = 4 << 10

// quiet is how long the server is silent before a line without an end is shown:
// longer than pauses within a line, shorter than people wait.
const quiet = 200 * time.Millisecond

type machine struct {
	eol    []byte // after each message sent
	ends   ends   // of the server's lines
	latin1 bool
	held   []byte // the line so far: without a line end, at most maxLine+1 bytes between events
	long   bool   // a part of this line was sent, and the note
	skipLF bool   // the last line ended in CR: an LF right after belongs to its end
	buf    []byte // scratch for transcoding
}

var _ core.QuietAsker = (*machine)(nil)

// Quiet asks for silences, at which prompts are shown.
func (m *machine) Quiet() time.Duration { return quiet }

func (m *machine) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientText:
		m.send(ev.Data, m.eol, out)
	case core.ClientPart:
		m.send(ev.Data, nil, out)
	case core.ClientBinary:
		out.Server(ev.Data, m.eol)
	case core.ServerBytes:
		m.receive(ev.Data, out)
	case core.ServerQuiet:
		if part := m.ends.trim(m.held); len(part) > 0 {
			out.Part(m.text(part))
		}
	case core.ServerEOF, core.ServerFailed:
		if len(m.held) > 0 {
			m.line(m.held, out)
			m.held, m.long = nil, false
		}
	}
	return nil
}

// receive searches each byte once: what is held contains no line end.
func (m *machine) receive(data []byte, out *core.Out) {
	for len(data) > 0 {
		if m.skipLF {
			m.skipLF = false
			if data[0] == '\n' {
				data = data[1:]
				continue
			}
		}
		window := data[:min(len(data), maxLine+2-len(m.held))]
		end := m.ends.find(m.held, window)
		if end < 0 {
			m.held = append(m.held, window...)
			if len(m.held) == maxLine+2 {
				m.held = m.held[:copy(m.held, m.part(m.held, out))]
			}
			data = data[len(window):]
			continue
		}
		line := window[:end]
		if len(m.held) > 0 {
			m.held = append(m.held, line...)
			line = m.held
		}
		m.line(m.ends.trim(line), out)
		m.held, m.long = emptied(m.held), false
		m.skipLF = m.ends == endsAny && data[end] == '\r'
		data = data[end+1:]
	}
}

// line shows a whole line, or the rest of one whose parts were sent.
func (m *machine) line(line []byte, out *core.Out) {
	if len(line) > maxLine {
		line = m.part(line, out)
	}
	out.Text(m.text(line))
}

// part shows the first part of held, which is longer than maxLine, and returns
// the rest.
func (m *machine) part(held []byte, out *core.Out) []byte {
	n := maxLine
	if !m.latin1 {
		n = wholeRunes(held)
	}
	out.Text(m.text(held[:n]))
	if !m.long {
		m.long = true
		out.Note("a line is longer than 64 KiB; it is shown in parts")
	}
	return held[n:]
}
