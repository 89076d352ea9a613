//go:build linux

package e2e

import (
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// client is a WebSocket client of the workbench. Each of its methods fails the test if
// the workbench does something else.
type client struct {
	t  testing.TB
	ws *websocket.Conn
}

// dialer uses no proxy and accepts any certificate and message.
var dialer = &websocket.Dialer{HandshakeTimeout: patience}

// open opens a WebSocket, as the tutorial's page does if the query is empty.
func (w *workbench) open(t testing.TB, query string, protocols ...string) *client {
	t.Helper()
	header := http.Header{}
	if len(protocols) > 0 {
		header.Set("Sec-WebSocket-Protocol", strings.Join(protocols, ", "))
	}
	ws, _, err := dialer.Dial("ws://"+w.address+"/websocket/ws"+query, header)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.Close() })
	return &client{t, ws}
}

// join opens a session with the target.
func (w *workbench) join(t testing.TB, query, target string, protocols ...string) *client {
	t.Helper()
	c := w.open(t, query, protocols...)
	c.say(target)
	c.hears("SUCC")
	return c
}

// say sends text messages.
func (c *client) say(messages ...string) {
	c.t.Helper()
	for _, m := range messages {
		c.send(websocket.TextMessage, []byte(m))
	}
}

func (c *client) send(kind int, data []byte) {
	c.t.Helper()
	c.ws.SetWriteDeadline(time.Now().Add(patience))
	if err := c.ws.WriteMessage(kind, data); err != nil {
		c.t.Fatalf("sending: %v", err)
	}
}

// next returns the next message.
func (c *client) next() (kind int, data []byte) {
	c.t.Helper()
	c.ws.SetReadDeadline(time.Now().Add(patience))
	kind, data, err := c.ws.ReadMessage()
	if err != nil {
		c.t.Fatalf("expected a message: %v", err)
	}
	return kind, data
}

// hears expects these text messages.
func (c *client) hears(messages ...string) {
	c.t.Helper()
	for _, want := range messages {
		kind, got := c.next()
		if kind != websocket.TextMessage || string(got) != want {
			c.t.Fatalf("got %q (kind %d), want the text %q", got, kind, want)
		}
	}
}

// hearsBytes expects binary messages which, joined, are these bytes.
func (c *client) hearsBytes(want string) {
	c.t.Helper()
	for len(want) > 0 {
		kind, got := c.next()
		rest, ok := strings.CutPrefix(want, string(got))
		if kind != websocket.BinaryMessage || !ok {
			c.t.Fatalf("got %q (kind %d), want the bytes %q", got, kind, want)
		}
		want = rest
	}
}

// linesToEnd returns the text messages until the workbench closes, and the close.
func (c *client) linesToEnd() ([]string, *websocket.CloseError) {
	c.t.Helper()
	var lines []string
	for {
		c.ws.SetReadDeadline(time.Now().Add(patience))
		_, data, err := c.ws.ReadMessage()
		if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
			return lines, closed
		}
		if err != nil {
			c.t.Fatalf("expected a message or a close: %v", err)
		}
		lines = append(lines, string(data))
	}
}

// closes expects the close, with words in its reason and no message before it.
func (c *client) closes(code int, words string) {
	c.t.Helper()
	lines, closed := c.linesToEnd()
	if len(lines) > 0 {
		c.t.Fatalf("got %q before the close", lines)
	}
	c.checkClose(closed, code, words)
}

func (c *client) checkClose(closed *websocket.CloseError, code int, words string) {
	c.t.Helper()
	if closed.Code != code || !strings.Contains(closed.Text, words) {
		c.t.Fatalf("closed with %d %q, want %d and %q", closed.Code, closed.Text, code, words)
	}
}

// refused expects FAIL: with these words, then close 1000.
func (c *client) refused(words ...string) {
	c.t.Helper()
	kind, got := c.next()
	reason, isFail := strings.CutPrefix(string(got), "FAIL:")
	if kind != websocket.TextMessage || !isFail {
		c.t.Fatalf("got %q (kind %d), want FAIL:", got, kind)
	}
	for _, w := range words {
		if !strings.Contains(reason, w) {
			c.t.Errorf("the reason is %q, want %q in it", reason, w)
		}
	}
	c.closes(websocket.CloseNormalClosure, "")
}

// entries returns the next frame of workbench.v1, which holds one entry or
// more.
func (c *client) entries() []map[string]any {
	c.t.Helper()
	kind, data := c.next()
	var list []map[string]any
	if err := json.Unmarshal(data, &list); kind != websocket.TextMessage || err != nil || len(list) == 0 {
		c.t.Fatalf("got %q (kind %d), want a JSON array of entries: %v", data, kind, err)
	}
	return list
}

// vanish breaks the connection with a reset.
func (c *client) vanish() { reset(c.ws.NetConn()) }
