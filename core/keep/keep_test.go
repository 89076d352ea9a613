package keep

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// lines sends what the client says as it is, and shows what the server sends.
type lines struct{}

func (lines) Handle(e core.Event, out *core.Out) error {
	switch e.Kind {
	case core.ClientText, core.ClientBinary:
		out.Server(e.Data)
	case core.ServerBytes:
		out.Text(e.Data)
	}
	return nil
}

type server struct{ net.Conn }

func (s server) Receive() ([]byte, error) {
	b := make([]byte, 32<<10)
	n, err := s.Read(b)
	return b[:n], err
}
func (s server) CloseWrite() error { return s.Close() }
func (s server) Ready() bool       { return false }
func (s server) Resolved() string  { return "192.0.2.1:7" }
func (s server) Secured() string   { return "" }
func (s server) Through() string   { return "" }

// bench is a running session that is kept, and the far end of its server.
type bench struct {
	*Session
	all   *Sessions
	far   net.Conn
	ended chan session.End
}

// begin runs a session, watched by a window named "a".
func begin(t *testing.T) (*bench, *Watcher) {
	t.Helper()
	near, far := net.Pipe()
	b := &bench{all: &Sessions{Keep: 10 * time.Minute}, far: far, ended: make(chan session.End, 1)}
	b.Session = b.all.New("s1", map[string]any{})
	w := b.join(t, "a", "", 1)
	go func() {
		b.ended <- session.Run(context.Background(), session.Config{
			Client: b.Session, Entries: true, Observers: []session.Observer{b.Observer()},
			Plugin: &session.Fixed{Connect: func(context.Context, bool) (*wire.Conn, error) {
				return wire.Pipe(core.Discipline{
					Manifest: core.Manifest{Name: "lines", Title: "Lines", Input: core.InputLine},
					Open:     func(core.Opening, *core.Out) (core.Machine, error) { return lines{}, nil },
				}, slog.New(slog.DiscardHandler)), nil
			}},
			Dial: func(context.Context) (session.Server, error) { return server{near}, nil },
		})
		b.Session.Ended()
	}()
	if address, err := w.Reached(); address != "192.0.2.1:7" || err != nil {
		t.Fatal(address, err)
	}
	return b, w
}

func (b *bench) join(t *testing.T, name, was string, first uint64) *Watcher {
	t.Helper()
	w, err := b.Join(name, was, first)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// says has a watcher say a line, and the server hear it.
func (b *bench) says(t *testing.T, w *Watcher, number uint64, line string) {
	t.Helper()
	err := make(chan error, 1)
	go func() { err <- w.Say(Message{number, core.Event{Kind: core.ClientText, Data: []byte(line)}}) }()
	got := make([]byte, len(line))
	if _, e := io.ReadFull(b.far, got); string(got) != line || e != nil {
		t.Errorf("the server heard %q, %v; want %q", got, e, line)
	}
	if e := <-err; e != nil {
		t.Error(e)
	}
	synctest.Wait() // the log has it after the server does
}

// tells reads what a watcher is told until nothing is left: the numbers of its
// entries, its gaps, and the end.
func tells(w *Watcher) (told string) {
	for {
		synctest.Wait()
		ctx, cancel := context.WithTimeout(context.Background(), time.Nanosecond)
		b, err := w.Next(ctx)
		cancel()
		switch {
		case err != nil:
			return strings.TrimSpace(told)
		case b.Missing != nil:
			told += fmt.Sprintf("missing %d to %d ", b.Missing.First, b.Missing.Next)
		case b.End != nil:
			return told + "end"
		case b.Entries != nil:
			var list []struct{ I uint64 }
			if err := json.Unmarshal([]byte("["+strings.TrimSuffix(string(b.Entries), ",")+"]"), &list); err != nil {
				return err.Error()
			}
			for _, e := range list {
				told += fmt.Sprintf("%d ", e.I)
			}
		}
	}
}

// finish ends what the test began.
func (b *bench) finish(t *testing.T, w *Watcher) {
	t.Helper()
	w.TakeKeyboard()
	if err := w.End(); err != nil {
		t.Error(err)
	}
	b.far.Close()
	<-b.ended
	w.Leave()
	synctest.Wait()
	b.all.ForgetAll()
}

// A session goes on without a connection. Who comes back gets what is missing, and
// nothing twice; what was said twice is taken once.
func TestComesBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := begin(t)
		b.says(t, w, 1, "one")
		if got := tells(w); got != "1 2 3" { // dialled, the event, its action
			t.Errorf("told %q", got)
		}
		w.Leave()
		b.far.Write([]byte("meanwhile"))
		synctest.Wait()
		if _, err := w.Next(t.Context()); err != ErrLeft {
			t.Error("a watcher that has left is told", err)
		}
		w = b.join(t, "a", "", 4)
		if st := w.State(); st.Taken != 1 || st.Keyboard != 1 || st.Window != 1 {
			t.Errorf("state %+v", st)
		}
		if err := w.Say(Message{1, core.Event{Kind: core.ClientText, Data: []byte("one")}}); err != nil {
			t.Error(err)
		}
		b.says(t, w, 2, "two")
		if got := tells(w); got != "4 5 6 7" {
			t.Errorf("told %q", got)
		}
		b.finish(t, w)
	})
}

// Two windows see the same; one of them types, and hands over.
func TestKeyboard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, first := begin(t)
		second := b.join(t, "b", "", 1)
		if err := second.Say(Message{1, core.Event{Kind: core.ClientText}}); err != ErrNoKeyboard {
			t.Error("without the keyboard:", err)
		}
		if err := second.End(); err != ErrNoKeyboard {
			t.Error("without the keyboard:", err)
		}
		second.TakeKeyboard()
		if st := first.State(); st.Keyboard != 1 || st.Asks != 2 || st.Watchers != 2 {
			t.Errorf("state %+v", st)
		}
		if err := second.GiveKeyboard(2); err != ErrNoKeyboard {
			t.Error("without the keyboard:", err)
		}
		if err := first.GiveKeyboard(2); err != nil {
			t.Error(err)
		}
		if st := first.State(); st.Keyboard != 2 || st.Asks != 0 {
			t.Errorf("state %+v", st)
		}
		b.says(t, second, 1, "two")
		synctest.Wait()
		one, two := tells(first), tells(second)
		if one != two || one != "1 2 3 4" { // dialled, who has the keyboard, the event, its action
			t.Errorf("told %q and %q", one, two)
		}
		second.Leave()
		first.TakeKeyboard()
		if st := first.State(); st.Keyboard != 1 {
			t.Errorf("state %+v: the window that has it is gone", st)
		}
		b.finish(t, first)
	})
}

// After a reload the same person comes by another name, and has the keyboard.
func TestReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, old := begin(t)
		w := b.join(t, "b", "a", 1)
		if st := w.State(); st.Window != 1 || st.Keyboard != 1 || st.Taken != 0 {
			t.Errorf("state %+v", st)
		}
		if st := old.State(); st.Window == 1 {
			t.Errorf("state %+v: a copy of the page is a window of its own", st)
		}
		old.Leave()
		b.says(t, w, 1, "one")
		b.finish(t, w)
	})
}

// A session that nobody watches ends after its time, and one that has ended can be
// read for as long.
func TestKeep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := begin(t)
		w.Leave()
		time.Sleep(9 * time.Minute)
		w = b.join(t, "a", "", 1)
		time.Sleep(time.Hour)
		w.Leave()
		go io.Copy(io.Discard, b.far)
		time.Sleep(9 * time.Minute)
		if len(b.ended) > 0 {
			t.Fatal("ended too early")
		}
		time.Sleep(90 * time.Second)
		b.far.Close()
		if end := <-b.ended; end.Cause != session.ByClient || !strings.Contains(end.Words, "nobody came back for 10m") {
			t.Errorf("ended by %+v", end)
		}
		synctest.Wait()
		w = b.join(t, "a", "", 1)
		if got := tells(w); !strings.HasSuffix(got, "end") {
			t.Errorf("told %q", got)
		}
		if err := w.Say(Message{0, core.Event{Kind: core.ClientText}}); err != ErrOver {
			t.Error(err)
		}
		w.Leave()
		time.Sleep(11 * time.Minute)
		if b.all.Find(b.ID) != nil {
			t.Error("it can still be read")
		}
		if _, err := b.Join("a", "", 1); err != ErrOver {
			t.Error(err)
		}
	})
}

// A client that leaves while the target is dialled gives it up.
func TestLeavesEarly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		all := &Sessions{Keep: time.Minute}
		s := all.New("s1", nil)
		w, _ := s.Join("a", "", 1)
		w.Leave()
		if _, err := s.Receive(); !errors.As(err, new(session.End)) {
			t.Error(err)
		}
		s.Ended()
		if all.Find(s.ID) != nil || len(all.List()) > 0 {
			t.Error("what never began is kept")
		}
	})
}

// After the end of the input nothing is taken.
func TestFinished(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := (&Sessions{Keep: time.Minute}).New("s1", nil)
		w, _ := s.Join("a", "", 1)
		go w.Say(Message{1, core.Event{Kind: core.ClientEOF}})
		if e, err := s.Receive(); e.Kind != core.ClientEOF || err != nil {
			t.Error(e.Kind, err)
		}
		if err := w.Say(Message{2, core.Event{Kind: core.ClientText}}); err != ErrFinished || !w.State().EOF {
			t.Error(err)
		}
		w.Leave()
		s.Ended()
	})
}

// What is ordered is done once, by whoever has the keyboard, also after the end of the input.
func TestOrder(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := (&Sessions{Keep: time.Minute}).New("s1", nil)
		w, _ := s.Join("a", "", 1)
		other, _ := s.Join("b", "", 1)
		go w.Say(Message{1, core.Event{Kind: core.ClientEOF}})
		if e, err := s.Receive(); e.Kind != core.ClientEOF || err != nil {
			t.Error(e.Kind, err)
		}
		done := 0
		for _, step := range []struct {
			by     *Watcher
			number uint64
			result error
			want   error
			done   int
		}{
			{w, 1, nil, nil, 0},
			{w, 2, io.EOF, io.EOF, 1},
			{w, 2, nil, nil, 1},
			{w, 0, nil, nil, 2},
			{other, 1, nil, ErrNoKeyboard, 2},
		} {
			err := step.by.Order(step.number, func() error { done++; return step.result })
			if err != step.want || done != step.done {
				t.Errorf("%d: %v, done %d times; want %v, %d", step.number, err, done, step.want, step.done)
			}
		}
		if n := w.State().Taken; n != 2 {
			t.Errorf("taken is %d", n)
		}
		w.Leave()
		other.Leave()
		if err := w.Order(3, func() error { return nil }); err != ErrLeft {
			t.Error(err)
		}
		s.Ended()
	})
}

// The session waits for the window with the keyboard, and for no other. What has
// left the log is missing, and the rest follows.
func TestLag(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		b, w := begin(t)
		slow := b.join(t, "b", "", 1)
		sent := make(chan int, 1)
		go func() {
			n := 0
			for range 200 {
				if _, err := b.far.Write([]byte(strings.Repeat("x", 16<<10))); err != nil {
					break
				}
				n++
			}
			sent <- n
		}()
		synctest.Wait()
		if len(sent) > 0 {
			t.Error("the session does not wait for the keyboard")
		}
		for len(sent) == 0 {
			tells(w)
			synctest.Wait()
		}
		tells(w)
		if got := tells(slow); !strings.HasPrefix(got, "1 2 3 ") {
			t.Errorf("told %q", got[:40])
		}
		w.Leave() // now for nobody
		slow.Leave()
		for range 600 {
			b.far.Write([]byte(strings.Repeat("y", 16<<10)))
		}
		synctest.Wait()
		w = b.join(t, "a", "", 1)
		got := tells(w)
		if !strings.HasPrefix(got, "missing 1 to ") {
			t.Fatalf("told %.60q", got)
		}
		var first, next, after uint64
		fmt.Sscanf(got, "missing %d to %d %d", &first, &next, &after)
		if after != next {
			t.Errorf("after what is missing to %d comes %d", next, after)
		}
		b.finish(t, w)
	})
}

// Of the sessions that have ended, the oldest are forgotten when they are too many.
func TestTooManyOver(t *testing.T) {
	all := &Sessions{Keep: time.Hour}
	var made []*Session
	for range MaxOver + 2 {
		s := all.New("s", nil)
		s.Accept("192.0.2.1:7")
		s.Close(session.End{Cause: session.ByServer})
		s.Ended()
		made = append(made, s)
	}
	for i, s := range made {
		if kept := all.Find(s.ID) != nil; kept != (i >= 2) {
			t.Errorf("session %d of %d is kept: %v", i, len(made), kept)
		}
	}
	all.ForgetAll()
	if n := len(all.List()); n > 0 {
		t.Errorf("%d are left", n)
	}
}

// Segments of a log grow, and a reader may begin at any entry.
func TestLog(t *testing.T) {
	l := log{next: 1}
	for i := 1; i <= 3000; i++ {
		l.add(fmt.Appendf(nil, "%d", i), 1<<30)
	}
	for i := uint64(1); i <= 3000; i += 7 {
		entries, next, _ := l.from(i)
		all := strings.Split(strings.TrimSuffix(string(entries), ","), ",")
		if all[0] != fmt.Sprint(i) || all[len(all)-1] != fmt.Sprint(next-1) {
			t.Fatalf("from %d come %s to %s, next %d", i, all[0], all[len(all)-1], next)
		}
	}
	l.add(make([]byte, 100_000), 1000)
	if l.first() != 3001 || len(l.oldest()) != 100_000 {
		t.Error("the log holds more than its bound, and the newest")
	}
}
