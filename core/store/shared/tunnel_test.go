package shared

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/nats-io/nats.go"
)

// pair returns both ends of a connection between two workbenches.
func pair(t *testing.T, b *broker) (dialled, accepted net.Conn) {
	t.Helper()
	one, two := openTenant(t, "one", b), openTenant(t, "two", b)
	l, err := two.Listen()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	eventually(t, "connected", func() bool { return one.nc.IsConnected() && two.nc.IsConnected() })
	two.nc.Flush()
	if dialled, err = one.Dial(t.Context(), "two"); err != nil {
		t.Fatal(err)
	}
	if accepted, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		dialled.Close()
		accepted.Close()
	})
	return dialled, accepted
}

// What one end writes the other reads, both ways at once, whoever is slow, up to the end.
func TestPeerConnCarriesAll(t *testing.T) {
	dialled, accepted := pair(t, newBroker(t, 1))
	if got := accepted.RemoteAddr().String() + " " + dialled.RemoteAddr().String(); got != "one two" {
		t.Errorf("the ends are of %s", got)
	}
	var both sync.WaitGroup
	sent := [2][]byte{make([]byte, 3*window+7), make([]byte, 2*window)}
	got := [2]bytes.Buffer{}
	for i, c := range []net.Conn{dialled, accepted} {
		random := rand.NewChaCha8([32]byte{byte(i)})
		random.Read(sent[i])
		both.Go(func() {
			for rest := sent[i]; len(rest) > 0; {
				n, err := c.Write(rest[:min(len(rest), 1+len(rest)/3)])
				if err != nil {
					t.Error(err)
					return
				}
				rest = rest[n:]
			}
		})
		both.Go(func() {
			if _, err := io.CopyN(&got[i], c, int64(len(sent[1-i]))); err != nil {
				t.Error(err)
			}
		})
	}
	both.Wait()
	for i := range got {
		if !bytes.Equal(got[i].Bytes(), sent[1-i]) {
			t.Errorf("end %d has received other bytes", i)
		}
	}
	go func() {
		dialled.Write([]byte("the last"))
		dialled.Close()
	}()
	if last, err := io.ReadAll(accepted); err != nil || string(last) != "the last" {
		t.Errorf("it ends with %q, %v", last, err)
	}
	if _, err := accepted.Write([]byte("x")); err == nil {
		t.Error("it writes to an end that is closed")
	}
}

// An end that reads nothing holds up the other one, and no more than so much is on the way.
func TestPeerConnHoldsBack(t *testing.T) {
	dialled, accepted := pair(t, newBroker(t, 1))
	written := 0
	dialled.SetWriteDeadline(time.Now().Add(500 * time.Millisecond))
	for {
		n, err := dialled.Write(make([]byte, maxPiece))
		written += n
		if err != nil {
			break
		}
	}
	if written > window {
		t.Errorf("%d bytes were taken of one end, and none by the other", written)
	}
	dialled.SetWriteDeadline(time.Time{})
	go dialled.Close()
	if got, err := io.Copy(io.Discard, accepted); err != nil || got != int64(written) {
		t.Errorf("of %d bytes %d came, %v", written, got, err)
	}
}

// When the broker goes, both ends are told, and nobody goes on with a stream that may have
// lost a piece.
func TestPeerConnEndsWithTheBroker(t *testing.T) {
	b := newBroker(t, 1)
	dialled, accepted := pair(t, b)
	b.kill(0)
	b.start(0)
	for _, c := range []net.Conn{dialled, accepted} {
		c.SetReadDeadline(time.Now().Add(time.Minute))
		if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
			t.Errorf("after the broker was away it reads on: %v", err)
		}
	}
}

// An end is gone once it was silent for some ticks in a row, and not because time has passed
// in which there were none.
func TestPeerConnIsGone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &Log{ctx: t.Context()}
		c := &peerConn{log: l, room: make(chan int, 1), over: make(chan struct{})}
		for range 3 {
			time.Sleep(time.Hour) // this process is stopped
			for n := range maxSilent {
				if c.isGone() {
					t.Fatalf("gone after %d ticks", n+1)
				}
			}
			c.hear(new(nats.Msg))
		}
		c.Conn, c.inner = net.Pipe()
		began := time.Now()
		c.live() // nobody says anything
		if took := time.Since(began); took != (maxSilent+1)*aliveEvery {
			t.Errorf("gone after %v", took)
		}
	})
}

// Nobody is reached who does not listen, and who knows something is found.
func TestPeersAreFound(t *testing.T) {
	b := newBroker(t, 1)
	one, two := openTenant(t, "one", b), openTenant(t, "two", b)
	eventually(t, "connected", func() bool { return one.nc.IsConnected() && two.nc.IsConnected() })
	if c, err := one.Dial(t.Context(), "two"); err == nil {
		c.Close()
		t.Error("a workbench that does not listen is connected to")
	}
	if got, err := one.Ask(t.Context(), "thing", []byte("x")); got != nil || err != nil {
		t.Errorf("%q knows of it, %v", got, err)
	}
	ctx, stop := context.WithCancel(t.Context())
	var answers sync.WaitGroup
	for _, l := range []*Log{one, two} {
		answers.Go(func() {
			l.Answer(ctx, "thing", func(text []byte) []byte {
				if string(text) != l.c.Gateway && string(text) != "all" {
					return nil
				}
				return []byte("of " + l.c.Gateway)
			})
		})
	}
	heard := make(chan string, 10)
	answers.Go(func() { two.Hear(ctx, "word", func(from string, text []byte) { heard <- from + " " + string(text) }) })
	eventually(t, "found", func() bool {
		got, err := one.Ask(t.Context(), "thing", []byte("two"))
		return err == nil && string(got) == "of two"
	})
	if got, err := one.Ask(t.Context(), "thing", []byte("one")); got != nil || err != nil {
		t.Errorf("it finds %q, %v, and has it", got, err)
	}
	eventually(t, "all that run answer", func() bool {
		got := one.AskAll(t.Context(), "thing", []byte("all"))
		return len(got) == 1 && string(got[0]) == "of two"
	})
	if got := one.AskAll(t.Context(), "other", nil); len(got) != 0 {
		t.Errorf("nobody answers with %q", got)
	}
	eventually(t, "heard", func() bool {
		one.Tell("word", []byte("hello"))
		two.Tell("word", []byte("of itself"))
		select {
		case got := <-heard:
			return got == "one hello"
		default:
			return false
		}
	})
	b.kill(0)
	eventually(t, "away", func() bool {
		_, err := one.Ask(t.Context(), "thing", []byte("two"))
		return err != nil
	})
	stop()
	answers.Wait()
	for len(heard) > 0 {
		if got := <-heard; got != "one hello" {
			t.Errorf("it heard %q", got)
		}
	}
}
