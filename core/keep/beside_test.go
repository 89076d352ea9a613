package keep

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/wire"
)

// A session that has another client is looked on from its start, also once it has ended,
// goes on without anybody, and ends as whoever keeps it is told.
func TestBeside(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := &Sessions{Keep: time.Minute}
		var stopped []session.End
		s := all.NewBeside("s1", map[string]any{}, func(why session.End) { stopped = append(stopped, why) })
		if list := all.List(); len(list) != 0 {
			t.Errorf("before the target is reached the list has %v", list)
		}
		o := s.Beside()
		o.Remarked(0, session.Remark{Words: "the plugin was started again"})
		o.Began(session.Beginning{Address: "192.0.2.1:7"})
		o.Done(0, wire.Event{}, []core.Action{{Kind: core.PassThrough, Side: core.Client}})
		o.Done(time.Second, wire.Event{N: 1, Event: core.Event{Kind: core.ClientBytes, Data: []byte("hello")}}, nil)
		w, err := s.Watch(1, true)
		if err != nil {
			t.Fatal(err)
		}
		if address, err := w.Reached(); address != "192.0.2.1:7" || err != nil {
			t.Error(address, err)
		}
		w.State()
		if got := tells(w); got != "1 2 3" {
			t.Errorf("told %q", got)
		}
		if list := all.List(); len(list) != 1 || list[0].Watchers != 1 || list[0].Left != 0 || list[0].Over {
			t.Errorf("the list has %+v", list)
		}
		if _, err := s.Join("a", "", 1); err != ErrLooksOn {
			t.Errorf("a window joins: %v", err)
		}
		w.Leave()
		time.Sleep(time.Hour)
		if list := all.List(); len(stopped) != 0 || len(list) != 1 || list[0].Left != 0 {
			t.Errorf("nobody looks on, and the session was stopped: %v, %+v", stopped, list)
		}
		all.Leave(s)
		if len(stopped) != 1 {
			t.Errorf("stopped %v", stopped)
		}
		o.Done(time.Hour, wire.Event{N: 2, Event: core.Event{Kind: core.ClientEOF}}, nil)
		o.Ended(time.Hour, session.End{Cause: session.ByClient, Words: "the client closed"})
		s.Ended()
		late, err := s.Watch(2, true)
		if err != nil {
			t.Fatal(err)
		}
		if late.State(); tells(late) != "2 3 4 end" {
			t.Error("who comes late is not told all")
		}
		late.Leave()
		time.Sleep(2 * time.Minute)
		if all.Find(s.ID) != nil {
			t.Error("it is not forgotten")
		}

		none := all.NewBeside("s2", map[string]any{}, func(session.End) {})
		early, _ := none.Watch(1, true)
		refusal := session.End{Cause: session.Refused, Words: "connection refused"}
		none.Beside().Ended(0, refusal)
		none.Ended()
		if _, err := early.Reached(); err != refusal {
			t.Errorf("of one that came to nothing is told %v", err)
		}
		if all.Find(none.ID) != nil {
			t.Error("one that came to nothing is kept")
		}
	})
}
