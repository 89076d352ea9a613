package streams

import (
	"reflect"
	"testing"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// What is drawn depends on the seed alone, is bounded, and no session is made
// twice.
func TestMutate(t *testing.T) {
	goldens := []Golden{
		{"pass", []core.Event{Text("PASS swordfish").Event}},
		{"items", []core.Event{Text("ITEM").Event, Text("COUNT").Event}},
		{"list", []core.Event{Server("*2\r\none\r\ntwo\r\n").Event, ServerEOF.Event}},
	}
	all, seen := Mutate(goldens, 7, 1000), map[string]bool{}
	for _, m := range all {
		k := key(goldens[m.Of].File, m.Events)
		if seen[k] {
			t.Errorf("twice: %s, %s", goldens[m.Of].File, m.Change)
		}
		seen[k] = true
	}
	few := Mutate(goldens, 7, 20)
	if len(few) != 20 || !reflect.DeepEqual(few, all[:20]) || !reflect.DeepEqual(few, Mutate(goldens, 7, 20)) {
		t.Errorf("not the same: %v\n%v", few, all[:20])
	}
	if reflect.DeepEqual(few, Mutate(goldens, 8, 20)) {
		t.Error("another seed makes the same")
	}
}

// The same sessions come each time, and those of later kinds where a mode knows
// them.
func TestGenerate(t *testing.T) {
	m := &core.Manifest{Options: []core.Option{{Name: "loud", Type: core.OptionBool, Default: "false"}}}
	all := Generate(m)
	if want := len(fixed()) + randomSessions + optionSessions; len(all) != want || !reflect.DeepEqual(all, Generate(m)) {
		t.Errorf("%d sessions, want %d, each time the same", len(all), want)
	}
	for _, s := range all {
		for _, o := range s.Ops {
			if o.Kind.IsLater() {
				t.Errorf("an event of a later kind: %v", o)
			}
		}
	}
}

// What is shrunk is as short as it can be and shows the same.
func TestShrink(t *testing.T) {
	events := []core.Event{Text("a").Event, Server("some more bytes").Event, Text("b").Event, ServerEOF.Event}
	Shrink(events, func(fewer []core.Event) ([]core.Event, bool) {
		for _, ev := range fewer {
			if ev.Kind == core.ServerBytes && len(ev.Data) >= 3 {
				events = fewer
				return fewer, true
			}
		}
		return nil, false
	})
	if len(events) != 1 || len(events[0].Data) != 3 {
		t.Errorf("%v", events)
	}
}

// A name in another case is another one in JSON: it need not be secret.
func TestNamesInQuotesKeepTheirCase(t *testing.T) {
	ev := Text(`Auth {"pass":"x"} It's <b>Me</b>` + "\nPASS Secret").Event
	secret := []core.Action{{Kind: core.Secret, Data: []byte("event 38 44")}}
	if got := string(LetterCases[0].OfCommands(ev, secret)); got != `auth {"pass":"x"} it's <b>Me</b>`+"\npass Secret" {
		t.Error(got)
	}
	if got := string(LetterCases[1].OfCommands(ev, secret)); got != `AUTH {"pass":"x"} IT's <b>Me</b>`+"\nPASS Secret" {
		t.Error(got)
	}
}

func TestShape(t *testing.T) {
	of := func(texts ...string) string {
		var actions []core.Action
		for _, text := range texts {
			actions = append(actions, core.Action{Kind: core.SendText, Data: []byte(text)})
		}
		return Shape(func(yield func(core.Event, []core.Action) bool) { yield(core.Event{Kind: core.ServerBytes}, actions) })
	}
	if nine, ten := of("[9] a a a", "é"), of("[10]  a a a a", "é"); nine != ten {
		t.Error(nine, ten)
	}
	if nine, ten := of("1 item", "9 items"), of("1 item", ": items"); nine == ten {
		t.Error(nine)
	}
}
