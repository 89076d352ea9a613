package shared

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/store/storetest"
)

// trials returns how many blocks a session of these tests has, so many in the short form.
func trials(short int) int {
	if testing.Short() {
		return short
	}
	return 12
}

// read returns the text of a session that has ended as the shared log alone has it.
func readShared(t *testing.T, l *Log, id string) string {
	t.Helper()
	eventually(t, "in the index of "+l.c.Gateway, func() bool {
		r, ok := l.mirror.row("", id)
		return ok && r.Object != ""
	})
	var all []byte
	eventually(t, "readable", func() bool { // while a leader is elected it is not
		text, err := l.open(t.Context(), "", id)
		if err != nil {
			return false
		}
		defer text.Close()
		all, err = io.ReadAll(text)
		return err == nil
	})
	return string(all)
}

// readBlocks returns what the blocks of a session say.
func readBlocks(t *testing.T, l *Log, id string) string {
	t.Helper()
	var text strings.Builder
	eventually(t, "readable", func() bool { // while a leader is elected it is not
		text.Reset()
		return l.gather(t.Context(), id, &text) == nil
	})
	return text.String()
}

// The server that leads the stream is killed with each block on its way: nothing is lost,
// and nothing is there twice.
func TestLeaderKilled(t *testing.T) {
	b := newBroker(t, 3)
	folder := openFolder(t)
	l, other := openTenant(t, "one", b), openTenant(t, "other", b)
	s := l.Store("", folder)
	id := storetest.ID(0)
	w := storetest.Create(t, s, id)
	ship := s.shipment(id)
	n := trials(2)
	for i := range n {
		io.WriteString(w, piece(i))
		if i > 0 {
			leads := 0
			eventually(t, "led", func() (ok bool) {
				leads, ok = b.leader(l)
				return ok
			})
			b.kill(leads)
			eventually(t, "acknowledged by the others", func() bool { return ship.lag() == 0 })
			b.start(leads)
		}
		eventually(t, "acknowledged", func() bool { return ship.lag() == 0 })
		if got := readBlocks(t, l, id); got != pieces(i+1) {
			t.Fatalf("after block %d: %q", i, got)
		}
	}
	io.WriteString(w, lastPiece)
	w.Close()
	<-ship.over
	if got := readShared(t, other, id); got != pieces(n)+lastPiece {
		t.Errorf("got %q", got)
	}
	if fenced := l.Counters.Fenced.Load(); fenced > 0 {
		t.Error("the only writer was fenced")
	}
}

// A workbench is killed after each block: another one completes what was acknowledged, and
// the first, when it is back, brings what only it has.
func TestGatewayKilled(t *testing.T) {
	b := newBroker(t, 1)
	const tenant = "killed"
	for n := 1; n <= trials(3); n++ {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			id, dir := storetest.ID(n), t.TempDir()
			g := startGateway(t, "one", tenant, b, dir, id)
			g.do(fmt.Sprint(n))
			g.kill()
			// One for which all are dead from the start, and who comes when that is so.
			other := openLog(t, tenant, "other", b.urls(), func(l *Log) { l.deadAfter, l.completeEvery = -time.Hour, 10*time.Millisecond })
			if got := readShared(t, other, id); got != pieces(n) {
				t.Fatalf("%d blocks were acknowledged; complete is %q", n, got)
			}
			info, err := other.Store("", openFolder(t)).Info(id)
			if err != nil || info.Ended != store.CutOff || info.Running {
				t.Errorf("it is told as %+v, %v", info, err)
			}
			// What it wrote and did not ship.
			folder, err := store.OpenFolder(dir)
			if err != nil {
				t.Fatal(err)
			}
			path, _ := folder.Path(id)
			appendTo(t, path, piece(n))
			l := openLog(t, tenant, "one", b.urls())
			l.Store("", folder)
			eventually(t, "the longer text", func() bool {
				r, _ := other.mirror.row("", id)
				return r.Size == int64(len(pieces(n+1)))
			})
			if got := readShared(t, other, id); got != pieces(n+1) {
				t.Errorf("then %q", got)
			}
			l.Close(t.Context())
			folder.Close()
		})
	}
}

// Of two that ship one session, one is fenced, and says so; what is shared is the other's.
func TestTwoWriters(t *testing.T) {
	b := newBroker(t, 1)
	first, second := openFolder(t), openFolder(t)
	one, two := openTenant(t, "one", b), openTenant(t, "two", b)
	<-one.ready
	<-two.ready
	id := storetest.ID(0)
	s1, s2 := one.Store("", first), two.Store("", second)
	w1, w2 := storetest.Create(t, s1, id), storetest.Create(t, s2, id)
	ship1, ship2 := s1.shipment(id), s2.shipment(id)
	io.WriteString(w1, piece(0)+piece(1))
	io.WriteString(w2, piece(0)+piece(2))
	eventually(t, "one fenced", func() bool { return ship1.fenced.Load() || ship2.fenced.Load() })
	io.WriteString(w1, piece(3))
	io.WriteString(w2, piece(3))
	for _, w := range []store.Writer{w1, w2} {
		io.WriteString(w, lastPiece)
		w.Close()
	}
	<-ship1.over
	<-ship2.over
	if ship1.fenced.Load() && ship2.fenced.Load() {
		t.Fatal("both were fenced")
	}
	want, loser, kept := piece(0)+piece(1)+piece(3)+lastPiece, s2, piece(0)+piece(2)+piece(3)+lastPiece
	if ship1.fenced.Load() {
		want, loser, kept = kept, s1, want
	}
	if got := readShared(t, one, id); got != want {
		t.Errorf("shared is %q", got)
	}
	if got := storetest.Read(t, loser, id); got != kept {
		t.Errorf("the fenced one has %q of its own", got)
	}
}

// A workbench that is thought dead, and is not, is fenced; when the session has ended, all
// of it takes the place of what was completed.
func TestThoughtDead(t *testing.T) {
	b := newBroker(t, 1)
	folder := openFolder(t)
	l, other := openTenant(t, "one", b), openTenant(t, "other", b)
	<-l.ready
	s := l.Store("", folder)
	id := storetest.ID(0)
	w := storetest.Create(t, s, id)
	io.WriteString(w, pieces(2))
	ship := s.shipment(id)
	eventually(t, "shipped", func() bool { return ship.lag() == 0 })
	eventually(t, "seen", func() bool { _, ok := other.mirror.row("", id); return ok })
	r, _ := other.mirror.row("", id)
	if err := other.completeOne(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	if got := readShared(t, other, id); got != pieces(2) {
		t.Errorf("complete is %q", got)
	}
	io.WriteString(w, piece(2))
	eventually(t, "fenced", ship.fenced.Load)
	io.WriteString(w, piece(3)+lastPiece)
	w.Close()
	<-ship.over
	eventually(t, "the whole text", func() bool {
		r, _ := other.mirror.row("", id)
		return r.Size == int64(len(pieces(4)+lastPiece))
	})
	if got := readShared(t, other, id); got != pieces(4)+lastPiece {
		t.Errorf("got %q", got)
	}
}

// A broker that is away holds up no session, and has all soon after it is back.
func TestBrokerAway(t *testing.T) {
	sessions, away := 20, time.Second
	if !testing.Short() {
		sessions, away = 200, time.Minute
	}
	b := newBroker(t, 1)
	folder := openFolder(t)
	l, other := openTenant(t, "one", b), openTenant(t, "other", b)
	<-l.ready
	s := l.Store("", folder)
	var writers []store.Writer
	for n := range sessions {
		w := storetest.Create(t, s, storetest.ID(n))
		io.WriteString(w, piece(0))
		writers = append(writers, w)
	}
	eventually(t, "shipped", func() bool { return l.State().Lag == 0 })
	b.kill(0)
	slowest, written := time.Duration(0), 1
	for began := time.Now(); time.Since(began) < away; written++ {
		for _, w := range writers {
			at := time.Now()
			io.WriteString(w, piece(written))
			slowest = max(slowest, time.Since(at))
		}
		time.Sleep(100 * time.Millisecond) // the sessions' pace
	}
	for _, w := range writers {
		io.WriteString(w, lastPiece)
		w.Close()
	}
	if l.State().Waiting != sessions || l.State().Lag == 0 {
		t.Errorf("while the broker is away: %+v", l.State())
	}
	b.start(0)
	back := time.Now()
	eventually(t, "shipped", func() bool { return l.State().Waiting == 0 })
	t.Logf("%d sessions: shipped %v after the broker was back; the slowest of %d writes took %v", sessions, time.Since(back), sessions*written, slowest)
	for n := range sessions {
		if got := readShared(t, other, storetest.ID(n)); got != pieces(written)+lastPiece {
			t.Fatalf("session %d: %d bytes", n, len(got))
		}
	}
}

// A workbench without its broker is as one without a shared log, and brings all to it later.
func TestNoBroker(t *testing.T) {
	dir := t.TempDir()
	b := newBroker(t, 1)
	b.kill(0)
	folder, err := store.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	l := openLog(t, "none", "one", b.urls())
	s := l.Store("", folder)
	storetest.Write(t, s, storetest.ID(0), storetest.Text("raw", "host:1", "hello"))
	if got := storetest.List(t, s, store.Query{Text: "hello"}); len(got) != 1 {
		t.Errorf("got %+v", got)
	}
	if err := l.Close(t.Context()); err == nil || !strings.Contains(err.Error(), "1 recordings are not in the shared log") {
		t.Errorf("at the end: %v", err)
	}
	folder.Close()
	b.start(0)
	folder, err = store.OpenFolder(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	l = openLog(t, "none", "one", b.urls())
	l.Store("", folder)
	if got := readShared(t, l, storetest.ID(0)); got != storetest.Text("raw", "host:1", "hello") {
		t.Errorf("got %q", got)
	}
	l.Close(t.Context())
}

// Once the shared log has a transcript, its file and its blocks go, and its owner still
// finds it.
func TestSweep(t *testing.T) {
	b := newBroker(t, 1)
	folder := openFolder(t)
	l := openTenant(t, "one", b, func(l *Log) { l.grace, l.sweepEvery = 0, time.Millisecond })
	s := l.Store("ann", folder)
	id := storetest.ID(0)
	w := storetest.Create(t, s, id)
	io.WriteString(w, piece(0))
	ship := s.shipment(id)
	eventually(t, "shipped", func() bool { return ship.lag() == 0 })
	if err := s.SetNotes(id, store.Notes{Title: "kept"}); err != nil {
		t.Fatal(err)
	}
	io.WriteString(w, lastPiece)
	w.Close()
	eventually(t, "forgotten", func() bool { return s.shipment(id) == nil })
	if _, err := folder.Info(id); err == nil {
		t.Error("the file is still there")
	}
	if got := readBlocks(t, l, keyOf("ann", id)); got != "" {
		t.Errorf("the blocks still say %q", got)
	}
	if got := storetest.Read(t, s, id); got != piece(0)+lastPiece {
		t.Errorf("the object is %q", got)
	}
	if list := storetest.List(t, s, store.Query{}); len(list) != 1 {
		t.Errorf("the list has %d transcripts", len(list))
	}
	if n, err := s.Notes(id); err != nil || n.Title != "kept" {
		t.Errorf("its notes are %+v, %v", n, err)
	}
	if err := s.SetNotes(id, store.Notes{Title: "other"}); err != nil {
		t.Fatal(err)
	}
	eventually(t, "new notes", func() bool {
		list := storetest.List(t, s, store.Query{Text: "OTHER"})
		return len(list) == 1 && list[0].Title == "other"
	})
	if err := s.Delete(id); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Open(id); err == nil {
		t.Error("it was deleted, and can be read")
	}
}

func appendTo(t *testing.T, path, text string) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := io.WriteString(f, text); err != nil {
		t.Fatal(err)
	}
}
