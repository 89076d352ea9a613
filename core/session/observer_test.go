package session

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// remarks is an observer of remarks alone.
type remarks struct {
	Ignore
	each func(Remark)
}

func (r *remarks) Remarked(_ time.Duration, remark Remark) { r.each(remark) }

func onRemark(each func(Remark)) Observer { return &remarks{each: each} }

// An observer may join at any time: it is told of what happens from then on, and
// how the session ended.
func TestJoin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var sessions Registry
		id := sessions.NewID()
		b := beginBy(t, func(ctx context.Context, c Config) End { return sessions.Run(ctx, id, c) }, nil)
		b.client.says("before")
		b.read(t, "before\n")
		kept, left := &tape{}, &tape{}
		live := sessions.Find(id)
		leave, joined := live.Join(left)
		if _, ok := live.Join(kept); !ok || !joined {
			t.Error("a live session cannot be joined")
		}
		b.client.says("between")
		b.read(t, "between\n")
		synctest.Wait()
		leave()
		b.client.says("after")
		b.read(t, "after\n")
		synctest.Wait()
		live.Stop(End{Stopped, "its owner said so"})
		synctest.Wait()
		b.server.Close()
		b.ends(t, Stopped, "its owner said so")
		for got, want := range map[*tape]string{left: "began|2:1:between <1:between\n", kept: "began|2:1:between <1:between\n|3:1:after <1:after\n|end its owner said so"} {
			if line := strings.Join(got.got, "|"); line != want {
				t.Errorf("got  %q\nwant %q", line, want)
			}
		}
		if _, ok := live.Join(kept); ok || sessions.Find(id) != nil {
			t.Error("a session that is over can be joined")
		}
	})
}

// What a watcher has no room for is a gap with counts, between what it has.
func TestWatcherHasAGap(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := NewWatcher(4 * eventWeight)
		event := func(n uint64, data string) {
			w.Done(0, wire.Event{N: n, Event: core.Event{Kind: core.ServerBytes, Data: []byte(data)}}, nil)
		}
		shows := func(want string) {
			t.Helper()
			seen, err := w.Next(t.Context())
			var got []string
			for _, s := range seen {
				switch {
				case s.Event != nil:
					got = append(got, fmt.Sprintf("%d:%s", s.Event.N, s.Event.Data))
				case s.Gap != nil:
					got = append(got, fmt.Sprintf("gap %d %d %d", s.Gap.Events, s.Gap.Bytes, s.Gap.Remarks))
				case s.Remark != nil:
					got = append(got, s.Remark.Words)
				case s.End != nil:
					got = append(got, "end "+s.End.Words)
				}
			}
			if strings.Join(got, "|") != want || err != nil {
				t.Errorf("got %q, %v; want %q", got, err, want)
			}
		}
		event(1, "a")
		event(2, strings.Repeat("b", 4*eventWeight))
		event(3, "c")
		w.Remarked(0, Remark{Words: "moved"})
		shows("1:a|gap 2 257 1")
		event(4, strings.Repeat("d", 4*eventWeight))
		shows("gap 1 256 0")
		data := []byte("e")
		w.Done(0, wire.Event{N: 5, Event: core.Event{Kind: core.ServerBytes, Data: data}}, nil)
		clear(data) // it was the caller's
		shows("5:e")
		go func() {
			time.Sleep(time.Second)
			event(6, strings.Repeat("f", 4*eventWeight))
			w.Ended(0, End{ByServer, "over"})
		}()
		shows("gap 1 256 0|end over")
	})
}

// The happenings of a phase lead where the essay says, and nowhere back.
func TestPhases(t *testing.T) {
	rank := map[phase]int{opening: 0, running: 1, over: 2, open: 0, finished: 1, closed: 2, cut: 3, ended: 3}
	for from := opening; from <= ended; from++ {
		for h := targetReached; h <= lastCame; h++ {
			next := from.on(h)
			if (next <= over) != (from <= over) || rank[next] < rank[from] {
				t.Errorf("phase %d becomes %d by %d", from, next, h)
			}
		}
	}
	if open.on(lastOrdered).on(finSent) != closed || cut.on(lastOrdered) != cut || finished.on(writingFailed).on(finSent) != cut {
		t.Error("what goes to a side is finished, then closed; and cut for good")
	}
}
