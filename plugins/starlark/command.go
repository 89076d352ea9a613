package starlark

import (
	"fmt"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/protocol-workbench/workbench/core"
)

// parseCommand reads a command of the manifest from an event, and keeps its secrets out of
// recordings:
//
//	command = parse_command(event, out)
//	command["name"], command["values"]["topic"], command["error"]
func parseCommand(_ *starlark.Thread, b *starlark.Builtin, args starlark.Tuple, kwargs []starlark.Tuple) (starlark.Value, error) {
	var of, to starlark.Value
	if err := starlark.UnpackArgs(b.Name(), args, kwargs, "event", &of, "out", &to); err != nil {
		return nil, err
	}
	ev, isEvent := of.(*event)
	out, isOut := to.(*output)
	if !isEvent || !isOut {
		return nil, fmt.Errorf("%s: expected event and out as handle gets them, not values of type %s and %s", b.Name(), of.Type(), to.Type())
	}
	call, err := core.ParseCommand(ev.commands, ev.data)
	var name, wrong starlark.Value = starlark.None, starlark.None
	values := new(starlark.Dict)
	if call.Command != nil {
		name = starlark.String(call.Command.Name)
	}
	if err != nil {
		wrong = starlark.String(repaired(err.Error()))
	} else {
		for _, f := range call.Command.Fields {
			values.SetKey(starlark.String(f.Name), commandValue(&call, &f)) // a new dict takes any text
		}
		if marks := call.Marks(); len(marks) > 0 {
			out.marked = true
			if ev.kind != core.ClientCommand { // of which the workbench hides them
				call.Hide(out.to)
			}
		}
	}
	command := starlark.NewDict(3)
	command.SetKey(starlark.String("name"), name)
	command.SetKey(starlark.String("values"), values)
	command.SetKey(starlark.String("error"), wrong)
	return command, nil
}

// commandValue returns a field's value as a script gets it; None if it is left out.
func commandValue(call *core.Call, f *core.CommandField) starlark.Value {
	switch {
	case !call.Has(f.Name):
		return starlark.None
	case f.Type == core.ValueInt:
		return starlark.MakeInt64(call.Int(f.Name))
	case f.Type == core.ValueBool:
		return starlark.Bool(call.Bool(f.Name))
	case f.Type == core.ValueBytes:
		return starlark.Bytes(call.Text(f.Name))
	}
	return starlark.String(call.Text(f.Name))
}

func readCommand(v starlark.Value, expr syntax.Expr) (c core.Command, err error) {
	err = readTable("a command", v, expr, []field{{"name", &c.Name}, {"help", &c.Help}, {"fields", &c.Fields}, {"button", &c.Button}, {"when", &c.When}})
	return c, err
}

func readCommandField(v starlark.Value, expr syntax.Expr) (f core.CommandField, err error) {
	err = readTable("a field of a command", v, expr, []field{
		{"name", &f.Name}, {"type", (*string)(&f.Type)}, {"help", &f.Help}, {"choices", &f.Choices}, {"min", &f.Min}, {"max", &f.Max},
		{"optional", &f.Optional}, {"default", (*defaultValue)(&f.Default)}, {"rest", &f.Rest},
	})
	return f, err
}
