package toys

import (
	"fmt"

	"github.com/protocol-workbench/workbench/core"
)

// Discard returns the practice server of RFC 863: it throws away what it is sent,
// and says nothing. It closes when the client ends its stream.
func Discard() core.Discipline {
	return core.Discipline{
		Manifest: manifest("discard", "Discard (RFC 863)", "Takes everything that you send, and never answers.", "nothing"),
		Open:     func(core.Opening, *core.Out) (core.Machine, error) { return new(discard), nil },
	}
}

type discard struct{ bytes uint64 }

func (m *discard) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientBytes:
		m.bytes += uint64(len(ev.Data))
	case core.ClientEOF:
		out.Close(fmt.Sprintf("the client ended its stream; %d bytes were thrown away", m.bytes))
	}
	return nil
}
