package starlark

import (
	"fmt"

	"go.starlark.net/starlark"

	"github.com/protocol-workbench/workbench/core"
)

// message says what the script has recognised:
//
//	out.message("from-server", begin, end, "+OK", fields = […], answers = ("to-server", 0))
func (o *output) message(args starlark.Tuple, kwargs []starlark.Tuple) error {
	var flow, summary string
	var m core.Message
	var fields *starlark.List
	var answers starlark.Tuple
	err := starlark.UnpackArgs("out.message", args, kwargs,
		"flow", &flow, "begin", &m.From, "end", &m.To, "summary", &summary, "fields??", &fields, "answers??", &answers)
	if err != nil {
		return err
	}
	m.Summary = summary
	if m.Flow, err = flowOf(flow); err != nil {
		return err
	}
	if answers != nil {
		if m.Answers, err = answered(answers); err != nil {
			return err
		}
	}
	left := core.MaxFields
	if m.Fields, err = readFields(fields, 1, &left); err != nil {
		return err
	}
	o.to.Message(m)
	return nil
}

func flowOf(name string) (core.Flow, error) {
	flow, ok := core.ParseFlow(name)
	if !ok {
		return 0, fmt.Errorf(`out.message: expected "from-server", "to-server", "from-client" or "to-client", not %q`, core.CutWords(name, 80))
	}
	return flow, nil
}

func answered(ref starlark.Tuple) (r core.MessageRef, err error) {
	if len(ref) != 2 {
		return r, fmt.Errorf(`out.message: answers is the flow and the begin of a message, as in ("to-server", 0)`)
	}
	name, _ := starlark.AsString(ref[0])
	if r.Flow, err = flowOf(name); err != nil {
		return r, err
	}
	if err := starlark.AsInt(ref[1], &r.From); err != nil {
		return r, fmt.Errorf("out.message: where the answered message begins: %w", err)
	}
	return r, nil
}

// readFields reads a list of fields, each a dict with name, begin, end, value and, if it
// likes, wrong and fields.
func readFields(list *starlark.List, depth int, left *int) ([]core.Field, error) {
	if list == nil || list.Len() == 0 {
		return nil, nil
	}
	if depth > core.MaxFieldDepth {
		return nil, core.ErrFieldDepth
	}
	if *left -= list.Len(); *left < 0 {
		return nil, core.ErrTooManyField
	}
	all := make([]core.Field, list.Len())
	for i := range all {
		d, ok := list.Index(i).(*starlark.Dict)
		if !ok {
			return nil, fmt.Errorf(`out.message: a field is a dict such as {"name": "status", "begin": 0, "end": 3, "value": "+OK"}, not a value of type %s`, list.Index(i).Type())
		}
		if err := readField(&all[i], d, depth, left); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func readField(f *core.Field, d *starlark.Dict, depth int, left *int) error {
	var fields *starlark.List
	err := starlark.UnpackArgs("out.message: a field", nil, keywords(d),
		"name", &f.Name, "begin", &f.From, "end", &f.To, "value", &f.Value, "wrong?", &f.Wrong, "fields??", &fields)
	if err == nil {
		f.Fields, err = readFields(fields, depth+1, left)
	}
	return err
}

// keywords returns a dict as the arguments of a call.
func keywords(d *starlark.Dict) []starlark.Tuple {
	items := d.Items()
	for i, item := range items {
		if _, ok := item[0].(starlark.String); !ok {
			items[i][0] = starlark.String(item[0].String())
		}
	}
	return items
}
