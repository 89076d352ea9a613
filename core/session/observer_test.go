package session

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"
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

// A session that was told why it is to end ends so, also if the workbench stops before it
// comes to that.
func TestStopsAsOrderedFirst(t *testing.T) {
	for range 50 { // which of the two it notices is chance
		synctest.Test(t, func(t *testing.T) {
			var sessions Registry
			id := sessions.NewID()
			b := beginBy(t, func(ctx context.Context, c Config) End { return sessions.Run(ctx, id, c) }, nil)
			sessions.Find(id).Stop(End{ClassEnded, "the class has ended"})
			b.cancel()
			synctest.Wait()
			b.server.Close()
			b.ends(t, ClassEnded, "the class has ended")
		})
	}
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
