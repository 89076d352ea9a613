package keep

import (
	"bytes"
	"context"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

func (b *bench) watch(t *testing.T, first uint64, silent bool) *Watcher {
	t.Helper()
	w, err := b.Watch(first, silent)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// Who only looks on sees all from the session's start, has no part in it, and its windows
// know.
func TestLooksOn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := begin(t)
		b.says(t, w, 1, "one")
		teacher, class := b.watch(t, 1, false), b.watch(t, 3, true)
		if got := tells(teacher); got != "1 2 3" { // dialled, the event, its action
			t.Errorf("told %q", got)
		}
		if got := tells(class); got != "3" {
			t.Errorf("told %q", got)
		}
		if st := w.State(); st.Observed != 1 || st.Watchers != 1 || st.Window != 1 {
			t.Errorf("the window's state: %+v", st)
		}
		if st := teacher.State(); st.Window != 0 || st.Keyboard != 1 || st.Taken != 0 {
			t.Errorf("who looks on has the state %+v", st)
		}
		w.Leave() // now nobody is there who has the keyboard
		for what, err := range map[string]error{
			"say": teacher.Say(Message{1, core.Event{Kind: core.ClientText, Data: []byte("mine")}}),
			"end": teacher.End(), "take": teacher.TakeKeyboard(), "give": teacher.GiveKeyboard(1),
		} {
			if err != ErrLooksOn {
				t.Errorf("%s: %v", what, err)
			}
		}
		w = b.join(t, "a", "", 4)
		if st := w.State(); st.Keyboard != 1 || st.Away || st.Asks != 0 {
			t.Errorf("after that: %+v", st)
		}
		teacher.Leave()
		teacher.Leave()
		if batch, err := w.Next(t.Context()); err != nil || batch.State == nil || batch.State.Observed != 0 {
			t.Errorf("nobody looks on any more: %+v, %v", batch.State, err)
		}
		class.Leave()
		if batch, found, err := w.find(); found || err != nil {
			t.Errorf("a silent one has left: %+v, %v", batch, err)
		}
		if n := len(b.lookers); n > 0 {
			t.Errorf("%d are left", n)
		}
		b.finish(t, w)
	})
}

// Those who look on and read nothing do not hold the session up, not even while nobody
// else is there.
func TestLookersWhoDoNotRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := begin(t)
		var idle []*Watcher
		for range 20 {
			idle = append(idle, b.watch(t, 1, false))
		}
		reading, cancel := context.WithCancel(t.Context())
		read := make(chan struct{})
		go func() {
			defer close(read)
			for {
				if _, err := w.Next(reading); err != nil {
					return
				}
			}
		}()
		for range 700 { // each is written once the session has taken it
			b.far.SetWriteDeadline(time.Now().Add(time.Minute))
			if _, err := b.far.Write(bytes.Repeat([]byte("x"), 16<<10)); err != nil {
				t.Fatal("the session waits for somebody: ", err)
			}
		}
		synctest.Wait()
		cancel()
		<-read
		if !b.Ready() {
			t.Error("the session waits for somebody")
		}
		if b.log.size > LogAt {
			t.Errorf("%d bytes are kept", b.log.size)
		}
		idle[7].told()
		if batch, _, err := idle[7].find(); err != nil || batch.State == nil {
			t.Errorf("who did not read is told %+v, %v", batch, err)
		}
		if batch, _, err := idle[7].find(); err != nil || batch.Missing == nil || batch.Missing.First != 1 {
			t.Errorf("who did not read is told %+v, %v", batch, err)
		}
		for _, one := range idle {
			one.Leave()
		}
		b.finish(t, w)
	})
}

// Nobody who only looks on keeps a session: it ends in its time, and is forgotten in its
// time, however many do. Until then they are told all.
func TestLookersKeepNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := begin(t)
		first := b.watch(t, 1, false)
		w.Leave()
		time.Sleep(6 * time.Minute)
		second := b.watch(t, 1, false) // neither this nor the other's leaving begins the time anew
		first.Leave()
		time.Sleep(3*time.Minute + 59*time.Second)
		if len(b.ended) > 0 {
			t.Fatal("ended too early")
		}
		time.Sleep(2 * time.Second)
		b.far.Close()
		<-b.ended
		synctest.Wait()
		if got := tells(second); !strings.HasSuffix(got, "end") {
			t.Errorf("told %q", got)
		}
		select {
		case <-b.Gone():
			t.Error("it is gone as soon as it has ended")
		default:
		}
		time.Sleep(11 * time.Minute)
		if b.all.Find(b.ID) != nil {
			t.Error("it can still be read")
		}
		select {
		case <-b.Gone():
		default:
			t.Error("whoever waits until it is gone is not told")
		}
		if _, err := b.Watch(1, false); err != ErrOver {
			t.Error(err)
		}
		second.Leave()
	})
}

// A session is reached once its target was.
func TestReached(t *testing.T) {
	all := &Sessions{Keep: time.Minute}
	s := all.New("s", nil)
	if all.Reached(s.ID) != nil || all.Reached("none") != nil {
		t.Error("it is reached before its target")
	}
	if s.Accept("192.0.2.1:7"); all.Reached(s.ID) != s {
		t.Error("it is not")
	}
}
