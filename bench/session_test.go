package main

import (
	"bufio"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// serverFrame is a frame as servers send it, with the shortest length.
func serverFrame(first byte, payload string) string {
	n := len(payload)
	switch {
	case n < 126:
		return string([]byte{first, byte(n)}) + payload
	case n < 1<<16:
		return string([]byte{first, 126, byte(n >> 8), byte(n)}) + payload
	}
	return string([]byte{first, 127, 0, 0, 0, 0, byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)}) + payload
}

const final = 0x80

func TestReceiveCounts(t *testing.T) {
	sizes := []int{0, 1, 125, 126, 1<<16 - 1, 1 << 16, 300 << 10}
	var in strings.Builder
	var bytes int64
	for _, n := range sizes {
		in.WriteString(serverFrame(final|websocket.TextMessage, strings.Repeat("x", n)))
		bytes += int64(n)
	}
	in.WriteString(serverFrame(websocket.BinaryMessage, "one ")) // a message in three frames with a pong between
	in.WriteString(serverFrame(final|websocket.PongMessage, "here"))
	in.WriteString(serverFrame(0, "two "))
	in.WriteString(serverFrame(final, "three"))
	bytes += int64(len("one two three"))

	s := &session{r: bufio.NewReaderSize(crumbs{strings.NewReader(in.String())}, 4<<10)}
	messages, payload, err := s.receive(int64(len(sizes)+1), 0)
	if err != nil || messages != int64(len(sizes)+1) || payload != bytes {
		t.Errorf("got %d messages with %d bytes, %v; want %d with %d", messages, payload, err, len(sizes)+1, bytes)
	}
	if _, _, err := s.receive(1, 0); !errors.Is(err, io.EOF) {
		t.Errorf("at the end: %v", err)
	}
}

// crumbs gives few bytes a read so that frames are cut anywhere.
type crumbs struct{ io.Reader }

func (c crumbs) Read(b []byte) (int, error) { return c.Reader.Read(b[:min(len(b), 3)]) }

func TestReceiveEnds(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"cut in the header", "\x81", "EOF"},
		{"cut in the length", "\x81\x7f\x00", "EOF"},
		{"cut in the payload", "\x81\x05ab", "EOF"},
		{"closed", serverFrame(final|websocket.CloseMessage, "\x03\xf3the plugin"), "1011 (internal server error): the plugin"},
		{"closed without a code", serverFrame(final|websocket.CloseMessage, ""), "1005"},
	} {
		s := &session{r: bufio.NewReader(strings.NewReader(c.in))}
		if _, _, err := s.receive(1, 0); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q in it", c.name, err, c.want)
		}
	}
}

// A ping is answered, and the end is a close that the other side has seen.
func TestSessionAnswers(t *testing.T) {
	heard := make(chan string, 1)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := new(websocket.Upgrader).Upgrade(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer ws.Close()
		ws.SetPongHandler(func(payload string) error {
			heard <- payload
			return nil
		})
		ws.ReadMessage()
		ws.WriteControl(websocket.PingMessage, []byte("there?"), time.Now().Add(time.Minute))
		ws.WriteMessage(websocket.TextMessage, []byte("yes"))
		if _, _, err := ws.ReadMessage(); !websocket.IsCloseError(err, websocket.CloseNormalClosure) {
			t.Errorf("the end arrived as %v", err)
		}
	}))
	defer server.Close()
	p := &process{url: "ws" + strings.TrimPrefix(server.URL, "http")}
	s, err := new(system).dial(t.Context(), p, "", "", smallBuffer)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.WriteMessage(websocket.TextMessage, []byte("go on")); err != nil {
		t.Fatal(err)
	}
	if n, size, err := s.receive(1, 0); n != 1 || size != 3 || err != nil {
		t.Errorf("got %d messages with %d bytes, %v", n, size, err)
	}
	if err := s.end(); err != nil {
		t.Error(err)
	}
	if pong := <-heard; pong != "there?" {
		t.Errorf("the ping was answered with %q", pong)
	}
}
