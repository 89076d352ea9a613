//go:build linux

package e2e

import (
	"context"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// fault is what a network does to one direction of a connection.
type fault struct {
	delay time.Duration // of all that is sent, and of its end
	rate  int           // bytes a second; 0: any
	cut   int           // after so many bytes; 0: never
	by    func(from, to net.Conn)
}

// What happens at a cut. Whoever is cut off by silence learns nothing, and what it sends
// goes nowhere.
func byReset(from, to net.Conn) { reset(to); reset(from) }
func byEnd(from, to net.Conn)   { to.Close(); from.Close() }
func bySilence(from, _ net.Conn) {
	io.Copy(io.Discard, from)
}

// pass copies from one connection to the other, with the fault.
func (f fault) pass(from, to net.Conn) {
	buf := make([]byte, 4<<10)
	for passed := 0; ; {
		n, err := from.Read(buf)
		time.Sleep(f.delay)
		if f.rate > 0 {
			time.Sleep(time.Duration(n) * time.Second / time.Duration(f.rate))
		}
		if f.cut > 0 && passed+n >= f.cut {
			to.Write(buf[:f.cut-passed])
			f.by(from, to)
			return
		}
		passed += n
		to.Write(buf[:n])
		if err != nil {
			to.(*net.TCPConn).CloseWrite()
			return
		}
	}
}

// faulty returns an address from where connections go to another one through a network
// with faults, there and back.
func faulty(t testing.TB, address string, there, back fault) string {
	t.Helper()
	return serve(t, func(near net.Conn) {
		far, err := net.Dial("tcp", address)
		if err != nil {
			t.Error(err)
			return
		}
		defer far.Close()
		var passing sync.WaitGroup
		passing.Go(func() { back.pass(far, near) })
		there.pass(near, far)
		passing.Wait()
	}).address
}

// openVia opens a WebSocket through another address.
func (w *workbench) openVia(t testing.TB, address, query string) *client {
	t.Helper()
	via := &websocket.Dialer{HandshakeTimeout: patience, NetDialContext: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, address)
	}}
	ws, _, err := via.Dial("ws://"+w.address+"/websocket/ws"+query, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.Close() })
	return &client{t, ws}
}

const faultyLine = "0123456789 a line of forty bytes 01234567"

// Whatever the network to the server does, the client is told right, the recording has
// what came until then, and nothing is held.
func TestFaultsBeforeTheServer(t *testing.T) {
	t.Parallel()
	slow := fault{delay: 30 * time.Millisecond}
	for name, c := range map[string]struct {
		there, back fault
		lines       int    // that are sent, and come back unless there is a cut
		cut         string // what comes of a line that was cut
		code        int    // 0: the client closes
		words       string
	}{
		"latency":            {there: slow, back: slow, lines: 3},
		"bandwidth":          {there: fault{rate: 64 << 10}, back: fault{rate: 64 << 10}, lines: 1000},
		"reset":              {back: fault{cut: 2*(len(faultyLine)+2) + 10, by: byReset}, lines: 3, cut: faultyLine[:10], code: 1011, words: "connection reset by the server"},
		"cut":                {back: fault{cut: 2*(len(faultyLine)+2) + 10, by: byEnd}, lines: 3, cut: faultyLine[:10], code: 1000, words: "the server closed the connection"},
		"cut on the way":     {there: fault{cut: 2*(len(faultyLine)+2) + 10, by: byEnd}, lines: 3, code: 1000, words: "the server closed the connection"},
		"half-open":          {back: fault{cut: 2 * (len(faultyLine) + 2), by: bySilence}, lines: 2},
		"slow close, a quit": {back: fault{delay: 300 * time.Millisecond}, lines: 1, code: 1000, words: "the server closed the connection"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, "--pprof", "--transcripts", t.TempDir())
			before := w.holds(t)
			server := serve(t, echo).address
			if strings.Contains(name, "quit") {
				server = serve(t, func(conn net.Conn) { io.CopyN(conn, conn, int64(len(faultyLine)+2)) }).address
			}
			k := w.join(t, "", faulty(t, server, c.there, c.back))
			for range c.lines {
				k.say(faultyLine)
			}
			want := slices.Repeat([]string{faultyLine}, c.lines)
			switch {
			case c.there.cut > 0:
				want = nil // the server's connection ended, so there is no way back
			case c.back.cut > 0:
				want = want[:c.back.cut/(len(faultyLine)+2)]
			}
			if c.cut != "" {
				want = append(want, c.cut)
			}
			var heard []string
			ended := "the client closed"
			if c.code == 0 {
				for range want {
					_, line := k.next()
					heard = append(heard, string(line))
				}
				k.ws.Close()
			} else {
				var closed *websocket.CloseError
				heard, closed = k.linesToEnd()
				k.checkClose(closed, c.code, c.words)
				ended = closed.Text
			}
			if !slices.Equal(heard, want) && c.there.cut == 0 {
				t.Errorf("the client heard %q, want %q", heard, want)
			}
			text := w.recordedText(t)
			if got := strings.Count(text, "<< client text"); got != len(heard) || !strings.Contains(text, "-- ended: "+ended+"\n") {
				t.Errorf("the recording has %d of %d lines, or another end than %q:\n%s", got, len(heard), ended, text)
			}
			w.leftNothing(t, before, 0)
		})
	}
}

// recordedText returns the only recording, once its session is over.
func (w *workbench) recordedText(t testing.TB) string {
	t.Helper()
	_, text := w.ask(t, "", "GET", "/api/transcripts/"+w.recorded(t), nil)
	return text
}

// The same between the client and the workbench: the server gets each message that came
// whole, nothing of the one that was cut, and FIN.
func TestFaultsBehindTheClient(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		by    func(from, to net.Conn)
		ended string
	}{
		"reset in a frame": {by: byReset, ended: "the client "},
		"cut in a frame":   {by: byEnd, ended: "the client "},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := start(t, "--pprof", "--transcripts", t.TempDir())
			before := w.holds(t)
			heard := make(chan string, 1)
			server := serve(t, func(conn net.Conn) {
				all, err := io.ReadAll(conn)
				if err != nil {
					all = append(all, err.Error()...)
				}
				heard <- string(all)
			})
			k := w.openVia(t, faulty(t, w.address, fault{cut: 1 << 10, by: c.by}, fault{}), "")
			k.say(server.address)
			k.hears("SUCC")
			for range 30 {
				k.ws.WriteMessage(websocket.TextMessage, []byte(faultyLine))
			}
			got := receive(t, heard, "the end at the server")
			lines := strings.Count(got, faultyLine+"\r\n")
			if got != strings.Repeat(faultyLine+"\r\n", lines) || lines == 0 || lines == 30 {
				t.Errorf("the server heard %q, want some of the lines, each whole, and then FIN", got)
			}
			text := w.recordedText(t)
			if got := strings.Count(text, ">> client text"); got != lines || !strings.Contains(text, "-- ended: "+c.ended) {
				t.Errorf("the recording has %d of %d lines, or another end:\n%s", got, lines, text)
			}
			w.leftNothing(t, before, 0)
		})
	}
}
