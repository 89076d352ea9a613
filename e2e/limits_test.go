//go:build linux

package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

func TestTextMustBeUTF8(t *testing.T) {
	t.Parallel()
	c := shared.join(t, "", serve(t, hold).address)
	c.say("fine", "not \xff fine")
	c.closes(websocket.CloseInvalidFramePayloadData, "not UTF-8")
}

const mebi = 1 << 20

func TestMessageOfOneMebibyte(t *testing.T) {
	t.Parallel()
	for _, protocol := range []string{"", "workbench.v1"} {
		for kind, name := range map[int]string{websocket.TextMessage: "text", websocket.BinaryMessage: "binary"} {
			t.Run(name+protocol, func(t *testing.T) {
				heard := make(chan int, 1)
				s := serve(t, func(conn net.Conn) {
					n, _ := io.Copy(io.Discard, conn)
					heard <- int(n)
				})
				c := shared.join(t, "", s.address, strings.Fields(protocol)...)
				send := func(size int) {
					message := bytes.Repeat([]byte{1}, size)
					if kind == websocket.TextMessage && protocol != "" { // \u0001: six bytes for one
						message = []byte(`{"text":"` + strings.Repeat(`\u0001`, size) + `"}`)
					}
					c.send(kind, message)
				}
				send(mebi)
				send(mebi + 1)
				_, closed := c.linesToEnd()
				c.checkClose(closed, websocket.CloseMessageTooBig, "")
				if n := receive(t, heard, "FIN at the server"); n != mebi+len("\r\n") {
					t.Errorf("the server heard %d bytes, want %d and CR LF", n, mebi)
				}
			})
		}
	}
}

// What is sent while the server is being dialled waits, in order.
func TestEarlyMessagesAreKept(t *testing.T) {
	t.Parallel()
	early, reach, heard := shared.open(t, ""), make(chan struct{}), make(chan string, 1)
	slow := tlsServerAfter(t, reach, func(conn net.Conn) {
		text := make([]byte, len("one\r\ntwo\r\n\r\nthree\r\n"))
		io.ReadFull(conn, text)
		heard <- string(text)
		hold(conn)
	})
	early.say("tls://"+slow.address, "one", "two", "", "three")
	close(reach)
	early.hears("SUCC")
	if got := receive(t, heard, "the early messages"); got != "one\r\ntwo\r\n\r\nthree\r\n" {
		t.Errorf("the server heard %q", got)
	}
}

func TestClosingCancelsTheDial(t *testing.T) {
	t.Parallel()
	dialled, hungUp := make(chan struct{}), make(chan time.Time, 1)
	s := serve(t, func(conn net.Conn) {
		conn.Read(make([]byte, 1))
		close(dialled)
		hold(conn) // no TLS ever comes
		hungUp <- time.Now()
	})
	c := shared.open(t, "")
	c.say("tls://" + s.address)
	receive(t, dialled, "the dial")
	closed := time.Now()
	c.send(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
	if took := receive(t, hungUp, "the end of the dial").Sub(closed); took > 8*time.Second { // by itself it would take 10 s
		t.Errorf("the dial went on for %v", took)
	}
}

func TestServerResets(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"http-line", "raw", "echo-quit"} {
		t.Run(mode, func(t *testing.T) {
			s := serve(t, func(conn net.Conn) {
				conn.Read(make([]byte, 16))
				reset(conn)
			})
			c := shared.join(t, "?mode="+mode, s.address)
			c.say("hello")
			c.closes(websocket.CloseInternalServerErr, "reset by the server")
		})
	}
}

// A client that breaks off leaves nothing behind; the server receives what was sent and
// then FIN.
func TestClientVanishes(t *testing.T) {
	t.Parallel()
	w := start(t)
	heard := make(chan string, 1)
	s := serve(t, func(conn net.Conn) {
		all, err := io.ReadAll(conn)
		heard <- fmt.Sprintf("%q %v", all, err)
	})
	c := w.join(t, "", s.address, "workbench.v1")
	c.say(`{"text":"hello"}`)
	for last := ""; last != "hello\r\n"; {
		for _, e := range c.entries() {
			last, _ = e["text"].(string)
		}
	}
	c.vanish()
	if got, want := receive(t, heard, "the end at the server"), fmt.Sprintf("%q <nil>", "hello\r\n"); got != want {
		t.Errorf("the server heard %s, want %s", got, want)
	}
	eventually(t, "the session's end", func() bool { return w.mode(t, "http-line").Sessions == 0 })
}

// 64 MiB there and back, reading while sending. A peer that reads only as fast as it
// writes would hide deadlocks.
func TestBulkThroughAnEchoServer(t *testing.T) {
	t.Parallel()
	size := in(16, 64) * mebi // more than all buffers on the way hold
	for mode, kind := range map[string]int{"raw": websocket.BinaryMessage, "http-line": websocket.TextMessage} {
		t.Run(mode, func(t *testing.T) {
			s := serve(t, echo)
			c := shared.join(t, "?mode="+mode, s.address)
			sent := make(chan string, 1)
			go func() {
				sum, random := sha256.New(), rand.NewChaCha8([32]byte{})
				for range size / bulkMessage {
					message := bulk(random, kind)
					mark(sum, message, kind)
					c.ws.SetWriteDeadline(time.Now().Add(patience))
					if c.ws.WriteMessage(kind, message) != nil {
						break
					}
				}
				sent <- hex.EncodeToString(sum.Sum(nil))
			}()
			sum, left := sha256.New(), size
			for left > 0 {
				_, message := c.next()
				mark(sum, message, kind)
				left -= len(message)
			}
			if got, want := hex.EncodeToString(sum.Sum(nil)), receive(t, sent, "the end of sending"); got != want || left < 0 {
				t.Errorf("what came back is not what was sent (%d bytes too many)", -left)
			}
		})
	}
}

const bulkMessage = 16 << 10

// bulk is random bytes, or a line of random text.
func bulk(random io.Reader, kind int) []byte {
	message := make([]byte, bulkMessage)
	if kind == websocket.BinaryMessage {
		random.Read(message)
		return message
	}
	half := make([]byte, bulkMessage/2)
	random.Read(half)
	hex.Encode(message, half)
	return message
}

// mark adds a message to the sum; if messages are lines, their ends count.
func mark(sum hash.Hash, message []byte, kind int) {
	sum.Write(message)
	if kind == websocket.TextMessage {
		sum.Write([]byte{'\n'})
	}
}

// maxGrowth is what one stuck session may cost in each process, with a wide margin.
const maxGrowth = 100 << 20

// Back-pressure from a client that never reads slows the server down; the workbench does
// not collect what it cannot deliver, and other sessions do not notice.
func TestFloodForADeafClient(t *testing.T) {
	t.Parallel()
	for query, protocol := range map[string]string{"?mode=raw": "", "?mode=http-line": "", "?mode=echo-quit": "", "?mode=raw&": "workbench.v1"} {
		t.Run(query+protocol, func(t *testing.T) {
			w := start(t)
			grown := w.growth(t)
			stalled := make(chan int, 1)
			s := serve(t, func(conn net.Conn) {
				stalled <- untilStalled(conn, bytes.Repeat([]byte("a line of the flood that is 32 bytes\r\n"), 2048))
				hold(conn)
			})
			c := w.join(t, strings.TrimSuffix(query, "&"), s.address, strings.Fields(protocol)...)
			t.Logf("the server was stopped after %d MiB", receive(t, stalled, "the server being slowed down")>>20)
			grown()
			w.answers(t)
			c.vanish()
			eventually(t, "the session's end", func() bool {
				return w.mode(t, "http-line").Sessions+w.mode(t, "raw").Sessions+w.mode(t, "echo-quit").Sessions == 0
			})
		})
	}
}

// The same in the other direction.
func TestFloodForADeafServer(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"raw", "http-line"} {
		t.Run(mode, func(t *testing.T) {
			w := start(t)
			grown := w.growth(t)
			release := make(chan struct{})
			s := serve(t, func(conn net.Conn) { <-release })
			defer close(release)
			c := w.join(t, "?mode="+mode, s.address)
			for message, err := bytes.Repeat([]byte("flood"), 200_000), error(nil); err == nil; {
				c.ws.SetWriteDeadline(time.Now().Add(stallTime))
				err = c.ws.WriteMessage(websocket.TextMessage, message)
			}
			grown()
			w.answers(t)
		})
	}
}

// A connection that accepts no byte for stallTime counts as stopped.
const stallTime = time.Second

// untilStalled writes until the connection accepts no more, and returns how much it
// wrote.
func untilStalled(conn net.Conn, block []byte) (total int) {
	for {
		conn.SetWriteDeadline(time.Now().Add(stallTime))
		n, err := conn.Write(block)
		total += n
		if err != nil && (n == 0 || !errors.Is(err, os.ErrDeadlineExceeded)) {
			return total
		}
	}
}

// growth returns a check that no process of the workbench ever had much more memory than
// it has now.
func (w *workbench) growth(t testing.TB) (check func()) {
	before := map[int]int{}
	for _, pid := range append(w.plugins, w.pid()) {
		before[pid] = memory(t, pid, "VmRSS")
	}
	return func() {
		t.Helper()
		for pid, held := range before {
			if grown := memory(t, pid, "VmHWM") - held; grown > maxGrowth {
				t.Errorf("process %d grew by %d MiB", pid, grown>>20)
			}
		}
	}
}

// answers checks that another session gets its answers.
func (w *workbench) answers(t testing.TB) {
	t.Helper()
	began := time.Now()
	c := w.join(t, "", w.echo)
	c.say("hello")
	c.hears("hello")
	if took := time.Since(began); took > 20*time.Second { // a busy machine needs some
		t.Errorf("another session waited %v for its answer", took)
	}
	c.say("quit")
	c.closes(websocket.CloseNormalClosure, "")
}
