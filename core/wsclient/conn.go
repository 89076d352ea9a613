package wsclient

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/target"
)

// keep is how much of the buffer for messages an idle connection keeps.
const keep = 16 << 10

// Conn is an open WebSocket. Receive and Read are for one goroutine, Write and CloseWrite
// for one at a time.
type Conn struct {
	net.Conn // below, for its addresses and deadlines
	below    *target.Conn
	ws       *websocket.Conn
	how      target.Handshake

	message bytes.Buffer // that Receive has returned
	unread  []byte       // of message, for Read

	mu      sync.Mutex
	ping    string // to answer
	ponging bool   // a goroutine answers
	closed  bool   // CloseWrite was called
	pongs   sync.WaitGroup
}

func newConn(ws *websocket.Conn, below *target.Conn, t target.Target) *Conn {
	c := &Conn{Conn: below, below: below, ws: ws, how: t.Handshake}
	ws.SetReadLimit(core.MaxEventPayload)
	ws.SetPingHandler(c.pinged)
	return c
}

// Receive returns the next message whole, at most core.MaxEventPayload bytes; it is valid
// until the next call. Once the server has closed the WebSocket, the error is a [*Closed];
// it wraps io.EOF unless the server gave a reason that is a failure.
func (c *Conn) Receive() ([]byte, error) {
	if c.message.Cap() > keep {
		c.message = bytes.Buffer{}
	}
	c.message.Reset()
	_, r, err := c.ws.NextReader()
	if err == nil {
		_, err = c.message.ReadFrom(r)
	}
	if err != nil {
		return nil, c.explain(err)
	}
	return c.message.Bytes(), nil
}

// Read reads messages one after the other, as a stream.
func (c *Conn) Read(b []byte) (n int, err error) {
	for len(c.unread) == 0 {
		if c.unread, err = c.Receive(); err != nil {
			return 0, err
		}
	}
	n = copy(b, c.unread)
	c.unread = c.unread[n:]
	return n, nil
}

// Write sends all of p as one message.
func (c *Conn) Write(p []byte) (int, error) {
	kind := websocket.BinaryMessage
	if how := c.how.Send(); how == target.SendText || how == target.SendAuto && utf8.Valid(p) {
		kind = websocket.TextMessage
	}
	err := c.ws.WriteMessage(kind, p)
	switch {
	case errors.Is(err, websocket.ErrCloseSent):
		return 0, errors.New("the WebSocket is closed")
	case err != nil:
		return 0, err
	}
	return len(p), nil
}

// CloseWrite closes the WebSocket with the code 1000. What the server still sends can be
// received, up to its own close.
func (c *Conn) CloseWrite() error {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	err := c.ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), time.Time{})
	if errors.Is(err, websocket.ErrCloseSent) { // the server's was answered
		return nil
	}
	return err
}

// Close ends the connection at once.
func (c *Conn) Close() error {
	err := c.below.Close()
	c.pongs.Wait()
	return err
}

// pinged answers a ping beside the reader, which must not wait for a server that reads
// nothing. Of several pings the newest is answered (RFC 6455, 5.5.3).
func (c *Conn) pinged(data string) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ping = data
	if !c.ponging {
		c.ponging = true
		c.pongs.Go(c.pong)
	}
	return nil
}

func (c *Conn) pong() {
	for {
		c.mu.Lock()
		data := c.ping
		c.mu.Unlock()
		err := c.ws.WriteControl(websocket.PongMessage, []byte(data), time.Time{})
		c.mu.Lock()
		if c.ponging = err == nil && c.ping != data; !c.ponging {
			c.mu.Unlock()
			return
		}
		c.mu.Unlock()
	}
}

// Closed says how the server closed the WebSocket.
type Closed struct {
	Code   int    // of the close frame (RFC 6455, 7.4); 1005: it had none
	Reason string // as the server gave it
}

// Error returns it in words on one line.
func (e *Closed) Error() string {
	words := "the server closed the WebSocket"
	if e.Code != websocket.CloseNoStatusReceived {
		words += fmt.Sprintf(" with %d", e.Code)
		if means := meanings[e.Code]; means != "" {
			words += " (" + means + ")"
		}
	}
	if e.Reason != "" {
		words += ": " + core.Printable(e.Reason)
	}
	return core.Words(words)
}

// Farewell is what there is to say of an end that is not a failure.
func (e *Closed) Farewell() string { return e.Error() }

// Unwrap returns io.EOF unless the code says that something failed. What an application's
// own codes mean, from 3000 on, only it knows.
func (e *Closed) Unwrap() error {
	switch {
	case e.Code == websocket.CloseNormalClosure, e.Code == websocket.CloseGoingAway, e.Code == websocket.CloseNoStatusReceived, e.Code >= 3000:
		return io.EOF
	}
	return nil
}

// meanings are those of the codes of close frames (RFC 6455, 7.4.1, and IANA's registry).
var meanings = map[int]string{
	1000: "normal closure", 1001: "going away", 1002: "protocol error", 1003: "unsupported data",
	1007: "invalid payload data", 1008: "policy violation", 1009: "message too big", 1010: "extension wanted",
	1011: "internal error", 1012: "service restart", 1013: "try again later", 1014: "bad gateway",
}

// explain says in the user's words why there is no further message. What the connection
// itself says is returned as it is.
func (c *Conn) explain(err error) error {
	var closed *websocket.CloseError
	switch {
	case errors.As(err, &closed) && closed.Code != websocket.CloseAbnormalClosure:
		return &Closed{closed.Code, closed.Text}
	case errors.As(err, &closed), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		c.mu.Lock()
		defer c.mu.Unlock()
		if c.closed {
			return io.EOF
		}
		return errors.New("the server ended the connection without closing the WebSocket")
	case errors.Is(err, websocket.ErrReadLimit):
		return fmt.Errorf("the server sent a message of more than %d MiB, which is the most that one event holds", core.MaxEventPayload>>20)
	case strings.HasPrefix(err.Error(), "websocket: "):
		return errors.New("the server broke the rules of WebSocket: " + core.Printable(strings.TrimPrefix(err.Error(), "websocket: ")))
	}
	return err
}
