package main

import (
	"bytes"
	"errors"

	"github.com/protocol-workbench/workbench/core"
)

// discipline is what the plugin offers: a manifest, which describes the mode to
// people, and a machine for each session.
func discipline() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{
			Name:    "newmode",
			Title:   "newmode",
			Version: "0.1",
			Summary: "Sends what you type as a line, and shows each line that the server sends.",
			Sends:   "the line and CR LF, or LF alone with option end",
			Input:   core.InputLine,
			Options: []core.Option{{
				Name: "end", Type: core.OptionChoice, Default: "crlf", Choices: []string{"crlf", "lf"},
				Help: "What is sent after each line.",
			}},
			Boundaries: true, // one message per line
		},
		Open: func(o core.Opening, _ *core.Out) (core.Machine, error) {
			end := "\r\n"
			if o.Options["end"] == "lf" {
				end = "\n"
			}
			return &machine{end: []byte(end)}, nil
		},
	}
}

// maxLine bounds the bytes held of a line: a server may never end one. A longer
// line is shown in parts.
const maxLine = 64 << 10

// machine is one session. Events go in, actions come out, and the same events
// always give the same actions: no clock, no random number, no I/O.
type machine struct {
	end  []byte // sent after each line
	some bool   // the server has sent a line
	held []byte // the line that the server has not ended yet, under maxLine bytes
}

// Handle answers one event.
func (m *machine) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientText, core.ClientBinary:
		out.Server(ev.Data, m.end)
	case core.ServerBytes:
		m.receive(ev.Data, out)
	case core.ServerEOF, core.ServerFailed:
		if len(m.held) > 0 { // the last line may have no end
			m.show(out)
		}
	}
	return nil
}

// receive takes a piece of the server's stream. It may be cut anywhere, and the
// outcome must not depend on where.
func (m *machine) receive(data []byte, out *core.Out) {
	for len(data) > 0 {
		piece := data[:min(len(data), maxLine-len(m.held))]
		line, _, ended := bytes.Cut(piece, []byte("\n"))
		m.held = append(m.held, line...) // a copy: data is invalid after Handle
		data = data[len(line):]
		if ended {
			data = data[1:]
			m.held = bytes.TrimSuffix(m.held, []byte("\r"))
		}
		if ended || len(m.held) == maxLine {
			m.show(out)
		}
	}
}

func (m *machine) show(out *core.Out) {
	if !m.some {
		m.some = true
		out.Note("the server's first line")
	}
	out.Text(m.held)
	m.held = m.held[:0]
}

// With a checkpoint a session recovers from a dead process, and moves to a new
// build, without replaying its whole past. It is optional.
var _ core.Checkpointer = (*machine)(nil)

// Checkpoint writes the state: one byte for some, then what is held.
func (m *machine) Checkpoint(dst []byte) ([]byte, error) {
	some := byte(0)
	if m.some {
		some = 1
	}
	return append(append(dst, some), m.held...), nil
}

// Restore reads what Checkpoint wrote, and refuses anything that it cannot have
// written.
func (m *machine) Restore(state []byte) error {
	if len(state) == 0 || state[0] > 1 || len(state) > maxLine || bytes.IndexByte(state[1:], '\n') >= 0 {
		return errors.New("the checkpoint does not parse")
	}
	m.some, m.held = state[0] == 1, append(m.held[:0], state[1:]...)
	return nil
}
