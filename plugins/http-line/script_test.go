package httpline

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/protocol-workbench/workbench/core"
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
	data := bytes.Clone(ev.Data)
	if err := m.Handle(core.Event{Kind: ev.Kind, Data: data}, &out); err != nil {
		t.Fatal(err)
	}
	if out.Err() != nil {
		t.Fatal(out.Err())
	}
	for i := range data {
		data[i] = '\n' // the caller's memory: a machine that kept it would show
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
// bytes were cut.
func outcome(t testing.TB, m core.Machine, events []core.Event) []run {
	t.Helper()
	var runs []run
	for i, ev := range events {
		if i == 0 || ev.Kind != core.ServerBytes || events[i-1].Kind != core.ServerBytes {
			runs = append(runs, run{})
		}
		r := &runs[len(runs)-1]
		for _, a := range answer(t, m, ev) {
			switch a[0] {
			case 's':
				r.Server = append(r.Server, a)
			case 't', 'b':
				r.Client = append(r.Client, a)
			default:
				r.Rest = append(r.Rest, a)
			}
		}
	}
	return runs
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
// same as whole, restored after every event is the same as never stopped, and
// memory is bounded.
func checkScript(t testing.TB, rng *rand.Rand, events []core.Event, options ...string) {
	t.Helper()
	whole := outcome(t, open(t, options...), events)
	for _, max := range []int{1, 3, 100, 70_000} {
		if max < 100 && size(events) > 10_000 {
			continue
		}
		if diff := differ(whole, outcome(t, open(t, options...), recut(rng, events, max))); diff != "" {
			t.Fatalf("recut into pieces of 1 to %d bytes (-whole +recut):\n%s", max, diff)
		}
	}
	going, resumed := open(t, options...), open(t, options...)
	events = recut(rng, events, 50_000)
	for i, ev := range events {
		if diff := differ(answer(t, going, ev), answer(t, resumed, ev)); diff != "" {
			t.Fatalf("event %d (-going on +restored):\n%s", i, diff)
		}
		state, err := going.Checkpoint(nil)
		if err != nil {
			t.Fatal(err)
		}
		resumed = open(t, options...)
		if err := resumed.Restore(state); err != nil {
			t.Fatalf("event %d: %v of %.100q", i, err, state)
		}
		clear(state) // the caller's memory too
		if len(going.held) > maxLine+1 || cap(going.held)+cap(going.buf) > 8*maxLine {
			t.Fatalf("event %d: %d bytes are held in %d, and %d of scratch", i, len(going.held), cap(going.held), cap(going.buf))
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
