package echoquit

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/protocol-workbench/workbench/core"
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

// answer returns the actions of one event, each its kind and its payload; notes
// by their first words.
func answer(t testing.TB, m core.Machine, ev core.Event) []string {
	t.Helper()
	var out core.Out
	data := bytes.Clone(ev.Data)
	if err := m.Handle(core.Event{Kind: ev.Kind, Data: data}, &out); err != nil {
		t.Fatal(err)
	}
	if out.Err() != nil {
		t.Fatal(out.Err())
	}
	for i := range data {
		data[i] = '!' // the caller's memory: a machine that kept it would show
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

// differ is cmp.Diff, which is slow where there is nothing to tell.
func differ(want, got any) string {
	if reflect.DeepEqual(want, got) {
		return ""
	}
	return cmp.Diff(want, got)
}

// run is the answer to all events up to the next that is not server bytes, the
// three lists apart.
type run struct{ Server, Client, Rest []string }

// outcome plays events and returns what must not depend on how the server's
// bytes were cut. A timer event that no action armed is left out.
func outcome(t testing.TB, m core.Machine, events []core.Event) []run {
	t.Helper()
	var runs []run
	armed := timers{}
	for i, ev := range events {
		if !armed.fires(ev) {
			continue
		}
		if i == 0 || ev.Kind != core.ServerBytes || events[i-1].Kind != core.ServerBytes {
			runs = append(runs, run{})
		}
		r := &runs[len(runs)-1]
		answers := answer(t, m, ev)
		armed.note(answers)
		for _, a := range answers {
			switch {
			case strings.HasPrefix(a, "server"):
				r.Server = append(r.Server, a)
			case strings.HasPrefix(a, "text"), strings.HasPrefix(a, "binary"):
				r.Client = append(r.Client, a)
			default:
				r.Rest = append(r.Rest, a)
			}
			if a == "close" {
				return runs
			}
		}
	}
	return runs
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

// recut joins each run of server bytes and cuts it anew, into pieces of 1 to
// max bytes.
func recut(rng *rand.Rand, events []core.Event, max int) []core.Event {
	var cut []core.Event
	for i := 0; i < len(events); {
		if events[i].Kind != core.ServerBytes {
			cut = append(cut, events[i])
			i++
			continue
		}
		var joined []byte
		for ; i < len(events) && events[i].Kind == core.ServerBytes; i++ {
			joined = append(joined, events[i].Data...)
		}
		for len(joined) > 0 {
			n := min(len(joined), 1+rng.IntN(max))
			cut = append(cut, core.Event{Kind: core.ServerBytes, Data: joined[:n]})
			joined = joined[n:]
		}
	}
	return cut
}

// checkScript holds a script to the promises of every machine: recut is the
// same as whole, restored after every event is the same as never stopped,
// memory is bounded, and no timer is left behind.
func checkScript(t testing.TB, rng *rand.Rand, events []core.Event) {
	t.Helper()
	whole := outcome(t, open(t), events)
	for _, max := range []int{1, 3, 100, 70_000} {
		if max < 100 && size(events) > 10_000 {
			continue
		}
		if diff := differ(whole, outcome(t, open(t), recut(rng, events, max))); diff != "" {
			t.Fatalf("recut into pieces of 1 to %d bytes (-whole +recut):\n%s", max, diff)
		}
	}
	going, resumed, armed := open(t), open(t), timers{}
	for i, ev := range events {
		if !armed.fires(ev) {
			continue
		}
		answers := answer(t, going, ev)
		if diff := differ(answers, answer(t, resumed, ev)); diff != "" {
			t.Fatalf("event %d (-going on +restored):\n%s", i, diff)
		}
		if slices.Contains(answers, "close") || ev.Kind == core.ServerEOF || ev.Kind == core.ServerFailed {
			return // the core drops the machine and its timers
		}
		if armed.note(answers); armed[mismatchTimer] != (len(going.held) > 0) {
			t.Fatalf("event %d: %d bytes are held, the timer runs: %v", i, len(going.held), armed[mismatchTimer])
		}
		switch state, err := going.Checkpoint(nil); {
		case err == core.ErrNoCheckpoint && len(going.outstanding.buf) > core.MaxCheckpoint-maxHeld-32:
			t.Logf("event %d: too much to write down", i)
			return
		case err != nil:
			t.Fatal(err)
		default:
			resumed = open(t)
			if err := resumed.Restore(state); err != nil {
				t.Fatalf("event %d: %v of %.100q", i, err, state)
			}
			clear(state) // the caller's memory too
		}
		if len(going.held) >= maxHeld || going.outstanding.unmatched() > maxOutstanding {
			t.Fatalf("event %d: %d bytes held, %d outstanding", i, len(going.held), going.outstanding.unmatched())
		}
	}
}

func size(events []core.Event) int {
	n := 0
	for _, ev := range events {
		n += len(ev.Data)
	}
	return n
}
