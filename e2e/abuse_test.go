//go:build linux

package e2e

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// By how much one kind of abuse may make the workbench grow. What waits for a client that
// does not read is bounded for each session: core/session.GateAt, and what it is read and
// recorded with.
const (
	maxAbuse  = 64 << 20
	maxUnread = 1 << 20 // of a session
)

// Whatever clients do to it, the workbench stays small, and other sessions get their
// answers. One abuse after the other, while ten sessions talk.
func TestAbuse(t *testing.T) {
	w := start(t, "--pprof", "--transcripts", t.TempDir())
	large := w.recordMuch(t, in(8, 32)*mebi)
	b := w.beat(t, 10, "")
	t.Logf("%-24s %s", "before:", b.counts(500))
	for _, abuse := range []struct {
		name string
		most int // bytes
		does func(t *testing.T, w *workbench, large string)
	}{
		{"slow heads", maxAbuse, slowHeads},
		{"answers nobody reads", maxAbuse, unreadAnswers},
		{"frames of 1 GiB", maxAbuse, hugeFrames},
		{"connects", maxAbuse, manyConnects},
		{"wrong tokens", maxAbuse, wrongTokens},
		{"sessions nobody reads", in(100, 500) * maxUnread, unreadSessions}, // the last, as the memory that it took would hide others'
	} {
		t.Run(abuse.name, func(t *testing.T) {
			grown := w.growing(t, abuse.most)
			b.counts(0)
			abuse.does(t, w, large)
			trips := b.counts(500)
			t.Logf("%-24s %s; %s", abuse.name+":", trips, grown())
		})
	}
	b.end()
	eventually(t, "the end of the sessions that nobody reads", func() bool { return w.holds(t).sessions <= 10 })
}

// recordMuch records a session in which the server sends so many bytes, and returns the
// recording's ID.
func (w *workbench) recordMuch(t testing.TB, size int) string {
	t.Helper()
	block := bytes.Repeat([]byte("a line that is recorded, 32 byte\n"), 1024)
	s := serve(t, func(conn net.Conn) {
		for sent := 0; sent < size; sent += len(block) {
			if _, err := conn.Write(block); err != nil {
				return
			}
		}
	})
	c := w.join(t, "?mode=raw", s.address)
	for {
		c.ws.SetReadDeadline(time.Now().Add(patience))
		if _, _, err := c.ws.ReadMessage(); err != nil {
			break
		}
	}
	return w.recorded(t)
}

// slowHeads has 500 clients send a request's head byte by byte.
func slowHeads(t *testing.T, w *workbench, _ string) {
	head := fmt.Sprintf("GET / HTTP/1.1\r\nHost: %s\r\nX-Slow: ", w.address)
	var slow []net.Conn
	for i := range 500 {
		conn, err := fromFar(i).Dial("tcp4", w.address)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		conn.Write([]byte(head))
		slow = append(slow, conn)
	}
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for range in(10, 100) {
		<-tick.C
		for _, conn := range slow {
			conn.Write([]byte("x")) // in vain once the workbench has given up
		}
	}
}

// unreadAnswers has 500 clients ask for a long answer and read nothing of it.
func unreadAnswers(t *testing.T, w *workbench, large string) {
	for i := range 500 {
		w.askDeaf(t, fromFar(i), "", "/api/transcripts/"+large)
	}
}

// askDeaf asks and never reads. It holds the connection until the end of the test.
func (w *workbench) askDeaf(t testing.TB, from *net.Dialer, token, path string) {
	t.Helper()
	conn, err := from.Dial("tcp4", w.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { reset(conn) })
	conn.(*net.TCPConn).SetReadBuffer(4 << 10)
	auth := ""
	if token != "" {
		auth = "Authorization: Bearer " + token + "\r\n"
	}
	fmt.Fprintf(conn, "GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n", path, w.address, auth)
}

// unreadSessions has up to 500 sessions whose server sends as much as it can, and whose client
// reads nothing. The buffers of the test's own sockets are small: all TCP connections of
// a system share one bound (net.ipv4.tcp_mem), past which it resets them.
func unreadSessions(t *testing.T, w *workbench, _ string) {
	var stalled sync.WaitGroup
	flood := bytes.Repeat([]byte("flood\n"), 2000)
	s := serve(t, func(conn net.Conn) {
		conn.(*net.TCPConn).SetWriteBuffer(16 << 10)
		for err := error(nil); err == nil; {
			conn.SetWriteDeadline(time.Now().Add(stallTime))
			_, err = conn.Write(flood)
		}
		stalled.Done()
		hold(conn)
	})
	for range in(100, 500) {
		stalled.Add(1)
		ws := w.openAs(t, "", "?mode=raw&record=off") // what is recorded waits for the disk, with a bound of its own
		t.Cleanup(func() { reset(ws.NetConn()) })
		ws.NetConn().(*net.TCPConn).SetReadBuffer(64 << 10)
		if err := ws.WriteMessage(websocket.TextMessage, []byte(s.address)); err != nil {
			t.Fatal(err)
		}
	}
	stalled.Wait()
}

// hugeFrames announces a frame of 1 GiB, as the first message and in a session. What is
// too big is refused by what its head says.
func hugeFrames(t *testing.T, w *workbench, _ string) {
	head := binary.BigEndian.AppendUint64([]byte{0x82, 0xff}, 1<<30) // RFC 6455, section 5.2
	head = append(head, 1, 2, 3, 4)                                  // the mask
	for range 50 {
		early := w.open(t, "")
		early.ws.NetConn().Write(append(head, make([]byte, 4<<10)...))
		early.refused("longer than 1024 bytes")
		c := w.join(t, "", w.echo)
		c.ws.NetConn().Write(append(head, make([]byte, 4<<10)...))
		c.closes(websocket.CloseMessageTooBig, "")
	}
}

// manyConnects connects 10,000 times a second, if this machine can, from everywhere. A
// thousand connections are open at a time.
func manyConnects(t *testing.T, w *workbench, _ string) {
	const rate = 10_000
	length := in(2*time.Second, 10*time.Second)
	open := make(chan net.Conn, 1000)
	began := time.Now()
	var made atomic.Int64
	var connecting sync.WaitGroup
	for range 4 {
		connecting.Go(func() {
			for time.Since(began) < length {
				n := made.Add(1)
				if early := time.Duration(n)*time.Second/rate - time.Since(began); early > 0 {
					time.Sleep(early)
				}
				conn, err := fromFar(int(n)*257).Dial("tcp4", w.address)
				if err != nil {
					t.Errorf("connect %d: %v", n, err)
					return
				}
				for kept := false; !kept; {
					select {
					case open <- conn:
						kept = true
					default:
						select {
						case oldest := <-open:
							reset(oldest)
						default: // another connect took its place
						}
					}
				}
			}
		})
	}
	connecting.Wait()
	t.Logf("%.0f connects a second", float64(made.Load())/time.Since(began).Seconds())
	close(open)
	for conn := range open {
		t.Cleanup(func() { conn.Close() })
	}
}

// wrongTokens tries 10,000 tokens.
func wrongTokens(t *testing.T, w *workbench, _ string) {
	var tried atomic.Int64
	var trying sync.WaitGroup
	for range 128 { // of whom 64 are slowed
		trying.Go(func() {
			for n := tried.Add(1); n <= in[int64](1000, 10_000); n = tried.Add(1) {
				if answer := w.tryToken(t, int(n), fmt.Sprintf("%064d", n)); !strings.HasPrefix(answer, "HTTP/1.1 401 ") {
					t.Errorf("try %d was answered %q", n, answer)
					return
				}
			}
		})
	}
	trying.Wait()
}

// tryToken asks with a token, and returns the whole answer.
func (w *workbench) tryToken(t testing.TB, from int, token string) string {
	conn, err := fromFar(from).Dial("tcp4", w.address)
	if err != nil {
		t.Error(err)
		return ""
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(patience))
	fmt.Fprintf(conn, "GET /api/modes HTTP/1.1\r\nHost: %s\r\nAuthorization: Bearer %s\r\nConnection: close\r\n\r\n", w.address, token)
	answer, err := io.ReadAll(conn)
	if err != nil {
		t.Errorf("%q, %v", answer, err)
	}
	return string(answer)
}
