package wsclient

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/target"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// serve runs a WebSocket server, and returns its address.
func serve(t *testing.T, upgrader websocket.Upgrader, session func(*websocket.Conn, *http.Request)) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer ws.Close()
		session(ws, r)
	}))
	t.Cleanup(server.Close)
	return server.Listener.Addr().String()
}

// dial reaches a WebSocket, with choices "NAME=VALUE".
func dial(t *testing.T, address string, choices ...string) (*Conn, error) {
	t.Helper()
	return dialWithin(t.Context(), t, address, Limit, choices...)
}

func dialWithin(ctx context.Context, t *testing.T, address string, limit time.Duration, choices ...string) (*Conn, error) {
	t.Helper()
	to, err := target.Parse("ws://" + address)
	for _, c := range choices {
		name, value, _ := strings.Cut(c, "=")
		err = errors.Join(err, to.Handshake.Choose(target.Choice{Name: name, Value: value}))
	}
	if err != nil {
		t.Fatal(err)
	}
	below, err := new(target.Dialer).Dial(t.Context(), to, target.Security{})
	if err != nil {
		t.Fatal(err)
	}
	c, err := open(ctx, below, to, limit)
	if err == nil {
		t.Cleanup(func() { c.Close() })
	}
	return c, err
}

func mustDial(t *testing.T, address string, choices ...string) *Conn {
	t.Helper()
	c, err := dial(t, address, choices...)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestMessagesStayWhole(t *testing.T) {
	big := bytes.Repeat([]byte("0123456789abcdef"), core.MaxEventPayload/16)
	messages := [][]byte{[]byte("one"), {}, {0, 0xff}, []byte("two"), big, []byte("three")}
	address := serve(t, websocket.Upgrader{WriteBufferSize: 100}, func(ws *websocket.Conn, _ *http.Request) {
		for _, m := range messages {
			w, _ := ws.NextWriter(websocket.BinaryMessage) // in frames of 100 bytes
			w.Write(m)
			w.Close()
		}
		ws.ReadMessage()
	})
	c := mustDial(t, address)
	for i, want := range messages {
		got, err := c.Receive()
		if err != nil || !bytes.Equal(got, want) {
			t.Fatalf("message %d: %d bytes, %v; want %d bytes", i, len(got), err, len(want))
		}
	}
}

// Each write is one message, of the kind that was chosen.
func TestWrites(t *testing.T) {
	type message struct {
		kind int
		data string
	}
	const text, binary = websocket.TextMessage, websocket.BinaryMessage
	long := strings.Repeat("x", core.MaxActionPayload)
	for send, want := range map[string][]message{
		"auto":   {{text, "grüezi"}, {binary, "\xff\x00"}, {text, ""}, {text, long}},
		"text":   {{text, "grüezi"}, {text, "\xff\x00"}, {text, ""}, {text, long}},
		"binary": {{binary, "grüezi"}, {binary, "\xff\x00"}, {binary, ""}, {binary, long}},
	} {
		got := make(chan []message, 1)
		address := serve(t, websocket.Upgrader{}, func(ws *websocket.Conn, _ *http.Request) {
			var all []message
			for range want {
				kind, data, err := ws.ReadMessage()
				if err != nil {
					t.Error(err)
				}
				all = append(all, message{kind, string(data)})
			}
			got <- all
		})
		c := mustDial(t, address, "send="+send)
		for _, m := range want {
			if n, err := c.Write([]byte(m.data)); err != nil || n != len(m.data) {
				t.Error(n, err)
			}
		}
		if all := <-got; !slices.Equal(all, want) {
			t.Errorf("%s: %d messages, not as they should be", send, len(all))
		}
	}
}

func TestReadsAsAStream(t *testing.T) {
	address := serve(t, websocket.Upgrader{}, func(ws *websocket.Conn, _ *http.Request) {
		for _, m := range []string{"one", "", "two"} {
			ws.WriteMessage(websocket.TextMessage, []byte(m))
		}
		ws.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(1000, ""), time.Time{})
		ws.ReadMessage()
	})
	got := make([]byte, 6)
	c := mustDial(t, address)
	if _, err := io.ReadFull(c, got); err != nil || string(got) != "onetwo" {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := c.Read(got); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}

func TestHandshakeSaysWhatWasChosen(t *testing.T) {
	asked := make(chan http.Header, 1)
	address := serve(t, websocket.Upgrader{Subprotocols: []string{"b"}, CheckOrigin: func(*http.Request) bool { return true }, EnableCompression: true},
		func(ws *websocket.Conn, r *http.Request) {
			h := r.Header.Clone()
			h.Set("Asked", r.Host+" "+r.RequestURI)
			asked <- h
		})
	c := mustDial(t, address+"/a/%2f?q=1", "subprotocol=a,b", "header=Authorization: Bearer s3cret", "header=Origin: http://x", "header=X-A: 1", "header=X-A: 2")
	h := <-asked
	for name, want := range map[string][]string{
		"Asked": {address + " /a/%2f?q=1"}, "Authorization": {"Bearer s3cret"}, "Origin": {"http://x"}, "X-A": {"1", "2"},
		"Sec-Websocket-Protocol": {"a, b"}, "User-Agent": nil, "Sec-Websocket-Extensions": nil,
	} {
		if got := h.Values(name); !slices.Equal(got, want) {
			t.Errorf("%s is %q; want %q", name, got, want)
		}
	}
	if got := c.Subprotocol(); got != "b" {
		t.Errorf("subprotocol %q", got)
	}
	if got, want := c.Spoken(), "websocket, subprotocol b of a, b; headers Authorization; Origin: http://x; X-A; X-A"; got != want {
		t.Errorf("%q; want %q", got, want)
	}
	if got := mustDial(t, address, "header=User-Agent: me").Spoken(); got != "websocket, no subprotocol; headers User-Agent: me" {
		t.Error(got)
	}
	if got := (<-asked).Get("User-Agent"); got != "me" {
		t.Error(got)
	}
}

// Pings are answered, also those of a server that reads nothing: the reader goes on.
func TestPings(t *testing.T) {
	const pings = 1 << 17
	finished := make(chan string, 1)
	address := serve(t, websocket.Upgrader{}, func(ws *websocket.Conn, _ *http.Request) {
		for range pings { // their answers would fill the socket many times
			if err := ws.WriteMessage(websocket.PingMessage, bytes.Repeat([]byte("x"), 120)); err != nil {
				t.Error(err)
				break
			}
		}
		ws.WriteMessage(websocket.TextMessage, []byte("hello"))
		ws.SetPongHandler(func(s string) error {
			if s == "last" {
				finished <- s
			}
			return nil
		})
		ws.WriteMessage(websocket.PingMessage, []byte("last"))
		ws.ReadMessage()
	})
	c := mustDial(t, address)
	got, err := c.Receive()
	if err != nil || string(got) != "hello" {
		t.Fatalf("%q, %v", got, err)
	}
	reading := make(chan struct{})
	go func() {
		defer close(reading)
		c.Receive()
	}()
	<-finished
	c.Close()
	<-reading
}

func TestCloses(t *testing.T) {
	for _, one := range []struct {
		code   int
		reason string
		want   string
		fails  bool
	}{
		{1000, "", "the server closed the WebSocket with 1000 (normal closure)", false},
		{1001, "bye", "the server closed the WebSocket with 1001 (going away): bye", false},
		{1005, "", "the server closed the WebSocket", false},
		{4001, "sign \x1b[31min\n", `the server closed the WebSocket with 4001: sign \x1b[31min\n`, false},
		{3000, "", "the server closed the WebSocket with 3000", false},
		{1002, "", "the server closed the WebSocket with 1002 (protocol error)", true},
		{1008, "no", "the server closed the WebSocket with 1008 (policy violation): no", true},
		{1011, "boom", "the server closed the WebSocket with 1011 (internal error): boom", true},
	} {
		address := serve(t, websocket.Upgrader{}, func(ws *websocket.Conn, _ *http.Request) {
			ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(one.code, one.reason))
			ws.ReadMessage()
		})
		c := mustDial(t, address)
		_, err := c.Receive()
		var closed *Closed
		if !errors.As(err, &closed) || !strings.HasPrefix(err.Error(), one.want) || errors.Is(err, io.EOF) == one.fails || strings.ContainsAny(err.Error(), "\x1b\n") {
			t.Errorf("%d: %v (EOF %t); want %s", one.code, err, errors.Is(err, io.EOF), one.want)
		}
		if _, err := c.Write([]byte("late")); err == nil || err.Error() != "the WebSocket is closed" {
			t.Error(err)
		}
		if err := c.CloseWrite(); err != nil {
			t.Error(err)
		}
	}
}

// After our close, what the server still sends comes, and its end is clean.
func TestCloseWrite(t *testing.T) {
	for _, answers := range []bool{true, false} {
		seen := make(chan error, 1)
		address := serve(t, websocket.Upgrader{}, func(ws *websocket.Conn, _ *http.Request) {
			ws.SetCloseHandler(func(code int, _ string) error {
				ws.WriteMessage(websocket.TextMessage, []byte("last"))
				if answers {
					ws.WriteMessage(websocket.CloseMessage, websocket.FormatCloseMessage(code, ""))
				}
				return nil
			})
			_, _, err := ws.ReadMessage()
			seen <- err
		})
		c := mustDial(t, address)
		if err := c.CloseWrite(); err != nil {
			t.Fatal(err)
		}
		if err := <-seen; !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			t.Errorf("the server saw %v", err)
		}
		if got, err := c.Receive(); err != nil || string(got) != "last" {
			t.Errorf("%q, %v", got, err)
		}
		if _, err := c.Receive(); !errors.Is(err, io.EOF) {
			t.Error(err)
		}
	}
}

// What breaks the rules ends the WebSocket, in words.
func TestBrokenStreams(t *testing.T) {
	for _, one := range []struct{ frames, want string }{
		{"", "the server ended the connection without closing the WebSocket"},
		{"\x81\x05hel", "the server ended the connection without closing the WebSocket"},
		{"\x85\x00", "the server broke the rules of WebSocket: "},
		{"\xc1\x00", "the server broke the rules of WebSocket: "},
		{"\x81\x80\x00\x00\x00\x00", "the server broke the rules of WebSocket: "},
		{"\x82\x7f\x00\x00\x00\x00\x00\x10\x00\x01", "the server sent a message of more than 1 MiB, which is the most that one event holds"},
		{"\x82\x7f\x7f\xff\xff\xff\xff\xff\xff\xff", "the server sent a message of more than 1 MiB, which is the most that one event holds"},
	} {
		address := serve(t, websocket.Upgrader{}, func(ws *websocket.Conn, _ *http.Request) {
			ws.NetConn().Write([]byte(one.frames))
		})
		_, err := mustDial(t, address).Receive()
		if err == nil || !strings.HasPrefix(err.Error(), one.want) || errors.Is(err, io.EOF) {
			t.Errorf("%q: %v; want %s", one.frames, err, one.want)
		}
	}
}

// answer runs a server that answers each request with a text, and then ends the connection.
func answer(t *testing.T, text string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	go func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			buf := make([]byte, 4<<10)
			c.Read(buf)
			io.WriteString(c, text)
			c.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, c)
			c.Close()
		}
	}()
	return l.Addr().String()
}

func TestHandshakesThatFail(t *testing.T) {
	const switched = "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
	for _, one := range []struct {
		answer string
		code   target.Code
		want   string
	}{
		{"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi", target.CodeWebSocketRefused, "ADDRESS answered 200 OK: there is no WebSocket at this path"},
		{"HTTP/1.1 404 Not Found\r\n\r\n", target.CodeWebSocketRefused, "ADDRESS answered 404 Not Found: there is no WebSocket at this path"},
		{"HTTP/1.1 403 Forbidden\r\n\r\n", target.CodeWebSocketRefused, "ADDRESS answered 403 Forbidden: it does not allow this"},
		{"HTTP/1.1 401 Unauthorized\r\n\r\n", target.CodeWebSocketRefused, "ADDRESS answered 401 Unauthorized: it wants to know who you are"},
		{"HTTP/1.1 302 Found\r\nLocation: https://x/\x1b[31m\r\n\r\n", target.CodeWebSocketFailed, "ADDRESS answered, but not in HTTP"},
		{"HTTP/1.1 302 Found\r\nLocation: https://x/\xc2\x9b31m\r\n\r\n", target.CodeWebSocketRefused, "ADDRESS answered 302 Found: it refers to https://x/\\u009b31m"},
		{"HTTP/1.1 426 Upgrade Required\r\nSec-WebSocket-Version: 8\r\n\r\n", target.CodeWebSocketRefused, "ADDRESS answered 426 Upgrade Required: it speaks version 8 of WebSocket"},
		{"HTTP/1.1 500 \x1b[31mNo\r\n\r\n", target.CodeWebSocketRefused, `ADDRESS answered 500 \x1b[31mNo: it did not`},
		{switched + "Sec-WebSocket-Accept: wrong\r\n\r\n", target.CodeWebSocketFailed, "ADDRESS accepted another handshake than this one"},
		{switched + "\r\n", target.CodeWebSocketFailed, "ADDRESS switched the protocol, but not to WebSocket"},
		{"220 mail ESMTP\r\n", target.CodeWebSocketFailed, "ADDRESS answered, but not in HTTP: it is not a WebSocket server, or it speaks TLS"},
		{"\x15\x03\x01\x00\x02\x02\x46", target.CodeWebSocketFailed, "ADDRESS answered, but not in HTTP"},
		{"", target.CodeBrokeOff, "ADDRESS closed the connection without an answer"},
		{"HTTP/1.1 200 OK\r\nX: " + strings.Repeat("x", maxHead), target.CodeWebSocketFailed, "the answer has more than 64 KiB before its empty line"},
	} {
		address := answer(t, one.answer)
		c, err := dial(t, address+"/x")
		var e *target.Error
		if !errors.As(err, &e) || c != nil {
			t.Errorf("%.40q: %v", one.answer, err)
			continue
		}
		want := strings.Replace(one.want, "ADDRESS", address, 1)
		if !strings.Contains(e.Words, want) || e.Code != one.code || len(e.Words) > target.MaxWords || strings.ContainsAny(e.Words, "\x1b\n\u009b") {
			t.Errorf("%.40q: %s %q; want %s %q", one.answer, e.Code, e.Words, one.code, want)
		}
	}
}

func TestSubprotocolThatWasNotOffered(t *testing.T) {
	for _, one := range []struct {
		header string
		code   target.Code
	}{
		{"Sec-WebSocket-Protocol: \x1bevil\r\n", ""}, // no HTTP
		{"Sec-WebSocket-Protocol: evil\r\n", target.CodeWebSocketSubprotocol},
		{"Sec-WebSocket-Protocol: A\r\n", target.CodeWebSocketSubprotocol},
		{"Sec-WebSocket-Protocol: a\r\nSec-WebSocket-Protocol: b\r\n", target.CodeWebSocketSubprotocol},
		{"Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_no_context_takeover\r\n", target.CodeWebSocketFailed},
		{"Sec-WebSocket-Extensions: permessage-deflate\r\n", ""},
	} {
		server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			conn, _, _ := w.(http.Hijacker).Hijack()
			defer conn.Close()
			sum := sha1.Sum([]byte(r.Header.Get("Sec-WebSocket-Key") + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"))
			key := base64.StdEncoding.EncodeToString(sum[:])
			fmt.Fprintf(conn, "HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: %s\r\n%s\r\n", key, one.header)
		}))
		_, err := dial(t, server.Listener.Addr().String(), "subprotocol=a,b")
		var e *target.Error
		if !errors.As(err, &e) || one.code != "" && e.Code != one.code || strings.Contains(e.Words, "\x1b") {
			t.Errorf("%q: %v", one.header, err)
		}
		server.Close()
	}
}

func TestHandshakesThatTakeLong(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close() // nobody accepts
	_, err = dialWithin(t.Context(), t, l.Addr().String(), 50*time.Millisecond)
	var e *target.Error
	if !errors.As(err, &e) || e.Code != target.CodeNoAnswer || !strings.Contains(e.Words, "did not answer to the WebSocket's handshake within 50ms") {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	time.AfterFunc(10*time.Millisecond, cancel)
	_, err = dialWithin(ctx, t, l.Addr().String(), time.Hour)
	if !errors.As(err, &e) || e.Code != target.CodeStopped {
		t.Error(err)
	}
}
