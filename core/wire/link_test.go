package wire

import (
	"fmt"
	"slices"
	"testing"

	"github.com/protocol-workbench/workbench/core"
)

// linked is a machine that answers each event with a note of it and all orders of links.
type linked struct{}

func (linked) Handle(ev core.Event, out *core.Out) error {
	out.Note(fmt.Sprintf("%d %s %q", ev.Kind, ev.Link, ev.Data))
	out.Connect("data", "192.0.2.7:4001")
	out.Accept("x-2", "")
	out.SendLink("data", []byte{0, 255}, []byte("b"))
	out.FinishLink("data")
	out.CloseLink("x-2")
	return nil
}

// Events and actions of links cross with their names.
func TestLinksCross(t *testing.T) {
	c := Pipe(core.Discipline{Open: func(core.Opening, *core.Out) (core.Machine, error) { return linked{}, nil }}, quiet)
	defer c.Bye()
	if err := c.Open(core.Opening{}, nil, func(Answer) {}); err != nil {
		t.Fatal(err)
	}
	var events []Event
	for i, kind := range core.LinkEvents() {
		name := []string{"data", "x-2"}[i%2]
		events = append(events, Event{N: uint64(i) + 1, Event: core.Event{Kind: kind, Link: name, Data: fmt.Append(nil, "\x00", i)}})
	}
	answered := 0
	err := c.Batch(events, func(a Answer) {
		e := events[answered]
		answered++
		want := []core.Action{
			{Kind: core.Note, Data: fmt.Appendf(nil, "%d %s %q", e.Kind, e.Link, e.Data)},
			{Kind: core.Connect, Link: "data", Data: []byte("192.0.2.7:4001")},
			{Kind: core.Accept, Link: "x-2"},
			{Kind: core.SendLink, Link: "data", Data: []byte("\x00\xffb")},
			{Kind: core.FinishLink, Link: "data"},
			{Kind: core.CloseLink, Link: "x-2"},
		}
		if a.N != e.N || !slices.EqualFunc(a.Actions, want, core.Action.Equal) {
			t.Errorf("event %d was answered with %+v, want %+v", e.N, a.Actions, want)
		}
	})
	if err != nil || answered != len(events) {
		t.Errorf("%d events were answered: %v", answered, err)
	}
}
