package session

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// builds are the builds of a line mode, the last the newest.
type builds struct {
	mu  sync.Mutex
	all []*oneBuild
}

type oneBuild struct {
	of         *builds
	discipline core.Discipline
	broken     error
	newer      chan struct{}
	leave      chan struct{}
	seats      int
}

// add puts a new build in the place of the newest.
func (b *builds) add(d core.Discipline, broken error) *oneBuild {
	b.mu.Lock()
	defer b.mu.Unlock()
	o := &oneBuild{of: b, discipline: d, broken: broken, newer: make(chan struct{}), leave: make(chan struct{})}
	if len(b.all) > 0 {
		close(b.all[len(b.all)-1].newer)
	}
	b.all = append(b.all, o)
	return o
}

// seats lists the seats on each build.
func (b *builds) seats() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	var seats []int
	for _, o := range b.all {
		seats = append(seats, o.seats)
	}
	return fmt.Sprint(seats)
}

func (o *oneBuild) Open(context.Context, bool) (*wire.Conn, error) {
	if o.broken != nil {
		return nil, o.broken
	}
	return wire.Pipe(o.discipline, quiet), nil
}
func (o *oneBuild) Newer() <-chan struct{}               { return o.newer }
func (o *oneBuild) Leave() <-chan struct{}               { return o.leave }
func (o *oneBuild) Options(of core.Options) core.Options { return of }

func (o *oneBuild) Next() (Plugin, error) {
	o.of.mu.Lock()
	defer o.of.mu.Unlock()
	newest := o.of.all[len(o.of.all)-1]
	newest.seats++
	return newest, nil
}

func (o *oneBuild) Release() {
	o.of.mu.Lock()
	defer o.of.mu.Unlock()
	o.seats--
}

// counts answers each message with how many there were; from one on it is off.
func counts(off int) core.Discipline {
	return core.Discipline{Open: func(core.Opening, *core.Out) (core.Machine, error) {
		n := 0
		return handler(func(e core.Event, out *core.Out) error {
			if e.Kind == core.ClientText {
				if n++; n >= off {
					out.Text(fmt.Appendf(nil, "%d!", n))
					return nil
				}
				out.Text(fmt.Appendf(nil, "%d", n))
			}
			return nil
		}), nil
	}}
}

const never = 1 << 30

func TestMove(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &builds{}
		first := b.add(counts(never), nil)
		first.seats++
		var stayed []string
		s := begin(t, func(c *Config) {
			c.Plugin, c.WholeLog = first, 1<<20
			c.Observers = []Observer{onRemark(func(r Remark) {
				switch r.Code {
				case Diverged:
					stayed = append(stayed, fmt.Sprintf("%d %s", r.N, r.Diff))
				case Stayed:
					stayed = append(stayed, "0 "+strings.TrimPrefix(r.Words, "stays on the old build: "))
				}
			})}
		})
		say := func(want string) {
			t.Helper()
			s.client.says("x")
			synctest.Wait()
			if got := s.client.told(); !strings.HasSuffix("|"+got, "|t:"+want) {
				t.Errorf("the client was told %s, want %s at the end", got, want)
			}
		}
		seats := func(want string) {
			t.Helper()
			synctest.Wait()
			if got := b.seats(); got != want {
				t.Errorf("the seats on the builds are %s, want %s", got, want)
			}
		}
		say("1")
		say("2")
		b.add(counts(4), nil) // the same so far
		seats("[0 1]")
		say("3")
		say("4!")

		b.add(counts(3), nil) // answers event 3 differently
		seats("[0 1 1]")
		if len(stayed) != 1 || !strings.HasPrefix(stayed[0], "3 ") || !strings.Contains(stayed[0], "- << client text \"3\"") ||
			!strings.Contains(stayed[0], "+ << client text \"3!\"") {
			t.Errorf("it stayed for %q", stayed)
		}
		say("5!")
		b.add(counts(never), errors.New("it does not build")) // cannot start
		seats("[0 1 0 1]")
		say("6!")

		close(b.all[1].leave) // there is nowhere to go
		seats("[0 1 0 1]")
		say("7!")
		b.add(counts(never), nil)
		seats("[0 1 0 0 1]")
		if len(stayed) != 4 || stayed[1] != "0 it does not build" || stayed[2] != stayed[1] || !strings.HasPrefix(stayed[3], "4 ") {
			t.Errorf("it stayed for %q", stayed)
		}
		say("8!")
		s.server.Close()
		s.ends(t, ByServer, "")
		seats("[0 0 0 0 0]")
	})
}

func TestMoveAnyhow(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b := &builds{}
		first := b.add(counts(never), nil)
		first.seats++
		s := begin(t, func(c *Config) { c.Plugin = first })
		s.client.says("x", "x")
		synctest.Wait()
		b.add(counts(1), nil)
		synctest.Wait()
		s.client.says("x")
		synctest.Wait()
		close(first.leave)
		synctest.Wait()
		s.client.says("x")
		synctest.Wait()
		b.add(counts(1), nil) // it moves on from there by itself
		synctest.Wait()
		s.client.says("x")
		synctest.Wait()
		if got := s.client.told(); got != "t:1|t:2|t:3|t:4!|t:5!" || b.seats() != "[0 0 1]" {
			t.Errorf("told %s, seats %s", got, b.seats())
		}
		s.server.Close()
		s.ends(t, ByServer, "")
	})
}

// The whole log bears more than the usual one, and no checkpoint shortens it.
func TestWholeLog(t *testing.T) {
	l := ledger{bound: 2 * LedgerBound, whole: true}
	e := wire.Event{Event: core.Event{Kind: core.ServerBytes, Data: make([]byte, LedgerBound)}}
	if l.done(e, 1) || l.due(true) {
		t.Error("it is dropped, or a checkpoint is due")
	}
	if !l.done(e, 1) {
		t.Error("it has no bound")
	}
}

// A new build is told all that the first one was: here, that the client may go
// on after the server's end, and the seed and the start.
func TestMoveKeepsTheOpening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var told []bool
		var drawn []core.Opening
		discipline := core.Discipline{Open: func(o core.Opening, _ *core.Out) (core.Machine, error) {
			told, drawn = append(told, o.ServerEOFStays), append(drawn, o)
			return handler(func(core.Event, *core.Out) error { return nil }), nil
		}}
		b := &builds{}
		first := b.add(discipline, nil)
		first.seats++
		s := begin(t, func(c *Config) {
			c.Plugin, c.WholeLog = first, 1<<20
			c.Opening.ServerEOFStays = true
			Draw(&c.Opening, core.Manifest{Seeded: true}, time.Now())
		})
		b.add(discipline, nil)
		synctest.Wait()
		if !slices.Equal(told, []bool{true, true}) {
			t.Errorf("the builds were told %v", told)
		}
		if len(drawn) != 2 || drawn[0].Seed == (core.Seed{}) || drawn[0].Seed != drawn[1].Seed || !drawn[0].Start.Equal(time.Now()) || drawn[0].Start != drawn[1].Start {
			t.Errorf("the builds were opened with %v", drawn)
		}
		s.server.Close()
		synctest.Wait()
		close(s.client.does)
		s.ends(t, ByClient, "")
	})
}
