//go:build linux

package e2e

import (
	"bufio"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/gorilla/websocket"
)

// awaits reads the transcript of workbench.v1 up to an entry that matches.
func (c *client) awaits(is func(entry map[string]any) bool) map[string]any {
	c.t.Helper()
	for {
		_, data := c.next()
		var list []map[string]any
		if err := json.Unmarshal(data, &list); err != nil {
			c.t.Fatalf("%v: %.100q", err, data)
		}
		for _, entry := range list {
			if is(entry) {
				return entry
			}
		}
	}
}

func entryIs(dir, side, kind, text string) func(map[string]any) bool {
	return func(e map[string]any) bool {
		return e["dir"] == dir && e["side"] == side && e["kind"] == kind && (text == "" || e["text"] == text)
	}
}

// A prompt has no line end. A watching client sees it once the server is silent; a
// client of 2012 sees the line once it is complete, as always.
func TestPromptIsShown(t *testing.T) {
	t.Parallel()
	goOn := make(chan struct{})
	s := serve(t, func(conn net.Conn) {
		io.WriteString(conn, "welcome\r\nlogin: ")
		line, _ := bufio.NewReader(conn).ReadString('\n')
		<-goOn
		io.WriteString(conn, line)
	})
	watcher, plain := shared.join(t, "", s.address, "workbench.v1"), shared.join(t, "", s.address)
	plain.hears("welcome")
	watcher.awaits(entryIs("<<", "client", "part", "login: "))
	close(goOn)
	plain.say("guest")
	plain.hears("login: guest")
	watcher.send(websocket.TextMessage, []byte(`{"text":"guest"}`))
	watcher.awaits(entryIs("<<", "client", "text", "login: guest"))
}

// A body of exact length is sent without a line end, and raw bytes unchanged.
func TestBodyWithoutLineEnd(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		got <- string(body)
	})}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go s.Serve(l)
	defer s.Close()
	c := shared.join(t, "", l.Addr().String(), "workbench.v1")
	for _, message := range []string{
		`{"text":"POST / HTTP/1.1"}`, `{"text":"Host: x"}`, `{"text":"Content-Length: 5"}`, `{"text":""}`, `{"text":"hello","eol":false}`,
		`{"raw":"UE9TVCAvIEhUVFAvMS4xDQpIb3N0OiB4DQpDb250ZW50LUxlbmd0aDogMw0KDQoA/wo="}`, // POST … \x00\xff\n
	} {
		c.send(websocket.TextMessage, []byte(message))
	}
	for _, want := range []string{"hello", "\x00\xff\n"} {
		if body := receive(t, got, "a request"); body != want {
			t.Errorf("the server got the body %q, want %q", body, want)
		}
	}
	// A mode that adds no line end cannot leave one out.
	c = shared.join(t, "?mode=raw", l.Addr().String(), "workbench.v1")
	c.send(websocket.TextMessage, []byte(`{"text":"x","eol":false}`))
	if _, closed := c.linesToEnd(); closed.Code != websocket.ClosePolicyViolation || !strings.Contains(closed.Text, "line end") {
		t.Errorf("closed by %v", closed)
	}
}

// A server that has sent FIN still reads (RFC 9293, 3.6).
func TestServerEndsFirst(t *testing.T) {
	t.Parallel()
	got := make(chan string, 1)
	s := serve(t, func(conn net.Conn) {
		io.WriteString(conn, "that is all\n")
		conn.(*net.TCPConn).CloseWrite()
		rest, _ := io.ReadAll(conn)
		got <- string(rest)
	})
	for _, mode := range []string{"http-line", "raw"} {
		c := shared.join(t, "?mode="+mode+"&server-eof=stay", s.address, "workbench.v1")
		c.awaits(entryIs(">>", "server", "eof", ""))
		c.send(websocket.TextMessage, []byte(`{"text":"and yet"}`))
		c.send(websocket.TextMessage, []byte(`{"eof":true}`))
		_, closed := c.linesToEnd()
		if rest := receive(t, got, "what came after the end"); !strings.HasPrefix(rest, "and yet") || closed.Code != websocket.CloseNormalClosure {
			t.Errorf("%s: the server got %q, and the client %v", mode, rest, closed)
		}
	}
	c := shared.open(t, "?mode=echo-quit&server-eof=stay")
	c.say(s.address)
	if _, reason := c.next(); !strings.Contains(string(reason), "FAIL:mode echo-quit ends with the server's stream") {
		t.Errorf("got %q", reason)
	}
}
