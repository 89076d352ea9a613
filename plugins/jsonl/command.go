package jsonl

import (
	"errors"

	"github.com/protocol-workbench/workbench/core"
)

// usedCommand is what an event says of the manifest's command that its text is.
type usedCommand struct {
	Name   string         `json:"name,omitempty"`
	Values map[string]any `json:"values,omitempty"`
	Error  string         `json:"error,omitempty"` // why the text is none, for whoever wrote it
}

// newCommand parses a used command, or a message that begins as one of the commands does;
// of other messages it returns nil.
func newCommand(e core.Event, commands []core.Command) *usedCommand {
	if e.Kind == core.ClientText && (len(commands) == 0 || len(e.Data) > core.MaxCommandLine) {
		return nil
	}
	call, err := core.ParseCommand(commands, string(e.Data))
	if e.Kind == core.ClientText && errors.Is(err, core.ErrUnknownCommand) {
		return nil
	}
	said := &usedCommand{}
	if call.Command != nil {
		said.Name = call.Command.Name
	}
	if err != nil {
		said.Error = err.Error()
		return said
	}
	said.Values = map[string]any{}
	for _, f := range call.Command.Fields {
		switch {
		case !call.Has(f.Name):
		case f.Type == core.ValueInt:
			said.Values[f.Name] = call.Int(f.Name)
		case f.Type == core.ValueBool:
			said.Values[f.Name] = call.Bool(f.Name)
		case f.Type == core.ValueBytes:
			said.Values[f.Name] = call.Bytes(f.Name) // in base64
		default:
			said.Values[f.Name] = call.Text(f.Name)
		}
	}
	return said
}
