package jsonl

import (
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

const slowly = `hello()
for r in requests():
    time.sleep(0.06 * len(r.get("events", [])))
    echo(r)`

// A batch of one session does not keep the program from the others, and the one
// session that the program answers is known.
func TestTurns(t *testing.T) {
	d, child := begin(t, python(t, slowly))
	long, short, third := open(t, d), open(t, d), open(t, d)
	long.feed("x") // the program's pace is known
	var mu sync.Mutex
	var order []string
	var feeding sync.WaitGroup
	feed := func(name string, s *session, messages ...string) {
		feeding.Go(func() {
			events := make([]wire.Event, len(messages))
			for i := range events {
				events[i] = wire.Event{N: s.n + uint64(i) + 1, Event: core.Event{Kind: core.ClientText, Data: []byte(messages[i])}}
			}
			err := s.Batch(events, func(wire.Answer) {
				mu.Lock()
				order = append(order, name)
				mu.Unlock()
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	feed("long", long, "1", "2", "3", "4", "5", "6", "7", "8", "9")
	for child.load().Serving == nil {
		time.Sleep(time.Millisecond)
	}
	feed("short", short, "1", "2")
	feed("short", third, "1", "2")
	for child.load().Waiting < 2 {
		time.Sleep(time.Millisecond)
	}
	if l := child.load(); len(l.Serving) != 1 {
		t.Errorf("the load is %+v", l)
	}
	feeding.Wait()
	last := len(order) - 1
	for order[last] == "long" {
		last--
	}
	if longs := len(slices.DeleteFunc(slices.Clone(order[:last]), func(name string) bool { return name != "long" })); longs > 5 {
		t.Errorf("the short ones waited for %d events of the long one: %v", longs, order)
	}
	if l := child.load(); len(l.Serving) > 0 || l.Waiting > 0 {
		t.Errorf("at the end the load is %+v", l)
	}
}

// A fast program gets its batches whole, a slow one event by event.
func TestSlices(t *testing.T) {
	var p turns
	p.answered(1, time.Now(), 0) // an opening
	if p.slice() != 1 {
		t.Errorf("%d events are handed to a program whose pace is not known", p.slice())
	}
	pace := func(d time.Duration) int {
		for range 50 {
			p.last = time.Now().Add(-d)
			p.answered(1, time.Time{}, 1)
		}
		return p.slice()
	}
	if n := pace(10 * time.Microsecond); n < wire.MaxBatch {
		t.Errorf("a fast program gets %d events at a time", n)
	}
	p.last = time.Now().Add(-time.Minute)
	p.answered(1, time.Time{}, 1)
	if n := p.slice(); n < wire.MaxBatch {
		t.Errorf("a fast program that was held up once gets %d events at a time", n)
	}
	if n := pace(time.Second); n != 1 {
		t.Errorf("a slow program gets %d events at a time", n)
	}
}

// The turn of a line has come when a later one was answered: a session that a
// program passes over is found.
func TestPassedOver(t *testing.T) {
	d, child := begin(t, python(t, `hello()
for r in requests():
    if r.get("events", [{}])[0].get("text") != "skip": echo(r)`))
	skipped, other := open(t, d), open(t, d)
	var feeding sync.WaitGroup
	feeding.Go(func() { skipped.feed("skip") })
	serving := func() bool {
		l := child.load()
		return len(l.Serving) == 1 && l.Waiting == 0 && l.Serving[0].For > 0
	}
	for !serving() {
		time.Sleep(time.Millisecond)
	}
	if got, err := other.feed("x"); err != nil || got[0] != "server x" {
		t.Errorf("%q, %v", got, err)
	}
	if !serving() {
		t.Errorf("the load is %+v", child.load())
	}
	child.Kill()
	feeding.Wait()
}
