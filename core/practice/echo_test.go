package practice

import (
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"net"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// start serves on a real loopback listener until the test ends.
func start(t *testing.T) (addr string, stop func()) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- new(Echo).Serve(ctx, l) }()
	stopped := false
	stop = func() {
		if stopped {
			return
		}
		stopped = true
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	}
	t.Cleanup(stop)
	return l.Addr().String(), stop
}

func dial(t *testing.T, addr string) *net.TCPConn {
	t.Helper()
	c, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(30 * time.Second)) // a failing test says where
	return c.(*net.TCPConn)
}

func send(t *testing.T, c net.Conn, s string) {
	t.Helper()
	if _, err := io.WriteString(c, s); err != nil {
		t.Fatalf("sending %q: %v", s, err)
	}
}

func expect(t *testing.T, c net.Conn, want string) {
	t.Helper()
	got := make([]byte, len(want))
	n, err := io.ReadFull(c, got)
	if string(got[:n]) != want || err != nil {
		t.Fatalf("received %q, %v; want %q", got[:n], err, want)
	}
}

func expectEnd(t *testing.T, c net.Conn) {
	t.Helper()
	if rest, err := io.ReadAll(c); len(rest) > 0 || err != nil {
		t.Fatalf("received %q, %v; want a clean end of stream", rest, err)
	}
}

func TestLinesAreEchoedUntilQuit(t *testing.T) {
	addr, _ := start(t)
	c := dial(t, addr)
	for _, line := range []string{"hello\r\n", "a\n", "\n", "quack\n", "no line end"} {
		send(t, c, line)
		expect(t, c, line)
	}
	send(t, c, "quit\r\n")
	expectEnd(t, c)
}

// The original echo server failed for messages of fewer than four bytes.
func TestShortMessages(t *testing.T) {
	addr, _ := start(t)
	c := dial(t, addr)
	for _, s := range []string{"a", "q", "qu", "qui", "it"} {
		send(t, c, s)
		expect(t, c, s)
	}
}

func TestHalfCloseGetsTheRest(t *testing.T) {
	addr, _ := start(t)
	c := dial(t, addr)
	send(t, c, "one\ntwo\nqui") // the end of stream decides about the last bytes
	c.CloseWrite()
	expect(t, c, "one\ntwo\nqui")
	expectEnd(t, c)
}

// If the connection were closed with unread bytes, the client would see a reset
// instead of what was echoed last.
func TestNoResetAfterQuit(t *testing.T) {
	addr, _ := start(t)
	c := dial(t, addr)
	more := strings.Repeat("x", 1<<20)
	send(t, c, "last words\nquit\n"+more)
	send(t, c, more)
	c.CloseWrite()
	expect(t, c, "last words\n")
	expectEnd(t, c)
}

// Back-pressure slows down a client that does not read, and it loses nothing.
func TestBulkToASlowReader(t *testing.T) {
	const total = 64 << 20
	addr, _ := start(t)
	c := dial(t, addr)
	chunk := make([]byte, 64<<10)
	for i := range chunk {
		chunk[i] = byte(i*7 + i>>8)
	}
	copy(chunk, "\nquip") // close to the word, over and over
	sum := sha256.New()
	sent := 0
	for sent < total { // until the network is full
		c.SetWriteDeadline(time.Now().Add(200 * time.Millisecond))
		n, err := c.Write(chunk)
		sum.Write(chunk[:n])
		sent += n
		if errors.Is(err, os.ErrDeadlineExceeded) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if sent == total {
		t.Fatal("the server accepted 64 MiB while nothing was read")
	}
	c.SetWriteDeadline(time.Time{})
	written := make(chan error, 1)
	go func() {
		for sent < total {
			n, err := c.Write(chunk[:min(len(chunk), total-sent)])
			sum.Write(chunk[:n])
			if sent += n; err != nil {
				written <- err
				return
			}
		}
		written <- c.CloseWrite()
	}()
	echoed := sha256.New()
	n, err := io.Copy(echoed, struct{ io.Reader }{c})
	if err != nil || n != total {
		t.Fatalf("received %d bytes, %v", n, err)
	}
	if err := <-written; err != nil {
		t.Fatal(err)
	}
	if string(sum.Sum(nil)) != string(echoed.Sum(nil)) {
		t.Fatal("what came back differs from what was sent")
	}
}

func TestStopClosesConnections(t *testing.T) {
	addr, stop := start(t)
	idle, held := dial(t, addr), dial(t, addr)
	send(t, idle, "hello\n")
	expect(t, idle, "hello\n")
	send(t, held, "one\nqu")
	expect(t, held, "one\n")
	stop() // returns when the goroutines are done
	for _, c := range []net.Conn{idle, held} {
		if _, err := io.ReadAll(c); errors.Is(err, os.ErrDeadlineExceeded) {
			t.Fatal("the connection is still open")
		}
	}
	if c, err := net.Dial("tcp", addr); err == nil {
		c.Close()
		t.Fatal("the listener is still open")
	}
}

// pipe is one end of a half-closable connection in memory: the fin channel is closed
// instead of the connection.
type pipe struct {
	net.Conn
	fin chan struct{}
}

func (p pipe) CloseWrite() error { close(p.fin); return nil }

// inBubble runs a conversation in fake time.
func inBubble(t *testing.T, f func(t *testing.T, client net.Conn, fin, closed chan struct{})) {
	synctest.Test(t, func(t *testing.T) {
		client, server := net.Pipe()
		defer client.Close()
		fin, closed := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(closed)
			defer server.Close()
			converse(pipe{server, fin})
		}()
		f(t, client, fin, closed)
	})
}

func TestHeldBytesLeaveAfterTheHoldTime(t *testing.T) {
	inBubble(t, func(t *testing.T, c net.Conn, _, _ chan struct{}) {
		start := time.Now()
		send(t, c, "q")
		time.Sleep(30 * time.Millisecond)
		send(t, c, "u") // the wait began with the first byte and is not restarted
		expect(t, c, "qu")
		if d := time.Since(start); d != HoldTime {
			t.Errorf("echoed after %v", d)
		}
		send(t, c, "it") // too late to be the word
		expect(t, c, "it")
	})
}

func TestEachBeginningHasItsOwnHoldTime(t *testing.T) {
	inBubble(t, func(t *testing.T, c net.Conn, _, _ chan struct{}) {
		send(t, c, "qu")
		time.Sleep(30 * time.Millisecond)
		start := time.Now()
		go io.WriteString(c, "q") // not the third letter: a new beginning
		expect(t, c, "qu")
		expect(t, c, "q")
		if d := time.Since(start); d != HoldTime {
			t.Errorf("echoed after %v", d)
		}
	})
}

func TestSlowlyTypedQuit(t *testing.T) {
	inBubble(t, func(t *testing.T, c net.Conn, fin, _ chan struct{}) {
		for _, letter := range word {
			send(t, c, string(letter))
			time.Sleep(12 * time.Millisecond)
		}
		<-fin
	})
}

func TestAfterQuitTheServerReadsOn(t *testing.T) {
	inBubble(t, func(t *testing.T, c net.Conn, fin, closed chan struct{}) {
		send(t, c, "quit")
		<-fin
		start := time.Now()
		for time.Since(start) < LingerTime-time.Millisecond {
			send(t, c, "more")
			time.Sleep(9 * time.Millisecond)
		}
		<-closed
		if d := time.Since(start); d != LingerTime {
			t.Errorf("closed after %v", d)
		}
	})
	inBubble(t, func(t *testing.T, c net.Conn, fin, closed chan struct{}) {
		start := time.Now()
		send(t, c, "quit")
		<-fin
		c.Close()
		<-closed // at once, when the client ends its stream
		if d := time.Since(start); d != 0 {
			t.Errorf("closed after %v", d)
		}
	})
}

// listener hands out what it is given.
type listener struct {
	accepts chan any // a net.Conn or an error
	closed  chan struct{}
	once    sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case a := <-l.accepts:
		if err, ok := a.(error); ok {
			return nil, err
		}
		return a.(net.Conn), nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Addr() net.Addr { return &net.TCPAddr{} }

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

type passing struct{ error }

func (passing) Temporary() bool { return true }

func TestAcceptErrors(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &listener{accepts: make(chan any), closed: make(chan struct{})}
		done := make(chan error)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { done <- new(Echo).Serve(ctx, l) }()

		begin := time.Now()
		for range 12 {
			l.accepts <- &net.OpError{Op: "accept", Err: passing{errors.New("too many open files")}}
		}
		client, server := net.Pipe()
		l.accepts <- server
		send(t, client, "still there")
		expect(t, client, "still there")
		if d := time.Since(begin); d < 3*time.Second || d > 12*time.Second {
			t.Errorf("12 errors took %v", d)
		}

		broken := errors.New("the listener broke")
		l.accepts <- broken
		if err := <-done; err != broken {
			t.Errorf("Serve returned %v", err)
		}
		expectEnd(t, client) // it took its connections with it
	})
}

func TestServeEndsWhileItWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &listener{accepts: make(chan any), closed: make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		done := make(chan error)
		go func() { done <- new(Echo).Serve(ctx, l) }()
		l.accepts <- passing{errors.New("no")} // Serve pauses now
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve returned %v", err)
		}
		<-l.closed
	})
}
