package gateway

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core/store"
)

// keeping serves a gateway that keeps sessions, and returns what opens WebSockets.
func keeping(t *testing.T) (open func(query string) *websocket.Conn, address string) {
	t.Helper()
	g := testGateway()
	g.keeping.Keep = time.Minute
	s := stopping(t, g)
	return func(query string) *websocket.Conn {
		t.Helper()
		d := websocket.Dialer{Subprotocols: []string{subprotocol}}
		ws, response, err := d.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/websocket/ws"+query, nil)
		if err != nil {
			t.Fatalf("%v, %v", err, response)
		}
		t.Cleanup(func() { ws.Close() })
		return ws
	}, s.URL
}

// greeted returns the hello that follows SUCC.
func greeted(t *testing.T, ws *websocket.Conn) (hello struct {
	Attach    string
	Keep      int
	Recording store.State
	Watch     struct{ Window, Watchers, Keyboard, Taken int }
}) {
	t.Helper()
	hear(t, ws, "SUCC")
	_, text, err := ws.ReadMessage()
	if err == nil {
		err = json.Unmarshal([]byte(strings.Trim(string(text), "[]")), &hello)
	}
	if err != nil {
		t.Fatal(err, string(text))
	}
	return hello
}

// until reads messages until one holds the words.
func until(t *testing.T, ws *websocket.Conn, words string) (all string) {
	t.Helper()
	ws.SetReadDeadline(time.Now().Add(time.Minute))
	for !strings.Contains(all, words) {
		_, message, err := ws.ReadMessage()
		if err != nil {
			t.Fatalf("no %q in %s: %v", words, all, err)
		}
		all += string(message)
	}
	return all
}

// A client that asked for it comes back to its session, and others watch it.
func TestAttach(t *testing.T) {
	open, address := keeping(t)
	first := open("?keep=on&window=a")
	say(t, first, websocket.TextMessage, "h:1")
	hello := greeted(t, first)
	if hello.Attach == "" || hello.Keep != 60 || hello.Watch.Keyboard != 1 {
		t.Fatalf("hello %+v", hello)
	}
	say(t, first, websocket.TextMessage, `{"text":"one","m":1}`)
	seen := until(t, first, `"ONE"`)
	for _, want := range []string{`{"i":1,`, `{"kind":"watch","window":1,"watchers":1,"keyboard":1,"taken":1}`} {
		if !strings.Contains(seen, want) {
			t.Errorf("%s lacks %s", seen, want)
		}
	}
	first.NetConn().Close()

	again := open("?attach=" + hello.Attach + "&window=a&from=2")
	if h := greeted(t, again); h.Watch.Taken != 1 || h.Watch.Window != 1 {
		t.Errorf("hello %+v", h)
	}
	say(t, again, websocket.TextMessage, `{"text":"one","m":1}`)
	say(t, again, websocket.TextMessage, `{"text":"two","m":2}`)
	if seen := until(t, again, `"TWO"`); strings.Contains(seen, `{"i":1,`) || strings.Count(seen, `"ONE"`) != 1 {
		t.Errorf("after it came back: %s", seen)
	}

	other := open("?attach=" + hello.Attach + "&window=b")
	greeted(t, other)
	until(t, other, `"TWO"`)
	say(t, other, websocket.TextMessage, `{"text":"three","m":7}`)
	until(t, other, `{"kind":"not-taken","m":7,"code":"no-keyboard"`)
	say(t, other, websocket.TextMessage, `{"keyboard":"take"}`)
	until(t, again, `"asks":2`)
	say(t, again, websocket.TextMessage, `{"keyboard":"give","to":2}`)
	until(t, again, "window 2 has the keyboard")
	if list := get(t, address+"/api/sessions"); !strings.Contains(list, `"id":"`+hello.Attach+`"`) || !strings.Contains(list, `"watchers":2`) {
		t.Errorf("list: %s", list)
	}
	say(t, other, websocket.TextMessage, `{"end":true}`)
	ends(t, other, websocket.CloseNormalClosure, "the client closed")
	ends(t, again, websocket.CloseNormalClosure, "the client closed")

	late := open("?attach=" + hello.Attach + "&window=c") // what was can still be read
	greeted(t, late)
	if seen := until(t, late, `"kind":"ended"`); !strings.Contains(seen, `"ONE"`) {
		t.Errorf("after the end: %s", seen)
	}
	for _, want := range []int{http.StatusNoContent, http.StatusNotFound} {
		r, _ := http.NewRequest(http.MethodDelete, address+"/api/sessions/"+hello.Attach, nil)
		response, err := http.DefaultClient.Do(r)
		if err != nil || response.StatusCode != want {
			t.Errorf("DELETE: %v, %v, want %d", response, err, want)
		}
		response.Body.Close()
	}
}

// Who watches is cut off for what is not allowed, and the session goes on.
func TestWatcherMisbehaves(t *testing.T) {
	open, _ := keeping(t)
	ws := open("?keep=on&window=a")
	say(t, ws, websocket.TextMessage, "h:1")
	hello := greeted(t, ws)
	for _, message := range []string{`{"txt":"x"}`, `{"keyboard":"steal"}`, `{"keyboard":"give"}`, `{"text":"x","to":1}`, `{"m":-1}`} {
		bad := open("?attach=" + hello.Attach + "&window=b")
		greeted(t, bad)
		say(t, bad, websocket.TextMessage, message)
		ends(t, bad, websocket.ClosePolicyViolation, "workbench.v1 with keep is")
	}
	say(t, ws, websocket.TextMessage, `{"text":"still","m":1}`)
	until(t, ws, `"STILL"`)
}

func get(t *testing.T, url string) string {
	t.Helper()
	response, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	var b strings.Builder
	if err := response.Write(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}
