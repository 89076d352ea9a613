//go:build linux

package e2e

import (
	"encoding/base64"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/gorilla/websocket"
)

// everyByte is the bytes 0 to 255.
var everyByte = func() string {
	all := make([]byte, 256)
	for i := range all {
		all[i] = byte(i)
	}
	return string(all)
}()

func TestRawCarriesEveryByte(t *testing.T) {
	t.Parallel()
	s := serve(t, echo)
	c := shared.join(t, "?mode=raw", s.address)
	c.send(websocket.BinaryMessage, []byte(everyByte))
	c.hearsBytes(everyByte)
	c.say("text goes as it is, with no line end")
	c.hearsBytes("text goes as it is, with no line end")
}

func TestRawServerSpeaksFirst(t *testing.T) {
	t.Parallel()
	s := serve(t, func(conn net.Conn) { conn.Write([]byte(everyByte)) })
	c := shared.join(t, "?mode=raw", s.address)
	c.hearsBytes(everyByte)
	c.closes(websocket.CloseNormalClosure, "the server closed")
}

// answerAtEOF is like wc: it answers only at the end of its input.
func answerAtEOF(conn net.Conn) {
	all, _ := io.ReadAll(conn)
	fmt.Fprintf(conn, "heard %q\n", all)
}

func TestHalfClose(t *testing.T) {
	t.Parallel()
	for _, mode := range []string{"raw", "http-line", "echo-quit"} {
		t.Run(mode, func(t *testing.T) {
			s := serve(t, answerAtEOF)
			c := shared.join(t, "?mode="+mode, s.address, "workbench.v1")
			c.send(websocket.BinaryMessage, []byte("ab"))
			c.say(`{"text":"cd"}`, `{"eof":true}`)
			heard := map[string]string{"http-line": "ab\r\ncd\r\n"}[mode]
			if heard == "" {
				heard = "abcd"
			}
			frames, closed := c.linesToEnd()
			c.checkClose(closed, websocket.CloseNormalClosure, "the server closed")
			if all := strings.Join(frames, ""); !strings.Contains(all, fmt.Sprintf(`%q`, fmt.Sprintf("heard %q\n", heard))) {
				t.Errorf("no answer to %q among the entries: %s", heard, all)
			}
		})
	}
}

// A tutorial client has no half-close: when it closes, the server gets FIN, after
// everything sent before.
func TestClosingSendsFIN(t *testing.T) {
	t.Parallel()
	heard := make(chan string, 1)
	s := serve(t, func(conn net.Conn) {
		all, err := io.ReadAll(conn)
		heard <- fmt.Sprintf("%q %v", all, err)
	})
	c := shared.join(t, "", s.address)
	c.say("one", "two")
	c.send(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""))
	c.closes(websocket.CloseNormalClosure, "")
	if got, want := receive(t, heard, "FIN at the server"), fmt.Sprintf("%q <nil>", "one\r\ntwo\r\n"); got != want {
		t.Errorf("the server heard %s, want %s", got, want)
	}
}

func TestEchoQuit(t *testing.T) {
	t.Parallel()
	c := shared.join(t, "?mode=echo-quit", cmdEcho(t))
	c.say("hello")
	c.hears("hello")
	c.send(websocket.BinaryMessage, []byte(everyByte))
	c.hearsBytes(everyByte)
	c.say("quit")
	c.closes(websocket.CloseNormalClosure, "")
}

// The reply is held until it is complete, however the server cuts it.
func TestEchoQuitHoldsTheReply(t *testing.T) {
	t.Parallel()
	next := make(chan struct{})
	s := serve(t, func(conn net.Conn) {
		text := make([]byte, len("hello"))
		io.ReadFull(conn, text)
		conn.Write(text[:2])
		<-next
		conn.Write(text[2:])
		hold(conn)
	})
	c := shared.join(t, "?mode=echo-quit", s.address, "workbench.v1")
	c.entries() // hello
	c.say(`{"text":"hello"}`)
	var kinds []string
	for until := `>> server "he"`; ; {
		for _, e := range c.entries() {
			kinds = append(kinds, brief(e))
		}
		if kinds[len(kinds)-1] == until {
			break
		}
	}
	close(next)
	for until := `<< client "hello"`; kinds[len(kinds)-1] != until; {
		for _, e := range c.entries() {
			kinds = append(kinds, brief(e))
		}
	}
	want := []string{`-- "dialled ` + s.address + `"`, `>> client "hello"`, `<< server "hello"`,
		`>> server "he"`, `>> server "llo"`, `<< client "hello"`}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

// brief is an entry of a text payload without numbers and times.
func brief(e map[string]any) string {
	return strings.ReplaceAll(fmt.Sprintf("%v %v %q", e["dir"], e["side"], e["text"]), "<nil> ", "")
}

func TestOptions(t *testing.T) {
	t.Parallel()
	heard := make(chan string, 1)
	s := serve(t, func(conn net.Conn) {
		line := make([]byte, 64)
		n, _ := conn.Read(line)
		heard <- string(line[:n])
		conn.Write([]byte("\xe9t\xe9\n"))
	})
	c := shared.join(t, "?mode=http-line&option.eol=lf&option.charset=latin-1", s.address)
	c.say("été")
	if got := receive(t, heard, "the line at the server"); got != "\xe9t\xe9\n" {
		t.Errorf("the server heard %q", got)
	}
	c.hears("été")
	c.closes(websocket.CloseNormalClosure, "the server closed")
}

// workbench.v1, field by field.
func TestEntries(t *testing.T) {
	t.Parallel()
	answer := "ok \xff\r\nrest"
	s := serve(t, func(conn net.Conn) {
		conn.Read(make([]byte, 64))
		conn.Write([]byte(answer))
	})
	c := shared.join(t, "?option.eol=lf", s.address, "workbench.v1")
	if c.ws.Subprotocol() != "workbench.v1" {
		t.Fatalf("the subprotocol is %q", c.ws.Subprotocol())
	}
	entries := c.entries()
	c.say(`{"text":"GET"}`)
	for last := ""; last != "rest"; last, _ = entries[len(entries)-1]["text"].(string) {
		entries = append(entries, c.entries()...)
	}
	before := 0.0
	for i, e := range entries[1:] {
		now, ok := e["t"].(float64)
		if !ok || now < before {
			t.Errorf("entry %d has the time %v after %v", i+1, e["t"], before)
		}
		before = now
		if e["i"] != float64(i+1) {
			t.Errorf("entry %d has the number %v", i+1, e["i"])
		}
		delete(e, "t")
		delete(e, "i")
	}
	if id, _ := entries[0]["session"].(string); id == "" {
		t.Errorf("hello names no session: %v", entries[0])
	}
	if id, _ := entries[0]["transcript"].(string); id == "" {
		t.Errorf("hello names no transcript: %v", entries[0])
	}
	delete(entries[0], "session")
	delete(entries[0], "transcript")
	type entry = map[string]any
	want := []entry{
		{"kind": "hello", "mode": "http-line", "target": s.address, "address": s.address,
			"options": entry{"eol": "lf", "receive-eol": "lf", "charset": "utf-8"}, "recording": entry{"part": 1.0}},
		{"dir": "--", "kind": "remark", "text": "dialled " + s.address},
		{"n": 1.0, "dir": ">>", "side": "client", "kind": "text", "text": "GET"},
		{"n": 1.0, "dir": "<<", "side": "server", "kind": "bytes", "text": "GET\n"},
		{"n": 2.0, "dir": ">>", "side": "server", "kind": "bytes", "b64": base64.StdEncoding.EncodeToString([]byte(answer))},
		{"n": 2.0, "dir": "<<", "side": "client", "kind": "text", "text": "ok \ufffd"},
		{"n": 3.0, "dir": ">>", "side": "server", "kind": "eof"},
		{"n": 3.0, "dir": "<<", "side": "client", "kind": "text", "text": "rest"},
	}
	if diff := cmp.Diff(want, entries); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
	if last := c.entries()[0]; last["kind"] != "ended" || last["code"] != "server-closed" {
		t.Errorf("the last entry is %v", last)
	}
	c.closes(websocket.CloseNormalClosure, "the server closed")
}

// A side that passes through is shown only by its events.
func TestEntriesOfRaw(t *testing.T) {
	t.Parallel()
	s := serve(t, echo)
	c := shared.join(t, "?mode=raw", s.address, "workbench.v1")
	entries := c.entries()[1:]
	c.send(websocket.BinaryMessage, []byte("ab\xff"))
	var got []string
	for len(got) < 5 {
		for _, e := range entries {
			got = append(got, fmt.Sprintf("%v %v %v %v %v", e["n"], e["dir"], e["side"], e["kind"], e["b64"]))
		}
		if len(got) < 5 {
			entries = c.entries()
		}
	}
	want := []string{
		"<nil> -- <nil> remark <nil>",
		"0 << client pass-through <nil>",
		"0 << server pass-through <nil>",
		"1 >> client binary YWL/",
		"2 >> server bytes YWL/",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("entries (-want +got):\n%s", diff)
	}
}

func TestEntriesWrongMessages(t *testing.T) {
	t.Parallel()
	for name, messages := range map[string][]string{
		"no JSON":           {"GET / HTTP/1.0"},
		"unknown field":     {`{"text":"a","now":true}`},
		"neither":           {`{}`},
		"both":              {`{"text":"a","eof":true}`},
		"a list":            {`[{"text":"a"}]`},
		"message after eof": {`{"eof":true}`, `{"text":"a"}`},
	} {
		t.Run(name, func(t *testing.T) {
			stay := make(chan struct{})
			defer close(stay)
			s := serve(t, func(net.Conn) { <-stay }) // also when the client has ended its input
			c := shared.join(t, "", s.address, "workbench.v1")
			c.entries()
			c.say(messages...)
			_, closed := c.linesToEnd()
			c.checkClose(closed, websocket.ClosePolicyViolation, "")
		})
	}
}
