package plugins_test

import (
	"bytes"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/plugins"
)

type shout struct{}

func (shout) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientText:
		out.Server(bytes.ToUpper(ev.Data), []byte("\r\n"))
	case core.ServerBytes:
		out.Binary(ev.Data)
	}
	return nil
}

// A whole plugin: what the client types goes to the server in capitals.
func Example() {
	plugins.Serve(core.Discipline{
		Manifest: core.Manifest{Name: "shout", Title: "Shout", Input: core.InputLine},
		Open:     func(core.Opening, *core.Out) (core.Machine, error) { return shout{}, nil },
	})
}
