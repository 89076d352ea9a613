package httpline

import (
	"fmt"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/plugins/plugintest"
)

// open makes a machine; options are name, value, name, value.
func open(t testing.TB, options ...string) *machine {
	t.Helper()
	d := Discipline()
	values := map[string]string{}
	for i := 0; i+1 < len(options); i += 2 {
		values[options[i]] = options[i+1]
	}
	all, err := d.Manifest.ParseOptions(values)
	if err != nil {
		t.Fatal(err)
	}
	var out core.Out
	m, err := d.Open(core.Opening{Options: all}, &out)
	if err != nil || out.Len() > 0 {
		t.Fatalf("open: %v, %d actions", err, out.Len())
	}
	return m.(*machine)
}

// answer returns the actions of one event, each its kind and its payload.
func answer(t testing.TB, m core.Machine, ev core.Event) []string {
	t.Helper()
	var out core.Out
	if err := m.Handle(ev, &out); err != nil {
		t.Fatal(err)
	}
	if out.Err() != nil {
		t.Fatal(out.Err())
	}
	lines := make([]string, out.Len())
	for i := range lines {
		switch a := out.Action(i); a.Kind {
		case core.SendServer:
			lines[i] = "server " + string(a.Data)
		case core.SendText:
			lines[i] = "text " + string(a.Data)
		case core.SendBinary:
			lines[i] = "binary " + string(a.Data)
		case core.Note:
			lines[i] = "note"
		default:
			lines[i] = fmt.Sprintf("action %d", a.Kind)
		}
	}
	return lines
}

// check checks the promises of every machine, and this one's bounds.
func check(t testing.TB, events []core.Event, options ...string) {
	t.Helper()
	values := map[string]string{}
	for i := 0; i+1 < len(options); i += 2 {
		values[options[i]] = options[i+1]
	}
	plugintest.Events(t, Discipline(), values, events...)
	m := open(t, options...)
	for i, ev := range events {
		answer(t, m, ev)
		if len(m.held) > maxLine+1 || cap(m.held)+cap(m.buf) > 8*maxLine {
			t.Fatalf("event %d: %d bytes are held in %d, and %d of scratch", i, len(m.held), cap(m.held), cap(m.buf))
		}
	}
}
