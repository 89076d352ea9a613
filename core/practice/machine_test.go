package practice

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// speaker answers lines: "ask X" with the world's answer to X, "later" after a second,
// "tls" by TLS, "bye" by closing, "panic" not at all, and others with themselves. It greets, and tells
// the world when it hears that its client is gone.
type speaker struct {
	held []byte
	asks bool
}

func (s *speaker) Handle(ev core.Event, out *core.Out) error {
	switch ev.Kind {
	case core.ClientBytes:
		s.held = append(s.held, ev.Data...)
	case core.WorldSaid:
		out.Binary(ev.Data, []byte("\n"))
		s.asks = false
	case core.TimerFired:
		out.Binary([]byte("now\n"))
	case core.ClientTLS:
		out.Binary(ev.Data, []byte("\n"))
	case core.ClientEOF:
		out.Binary([]byte("no more?\n"))
	case core.ClientClosed:
		out.World([]byte("gone"))
	}
	for !s.asks {
		line, rest, whole := bytes.Cut(s.held, []byte("\n"))
		if !whole {
			break
		}
		s.held = rest
		switch word, question, _ := strings.Cut(string(line), " "); word {
		case "ask":
			s.asks = true
			out.World([]byte(question))
		case "later":
			out.Timer("later", time.Second)
		case "tls":
			out.Binary([]byte("go on\n"))
			out.StartTLS(core.Client, "", min(len(s.held), len(ev.Data)))
			out.Binary([]byte("from here on\n"))
			s.held = nil
			return nil
		case "bye":
			out.Binary([]byte("bye\n"))
			out.Close("the client said bye")
			return nil
		case "panic":
			panic("as told")
		case "fail":
			return errors.New("as told")
		default:
			out.Binary(line, []byte("\n"))
		}
	}
	return nil
}

func speak() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{Name: "speaker", Title: "Speaker", Input: core.InputLine, Events: []string{"client bytes", "world", "client tls"}},
		Open: func(_ core.Opening, out *core.Out) (core.Machine, error) {
			out.Binary([]byte("hello\n"))
			return &speaker{}, nil
		},
	}
}

// told is a world that answers with what it was asked, and keeps it.
type told struct{ asked []string }

func (w *told) Ask(question []byte) []byte {
	w.asked = append(w.asked, string(question))
	return append([]byte("ok "), question...)
}

// conversation has the speaker serve a client that does as it is told, in a bubble of
// time, and returns how it ended.
func conversation(t *testing.T, m *Machine, client func(net.Conn)) (ended error) {
	t.Helper()
	m.Discipline = speak()
	synctest.Test(t, func(t *testing.T) {
		near, far := net.Pipe()
		done := make(chan error)
		go func() { done <- m.Converse(t.Context(), far) }()
		client(near)
		near.Close()
		ended = <-done
	})
	return ended
}

func says(t *testing.T, conn net.Conn, say, want string) {
	t.Helper()
	if say != "" {
		if _, err := io.WriteString(conn, say); err != nil {
			t.Fatalf("saying %q: %v", say, err)
		}
	}
	expect(t, conn, want)
}

func TestMachine(t *testing.T) {
	w := &told{}
	err := conversation(t, &Machine{World: w}, func(conn net.Conn) {
		says(t, conn, "", "hello\n")
		says(t, conn, "one\ntwo\nthr", "one\ntwo\n")
		says(t, conn, "ee\nask a\nask b\nlast\n", "three\nok a\nok b\nlast\n") // in order, however much was said at once
		began := time.Now()
		says(t, conn, "later\n", "now\n")
		if took := time.Since(began); took != time.Second {
			t.Errorf("the timer fired after %v", took)
		}
		says(t, conn, "bye\n", "bye\n")
		expectEnd(t, conn)
	})
	if err != nil || strings.Join(w.asked, " ") != "a b" {
		t.Errorf("ended with %v; the world was asked %q", err, w.asked)
	}
}

// A machine hears that its client is gone, however it went, and can still tell the world.
func TestMachineHearsTheEnd(t *testing.T) {
	for name, leave := range map[string]func(net.Conn){
		"closed": func(conn net.Conn) { says(t, conn, "", "hello\n") },
		"silent": func(conn net.Conn) { says(t, conn, "", "hello\n"); expectEnd(t, conn) },
		"does not read": func(conn net.Conn) {
			says(t, conn, "", "hello\n")
			io.WriteString(conn, "a line\n")
			time.Sleep(2 * StallLimit)
		},
	} {
		t.Run(name, func(t *testing.T) {
			w := &told{}
			conversation(t, &Machine{World: w}, leave)
			if strings.Join(w.asked, " ") != "gone" {
				t.Errorf("the world was told %q", w.asked)
			}
		})
	}
}

// A machine that breaks ends its connection, and nothing else.
func TestMachineBreaks(t *testing.T) {
	for _, word := range []string{"panic", "fail"} {
		err := conversation(t, &Machine{}, func(conn net.Conn) {
			says(t, conn, "", "hello\n")
			says(t, conn, "before\n"+word+"\n", "")
			io.Copy(io.Discard, conn)
		})
		if err == nil || !strings.Contains(err.Error(), "as told") {
			t.Errorf("%s ended with %v", word, err)
		}
	}
}

func TestTheClockAndChance(t *testing.T) {
	conversation(t, &Machine{}, func(conn net.Conn) {
		says(t, conn, "", "hello\n")
		says(t, conn, "ask time\n", "ok 2000-01-01T00:00:00Z\n")
		says(t, conn, "ask random 1\n", "ok 0\n")
		says(t, conn, "ask random x\n", "no number\n")
		says(t, conn, "ask for mail\n", "no world\n")
	})
}

// In pieces, each is a read of its own; slowly, they come apart.
func TestManners(t *testing.T) {
	reads := func(m Manner) (all []string, took time.Duration) {
		conversation(t, &Machine{Manner: m}, func(conn net.Conn) {
			says(t, conn, "", "hello\n")
			io.WriteString(conn, "twenty-two bytes long.\n")
			began := time.Now()
			for len(strings.Join(all, "")) < 23 {
				b := make([]byte, 100)
				n, err := conn.Read(b)
				if err != nil {
					t.Fatal(err)
				}
				all = append(all, string(b[:n]))
			}
			took = time.Since(began)
		})
		return all, took
	}
	for _, c := range []struct {
		manner Manner
		reads  int
		took   time.Duration
	}{
		{Manner{}, 1, 0},
		{Manner{Fragment: true}, 23, 22 * apart},
		{Manner{Slow: true}, 2, slowPause},
		{Manner{Fragment: true, Slow: true}, 23, 22 * slowPause},
	} {
		if all, took := reads(c.manner); len(all) != c.reads || took != c.took {
			t.Errorf("%+v: %d reads in %v: %q", c.manner, len(all), took, all)
		}
	}
}

// The ways to end happen to the first answer, over a real connection.
func TestClosings(t *testing.T) {
	for closing, want := range map[Closing]string{Cut: "one a", HalfClose: "one answer\n", Reset: "one answer\n"} {
		t.Run(string(closing), func(t *testing.T) {
			m := &Machine{Discipline: speak(), Manner: Manner{Closing: closing}}
			l, err := net.Listen("tcp4", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			ctx, stop := context.WithCancel(t.Context())
			served := make(chan error)
			go func() { served <- Serve(ctx, l, nil, m.Converse) }()
			conn, err := net.Dial("tcp4", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			says(t, conn, "", "hello\n")
			io.WriteString(conn, "one answer\n")
			got, err := io.ReadAll(conn)
			if string(got) != want || errors.Is(err, syscall.ECONNRESET) != (closing == Reset) {
				t.Errorf("got %q, %v; want %q", got, err, want)
			}
			if closing == HalfClose { // it reads on
				if _, err := io.WriteString(conn, "more\n"); err != nil {
					t.Error(err)
				}
			}
			stop()
			if err := <-served; err != nil {
				t.Error(err)
			}
		})
	}
	if _, err := ParseClosing("abruptly"); err == nil {
		t.Error("abruptly is a way to close")
	}
}
