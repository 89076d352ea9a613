package wire

import (
	"net"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// worker is a machine that takes a second for each event, and keeps a log of
// whose events it answered.
type worker struct {
	name string
	log  *[]string
	mu   *sync.Mutex
}

func (w worker) Handle(ev core.Event, out *core.Out) error {
	time.Sleep(time.Second)
	w.mu.Lock()
	defer w.mu.Unlock()
	*w.log = append(*w.log, w.name)
	out.Text(ev.Data)
	return nil
}

// workers are sessions of a process that serves slots of them at a time.
type workers struct {
	turns *Turns
	mu    sync.Mutex
	log   []string
}

func (w *workers) open(t *testing.T, name string, number uint32) *Conn {
	t.Helper()
	ours, theirs := net.Pipe()
	d := core.Discipline{Open: func(core.Opening, *core.Out) (core.Machine, error) {
		return worker{name, &w.log, &w.mu}, nil
	}}
	go Serve(theirs, d, w.turns.Join(number), quiet)
	c := NewConn(ours, 0)
	if err := c.Open(core.Opening{}, nil, func(Answer) {}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Bye() })
	return c
}

func events(count int) []Event {
	all := make([]Event, count)
	for i := range all {
		all[i] = Event{N: uint64(i + 1), Event: core.Event{Kind: core.ClientText, Data: []byte("x")}}
	}
	return all
}

// After each event that took long, a batch lets others have their turn, in the
// order of their arrival.
func TestTurnsAreFair(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &workers{turns: NewTurns(1)}
		a, b, c := w.open(t, "a", 1), w.open(t, "b", 2), w.open(t, "c", 3)
		var feeding sync.WaitGroup
		feed := func(c *Conn, count int) {
			feeding.Go(func() {
				if err := c.Batch(events(count), func(Answer) {}); err != nil {
					t.Error(err)
				}
			})
			synctest.Wait()
		}
		feed(a, 3)
		feed(b, 2)
		feed(c, 1)
		time.Sleep(500 * time.Millisecond)
		l := w.turns.Load()
		if want := []Served{{1, 500 * time.Millisecond}}; !slices.Equal(l.Serving, want) || l.Waiting != 2 || l.Longest != 500*time.Millisecond {
			t.Errorf("the load is %+v", l)
		}
		feeding.Wait()
		if want := []string{"a", "b", "c", "a", "b", "a"}; !slices.Equal(w.log, want) {
			t.Errorf("answered in the order %v, want %v", w.log, want)
		}
		if l := w.turns.Load(); len(l.Serving) > 0 || l.Waiting > 0 {
			t.Errorf("at the end the load is %+v", l)
		}
	})
}

// Each event restarts the clock, and answers are sent as they are done.
func TestSlowBatchIsAnsweredAsItIsDone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &workers{turns: NewTurns(1)}
		c := w.open(t, "a", 1)
		began := time.Now()
		err := c.Batch(events(3), func(a Answer) {
			if took, want := time.Since(began), time.Duration(a.N)*time.Second; took != want {
				t.Errorf("event %d was answered after %v, not %v", a.N, took, want)
			}
			synctest.Wait()
			if l := w.turns.Load(); a.N < 3 && (len(l.Serving) != 1 || l.Serving[0].For > 0) {
				t.Errorf("after event %d the load is %+v", a.N, l)
			}
		})
		if err != nil {
			t.Error(err)
		}
	})
}

// A host that does not read an answer keeps nobody else from having their turn.
func TestTurnIsNotHeldWhileNobodyReads(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := &workers{turns: NewTurns(1)}
		stuck, other := w.open(t, "stuck", 1), w.open(t, "other", 2)
		release := make(chan struct{})
		var feeding sync.WaitGroup
		feeding.Go(func() { stuck.Batch(events(3), func(Answer) { <-release }) })
		time.Sleep(time.Minute)
		if err := other.Batch(events(1), func(Answer) {}); err != nil {
			t.Error(err)
		}
		close(release)
		feeding.Wait()
	})
}

// A long event leaves room for short ones.
func TestTurnsOfSeveral(t *testing.T) {
	q := NewTurns(2)
	long, first, second := q.Join(1), q.Join(2), q.Join(3)
	long.begin()
	first.begin()
	come := make(chan struct{})
	go func() {
		second.begin()
		close(come)
	}()
	for q.Load().Waiting == 0 {
		time.Sleep(time.Millisecond)
	}
	first.end()
	first.end() // idempotent
	<-come
	second.end()
	long.end()
	var nobody *Turn
	nobody.begin()
	nobody.end()
	if l := q.Load(); len(l.Serving) > 0 || l.Waiting > 0 {
		t.Errorf("the load is %+v", l)
	}
}
