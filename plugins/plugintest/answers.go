package plugintest

import (
	"testing"

	"github.com/protocol-workbench/workbench/core"
)

// Answers feeds the machine the events and returns the data of its actions, in order: what
// is sent and shown, notes, and messages in their text form. Marks of secrets are left out,
// since their spans depend on how the events are cut. The test fails if the machine does, or
// if an action is out of bounds.
func Answers(t testing.TB, m core.Machine, events ...core.Event) (all []string) {
	t.Helper()
	var out core.Out
	for _, ev := range events {
		out.Reset()
		if err := m.Handle(ev, &out); err != nil {
			t.Fatal(err)
		}
		if out.Err() != nil {
			t.Fatalf("%.80q: %v", ev.Data, out.Err())
		}
		for i := range out.Len() {
			if a := out.Action(i); !a.Kind.IsMark() {
				all = append(all, string(a.Data))
			}
		}
	}
	return all
}
