package wall

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
)

// However the stream of a server is cut, the wall sees the same in the end.
func TestRecut(t *testing.T) {
	script := []string{
		"220 hello\r\n", ">HELO", "250-a\r\n250 b\r\n", ">MAIL", "501 no\r\n", ">MAIL", "\r\n\r\n501 no\r\n502 x\r\n", ">MAIL",
		"501 no\r\n" + strings.Repeat("x", 3*maxText) + "\r\n", ">", "prompt> ",
	}
	play := func(cut func(n int) int) Tile {
		a := newAnna()
		a.came(0)
		s := a.s.Session("s", "raw", "x:1")
		for _, piece := range script {
			if line, ok := strings.CutPrefix(piece, ">"); ok {
				s.Done(start, core.Event{Kind: core.ClientText, Data: []byte(line)}, nil)
				continue
			}
			for data := []byte(piece); len(data) > 0; {
				n := cut(len(data))
				s.Done(start, core.Event{Kind: core.ServerBytes, Data: data[:n]}, nil)
				data = data[n:]
			}
		}
		return a.tile(0)
	}
	want := play(func(n int) int { return n })
	if want.Error != "501 no" || want.Line.Text != "prompt> " {
		t.Errorf("%+v", want)
	}
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 0))
		got := play(func(n int) int { return 1 + random.IntN(n) })
		if got.State != want.State || got.Error != want.Error || *got.Line != *want.Line {
			t.Fatalf("seed %d: %+v, %+v; want %+v, %+v", seed, got, got.Line, want, want.Line)
		}
	}
}

// No byte of what a machine marks as secret is ever on the wall, however what echoes it is
// cut: neither of a value nor of a span.
func TestSecrets(t *testing.T) {
	const value = "QZXJWKVY" // letters that occur nowhere else here
	mark := core.Action{Kind: core.SecretBytes, Data: []byte(value)}
	for seed := range uint64(500) {
		random := rand.New(rand.NewPCG(seed, 1))
		a := newAnna()
		a.came(0)
		s := a.s.Session("s", "raw", "x:1")
		look := func(when string) {
			t.Helper()
			if l := a.tile(0).Line; l != nil && strings.ContainsAny(l.Text, value) {
				t.Fatalf("seed %d, %s: %+v", seed, when, l)
			}
			if text := a.tile(0).Error; strings.ContainsAny(text, value) {
				t.Fatalf("seed %d, %s: error %q", seed, when, text)
			}
		}
		typed := []byte("PASS " + value)
		marks := []core.Action{mark}
		if seed%2 == 0 {
			marks = []core.Action{{Kind: core.Secret, Data: []byte("5-13")}, mark}
		}
		given := bytes.Clone(typed)
		s.Done(start, core.Event{Kind: core.ClientText, Data: given}, marks)
		if look("typed"); !bytes.Equal(given, typed) || string(mark.Data) != value {
			t.Fatal("what the session has was changed")
		}
		if l := a.tile(0).Line; l == nil || l.Text != "PASS ********" {
			t.Fatalf("%+v", l)
		}
		for range 3 {
			for data := []byte("500 " + value + " is bad\r\nagain " + value); len(data) > 0; {
				n := 1 + random.IntN(min(len(data), 9))
				s.Done(start, core.Event{Kind: core.ServerBytes, Data: bytes.Clone(data[:n])}, nil)
				look("echoed")
				data = data[n:]
			}
			s.Done(start, core.Event{Kind: core.ClientText, Data: []byte("x")}, nil)
			s.Done(start, core.Event{Kind: core.ServerBytes, Data: []byte("\r\n")}, nil)
		}
		s.Ended(start, "")
		look("ended")
		if l := a.tile(0).Line; l.Text != "again ********" && l.From != "client" {
			t.Fatalf("%+v", l)
		}
		if len(s.held) > 0 || s.size != 0 {
			t.Fatalf("%d events are held back", len(s.held))
		}
	}
}

// What is held back is bounded, and what is held back is not lost.
func TestHeldBack(t *testing.T) {
	a := newAnna()
	s := a.s.Session("s", "raw", "x:1")
	s.Done(start, core.Event{Kind: core.ClientText, Data: []byte("x")}, []core.Action{{Kind: core.SecretBytes, Data: []byte("abcdefgh")}})
	s.Done(start, core.Event{Kind: core.ServerBytes, Data: []byte("abc")}, nil) // may begin it
	for range 100 {
		s.Done(start, core.Event{Kind: core.ClientText, Data: bytes.Repeat([]byte("y"), 4<<10)}, nil)
		if s.size > maxHeld || len(s.held) > 100 {
			t.Fatalf("%d bytes in %d events are held back", s.size, len(s.held))
		}
	}
	if l := a.tile(0).Line; l == nil || !strings.HasPrefix(l.Text, "yyy") {
		t.Errorf("%+v", l)
	}
}

// What is kept of a student does not grow with what crosses.
func TestMemory(t *testing.T) {
	a := newAnna()
	long := bytes.Repeat([]byte("5"), 1<<20)
	for n := range 50 {
		s := a.s.Session(fmt.Sprint(n), strings.Repeat("m", 1<<10), strings.Repeat("t", 1<<10))
		s.Kept("k")
		s.Began(start)
		for _, kind := range []core.EventKind{core.ClientRaw, core.ServerBytes} {
			s.Done(start, core.Event{Kind: kind, Data: long}, nil)
		}
		a.s.Refused(start, "x", string(long))
		a.s.Checked(start, reached(0), Try{Step: 1, Of: fmt.Sprint(n), Failed: string(long)})
		if len(a.s.sessions) > maxSessions || cap(s.client.part)+cap(s.server.part)+cap(a.s.line.text) > 6*maxText {
			t.Fatalf("%d sessions, %d bytes of a line", len(a.s.sessions), cap(s.server.part))
		}
	}
	for _, e := range a.s.errors {
		if len(e.key)+len(e.text) > 3*maxText {
			t.Errorf("%d bytes of an error", len(e.key)+len(e.text))
		}
	}
	if len(a.s.tried.Failed)+len(a.s.tried.Of) > 2*maxText {
		t.Errorf("%d bytes of a try", len(a.s.tried.Failed)+len(a.s.tried.Of))
	}
}

// A session that is seen costs no memory for each message.
func TestAllocations(t *testing.T) {
	a := newAnna()
	s := a.s.Session("s", "raw", "x:1")
	typed := core.Event{Kind: core.ClientText, Data: []byte("MAIL FROM:<anna@example.org>")}
	said := core.Event{Kind: core.ServerBytes, Data: []byte("250 OK\r\n501 no\r\n")}
	bad := core.Event{Kind: core.ServerBytes, Data: []byte("501 no\r\n")}
	actions := []core.Action{{Kind: core.SendServer, Data: typed.Data}}
	if n := testing.AllocsPerRun(1000, func() {
		for _, answer := range []core.Event{said, bad, bad, bad} {
			s.Done(start, typed, actions)
			s.Done(start, answer, nil)
		}
	}); n > 2 { // for the first of an error
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkDone(b *testing.B) {
	a := newAnna()
	s := a.s.Session("s", "raw", "x:1")
	e := core.Event{Kind: core.ServerBytes, Data: []byte("250 a line as a server sends it\r\n")}
	b.ReportAllocs()
	for b.Loop() {
		s.Done(start, e, nil)
	}
}
