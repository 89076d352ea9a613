package main

import (
	"bytes"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// script is a connection that reads what is given and keeps what is written.
type script struct {
	net.Conn
	in  io.Reader
	out bytes.Buffer
}

func (s *script) Read(b []byte) (int, error)  { return s.in.Read(b) }
func (s *script) Write(b []byte) (int, error) { return s.out.Write(b) }
func (s *script) Close() error                { return nil }

// serverFrame is a frame as servers send it, with the shortest length.
func serverFrame(first byte, payload string) string {
	b := []byte(serverHeader(first, len(payload)))
	return string(append(b, payload...))
}

func serverHeader(first byte, n int) string {
	switch {
	case n < 126:
		return string([]byte{first, byte(n)})
	case n < 1<<16:
		return string([]byte{first, 126, byte(n >> 8), byte(n)})
	}
	return string([]byte{first, 127, 0, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)})
}

const final = 0x80

func TestReceiveCounts(t *testing.T) {
	sizes := []int{0, 1, 125, 126, 1<<16 - 1, 1 << 16, 300 << 10}
	var in strings.Builder
	var bytes int64
	for _, n := range sizes {
		in.WriteString(serverFrame(final|opText, strings.Repeat("x", n)))
		bytes += int64(n)
	}
	in.WriteString(serverFrame(opBinary, "one ")) // a message in three frames with a ping between
	in.WriteString(serverFrame(final|opPing, "there?"))
	in.WriteString(serverFrame(0, "two "))
	in.WriteString(serverFrame(final, "three"))
	bytes += int64(len("one two three"))

	conn := &script{in: crumbs{strings.NewReader(in.String())}}
	c := newClient(conn, 4<<10)
	messages, payload, err := c.receive(int64(len(sizes)+1), 0)
	if err != nil || messages != int64(len(sizes)+1) || payload != bytes {
		t.Errorf("got %d messages with %d bytes, %v; want %d with %d", messages, payload, err, len(sizes)+1, bytes)
	}
	if pong := string(appendFrame(nil, opPong, []byte("there?"))); conn.out.String() != pong {
		t.Errorf("the ping was answered with %q", conn.out.String())
	}
	if _, _, err := c.receive(1, 0); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}

// crumbs gives few bytes a read so that frames are cut anywhere.
type crumbs struct{ io.Reader }

func (c crumbs) Read(b []byte) (int, error) { return c.Reader.Read(b[:min(len(b), 3)]) }

func TestReadReturnsTheMessage(t *testing.T) {
	c := newClient(&script{in: strings.NewReader(serverFrame(opText, "SU") + serverFrame(final, "CC"))}, 4<<10)
	if got, err := c.read(); err != nil || string(got) != "SUCC" {
		t.Errorf("got %q, %v", got, err)
	}
	c = newClient(&script{in: strings.NewReader(serverHeader(final|opText, maxReply+1))}, 4<<10)
	if _, err := c.read(); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Errorf("a reply past the bound: %v", err)
	}
}

func TestBadFrames(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"masked", "\x81\x80\x00\x00\x00\x00", "masked"},
		{"cut in the header", "\x81", "unexpected EOF"},
		{"cut in the length", "\x81\x7f\x00", "unexpected EOF"},
		{"cut in the payload", "\x81\x05ab", "unexpected EOF"},
		{"length past 63 bits", "\x81\x7f\xff\xff\xff\xff\xff\xff\xff\xff", "highest bit"},
		{"large ping", serverFrame(final|opPing, strings.Repeat("x", 126)), "at most 125"},
		{"closed", serverFrame(final|opClose, "\x03\xf3the plugin"), `1011 "the plugin"`},
		{"closed without a code", serverFrame(final|opClose, ""), "1005"},
	} {
		_, _, err := newClient(&script{in: strings.NewReader(c.in)}, 4<<10).receive(1, 0)
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q in it", c.name, err, c.want)
		}
	}
}

// What is sent must be what another implementation reads.
func TestFramesAreValid(t *testing.T) {
	payloads := []string{"", "a", strings.Repeat("b", 125), strings.Repeat("c", 126), strings.Repeat("d", 1<<16)}
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		defer close(done)
		ws, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer ws.Close()
		for _, p := range payloads {
			kind, got, err := ws.ReadMessage()
			if err != nil || kind != websocket.BinaryMessage || string(got) != p {
				t.Errorf("%d bytes arrived as %d bytes of kind %d, %v", len(p), len(got), kind, err)
			}
		}
		if _, _, err := ws.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			t.Errorf("goodbye arrived as %v", err)
		}
	}))
	defer server.Close()
	ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(server.URL, "http"), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer ws.Close()
	c := newClient(ws.NetConn(), 4<<10)
	for _, p := range payloads {
		if err := c.send(opBinary, []byte(p)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.goodbye(); err != nil {
		t.Error(err)
	}
	<-done
}
