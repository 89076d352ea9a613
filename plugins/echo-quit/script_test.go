package echoquit

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/plugins/plugintest"
)

func open(t testing.TB) *machine {
	t.Helper()
	var out core.Out
	m, err := Discipline().Open(core.Opening{Options: core.Options{}}, &out)
	if err != nil || out.Len() > 0 {
		t.Fatalf("open: %v, %d actions", err, out.Len())
	}
	return m.(*machine)
}

// answer returns the actions of one event, each as its kind and its payload; notes as
// their first words.
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
			lines[i] = "note " + strings.Join(strings.Fields(string(a.Data))[:3], " ")
		case core.SetTimer:
			lines[i] = fmt.Sprintf("timer %s %s", a.Data, a.After)
		case core.StopTimer:
			lines[i] = fmt.Sprintf("timer %s off", a.Data)
		case core.Close:
			lines[i] = "close"
		default:
			lines[i] = fmt.Sprintf("action %d", a.Kind)
		}
	}
	return lines
}

// quoted writes actions as a transcript does.
func quoted(actions []string) []string {
	for i, a := range actions {
		switch kind, payload, _ := strings.Cut(a, " "); kind {
		case "server", "text", "binary":
			actions[i] = kind + " " + strconv.Quote(payload)
		}
	}
	return actions
}

// timers are those that are armed, as the core would know them.
type timers map[string]bool

func (ts timers) fires(ev core.Event) bool {
	if ev.Kind != core.TimerFired {
		return true
	}
	armed := ts[string(ev.Data)]
	delete(ts, string(ev.Data))
	return armed
}

func (ts timers) note(answers []string) {
	for _, a := range answers {
		if f := strings.Fields(a); f[0] == "timer" {
			ts[f[1]] = f[2] != "off"
		}
	}
}

// check checks the promises of every machine, and this one's own: its memory is
// bounded, and no timer keeps running.
func check(t testing.TB, events []core.Event) {
	t.Helper()
	plugintest.Events(t, Discipline(), nil, events...)
	m, armed := open(t), timers{}
	for i, ev := range events {
		if !armed.fires(ev) {
			continue
		}
		answers := answer(t, m, ev)
		if slices.Contains(answers, "close") || ev.Kind == core.ServerEOF || ev.Kind == core.ServerFailed {
			return // the core drops the machine and its timers
		}
		if armed.note(answers); armed[mismatchTimer] != (len(m.held) > 0) {
			t.Fatalf("event %d: %d bytes are held, the timer runs: %v", i, len(m.held), armed[mismatchTimer])
		}
		if len(m.held) >= maxHeld || m.outstanding.unmatched() > maxOutstanding {
			t.Fatalf("event %d: %d bytes held, %d outstanding", i, len(m.held), m.outstanding.unmatched())
		}
	}
}
