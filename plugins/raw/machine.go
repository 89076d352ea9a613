package raw

import (
	"errors"

	"github.com/protocol-workbench/workbench/core"
)

// Discipline returns the line mode raw.
func Discipline() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{
			Name:    "raw",
			Title:   "Raw bytes",
			Version: "1",
			Summary: "Bytes as they are, both ways: nothing is added, nothing is taken away. " +
				"Good for binary protocols, and for sending exactly what you mean.",
			Sends: "the message's bytes and nothing else, no line end",
			Input: core.InputBytes,

			Options:        []core.Option{},
			Events:         []string{core.ClientBytes.String()},
			AfterServerEOF: true,
			Clients:        []string{core.Messages.String(), core.Stream.String(), core.Datagrams.String()},
			Group:          "raw",
			Brief:          "bytes as they are, for binary protocols",
		},
		Open: func(_ core.Opening, out *core.Out) (core.Machine, error) {
			out.PassThrough(core.Client)
			out.PassThrough(core.Server)
			return machine{}, nil
		},
	}
}

type machine struct{}

func (machine) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientText, core.ClientBinary, core.ClientBytes:
		out.Server(ev.Data)
	case core.ServerBytes:
		out.Binary(ev.Data)
	}
	return nil
}

var _ core.Checkpointer = machine{}

// Checkpoint appends nothing: there is no state.
func (machine) Checkpoint(dst []byte) ([]byte, error) { return dst, nil }

// Restore accepts only the empty state.
func (machine) Restore(state []byte) error {
	if len(state) > 0 {
		return errors.New("raw: checkpoint is not empty, but this mode has no state")
	}
	return nil
}
