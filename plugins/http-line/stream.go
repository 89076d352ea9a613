package httpline

import (
	"bytes"

	"github.com/protocol-workbench/workbench/core"
)

// relay is the machine of a client that is a stream: it sends the client's lines on
// with the line end of option eol, and passes the server's bytes through. It holds no
// line, only a CR of which it is not known yet whether an LF follows.
type relay struct {
	eol []byte
	cr  bool // one is held
}

func (m *relay) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientBytes:
		m.send(ev.Data, out)
	case core.ClientEOF, core.ClientClosed:
		if m.cr {
			m.cr = false
			out.Server([]byte("\r"))
		}
	case core.ServerBytes:
		out.Binary(ev.Data)
	}
	return nil
}

// send sends what the client has sent, in one write.
func (m *relay) send(data []byte, out *core.Out) {
	var parts [][]byte
	for len(data) > 0 {
		if m.cr && data[0] != '\n' {
			parts = append(parts, []byte("\r"))
		}
		m.cr = false
		line, rest, whole := bytes.Cut(data, []byte("\n"))
		if n := len(line); n > 0 && line[n-1] == '\r' {
			line, m.cr = line[:n-1], !whole
		}
		parts = append(parts, line)
		if whole {
			parts = append(parts, m.eol)
		}
		data = rest
	}
	if len(bytes.Join(parts, nil)) > 0 { // else there is a CR alone, which is held
		out.Server(parts...)
	}
}

var _ core.Checkpointer = (*relay)(nil)

// Checkpoint appends one byte: whether a CR is held.
func (m *relay) Checkpoint(dst []byte) ([]byte, error) {
	if m.cr {
		return append(dst, 1), nil
	}
	return append(dst, 0), nil
}

// Restore takes what Checkpoint wrote.
func (m *relay) Restore(state []byte) error {
	if len(state) != 1 || state[0] > 1 {
		return errState
	}
	m.cr = state[0] == 1
	return nil
}
