package wire

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
)

// whole is a machine that takes whole batches and does what a message says.
type whole struct {
	script
	sizes []int
	ended chan struct{}
}

var errGone = errors.New("its process is gone")

func (m *whole) Handle(core.Event, *core.Out) error { panic("a Batcher is handed batches") }

func (m *whole) Batch(events []Event, out *core.Out, done func(uint64, error) error) error {
	m.sizes = append(m.sizes, len(events))
	for _, e := range events {
		switch string(e.Data) {
		case "gone":
			return errGone
		case "silent":
			return nil
		case "twice":
			done(e.N, nil)
			return done(e.N, nil)
		}
		if err := done(e.N, m.script.Handle(e.Event, out)); err != nil {
			return err
		}
	}
	return nil
}

func (m *whole) End() { close(m.ended) }

func openWhole(t *testing.T) (*Conn, *whole) {
	t.Helper()
	m := &whole{ended: make(chan struct{})}
	c := Pipe(core.Discipline{Open: func(core.Opening, *core.Out) (core.Machine, error) { return m, nil }}, quiet)
	if err := c.Open(core.Opening{}, nil, func(Answer) {}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Bye()
		<-m.ended
	})
	return c, m
}

func TestBatcherGetsBatchesWhole(t *testing.T) {
	c, m := openWhole(t)
	got := ask(t, c, "a", "big", "c")
	if len(got) != 3 || string(got[0].Actions[0].Data) != "a" || len(got[1].Actions) != 15 || string(got[2].Actions[0].Data) != "c" {
		t.Errorf("%d answers", len(got))
	}
	ask(t, c, "d")
	if !slices.Equal(m.sizes, []int{3, 1}) {
		t.Errorf("batches of %v events", m.sizes)
	}
	if state, err := c.Checkpoint(); err != nil || len(state) != 0 {
		t.Errorf("the checkpoint is %q, %v", state, err)
	}
}

func TestBatcherFails(t *testing.T) {
	for message, words := range map[string]string{"error no more": "no more", "huge": "16 MiB"} {
		c, _ := openWhole(t)
		got := ask(t, c, "a", message)
		last := got[len(got)-1].Actions
		if len(got) != 2 || last[len(last)-1].Kind != core.Failed || !bytes.Contains(last[len(last)-1].Data, []byte(words)) {
			t.Errorf("%s: %v", message, got)
		}
	}
}

// A machine that is lost ends the stream without a word, and so does one that
// answers out of order.
func TestBatcherLost(t *testing.T) {
	for _, message := range []string{"gone", "silent", "twice", "panic now"} {
		c, _ := openWhole(t)
		events := []Event{{N: 1, Event: core.Event{Kind: core.ClientText, Data: []byte(message)}}}
		err := c.Batch(append(events, Event{N: 2, Event: events[0].Event}), func(a Answer) {
			if strings.Contains(told(a), "panic") {
				t.Errorf("%s: answered", message)
			}
		})
		if !errors.Is(err, ErrLost) {
			t.Errorf("%s: %v", message, err)
		}
	}
}
