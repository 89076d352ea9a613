package gateway

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core/quota"
	"github.com/protocol-workbench/workbench/core/session"
)

// bounded is a gateway with bounds, in a bubble.
type bounded struct{ served }

func inBounds(t *testing.T, b Bounds, test func(t *testing.T, s bounded)) {
	synctest.Test(t, func(t *testing.T) {
		g := testGateway()
		g.Bounds, g.keeping.Keep = b, time.Minute
		s := bounded{served{Gateway: g, t: t, at: make(pipes)}}
		ended := make(chan error)
		go func() { ended <- s.Serve(s.at) }()
		defer func() {
			s.Stop(context.Background())
			<-ended
		}()
		test(t, s)
	})
}

// open opens a WebSocket, or returns the HTTP answer if there is none.
func (s bounded) open(query string, protocols ...string) (*websocket.Conn, *http.Response) {
	s.t.Helper()
	d := websocket.Dialer{Subprotocols: protocols, NetDialContext: func(context.Context, string, string) (net.Conn, error) { return s.connect(), nil }}
	ws, answer, err := d.Dial("ws://127.0.0.1:8000/websocket/ws"+query, nil)
	if err != nil && answer == nil {
		s.t.Fatal(err)
	}
	if err != nil {
		return nil, answer
	}
	s.t.Cleanup(func() { ws.Close() })
	return ws, nil
}

// begin opens a session.
func (s bounded) begin(query string, protocols ...string) *websocket.Conn {
	s.t.Helper()
	ws, answer := s.open(query, protocols...)
	if answer != nil {
		s.t.Fatal(answer.Status)
	}
	say(s.t, ws, websocket.TextMessage, "h:1")
	return ws
}

func TestTooManySessions(t *testing.T) {
	const words = "too many sessions of this user are open: at most 1 may be"
	inBounds(t, Bounds{Quota: quota.New(quota.Limits{Account: quota.Bounds{Sessions: 1}})}, func(t *testing.T, s bounded) {
		first := s.begin("")
		hear(t, first, "SUCC")
		second := s.begin("")
		hear(t, second, "FAIL:"+words)
		ends(t, second, websocket.CloseNormalClosure, "")
		third := s.begin("", subprotocol)
		hear(t, third, "FAIL:"+words)
		hear(t, third, `[{"kind":"refused","code":"too-many-sessions"}]`)
		ends(t, third, websocket.CloseNormalClosure, "")

		second.Close()
		third.Close()
		synctest.Wait()

		// Who is told so in words holds a connection, so not everyone is.
		for range maxRefusals {
			waiting, answer := s.open("")
			if answer != nil {
				t.Fatal(answer.Status)
			}
			defer waiting.Close()
		}
		_, answer := s.open("")
		if answer == nil || answer.StatusCode != http.StatusTooManyRequests || answer.Header.Get("Retry-After") != "5" {
			t.Fatalf("%v", answer)
		}
		if body, _ := io.ReadAll(answer.Body); string(body) != words+"\n" {
			t.Errorf("%q", body)
		}

		first.Close()
		synctest.Wait()
		hear(t, s.begin(""), "SUCC")
	})
}

// What a request for a WebSocket uses up is given back if it gets none.
func TestNoWebSocketNoSession(t *testing.T) {
	inBounds(t, Bounds{Quota: quota.New(quota.Limits{Account: quota.Bounds{Sessions: 1}})}, func(t *testing.T, s bounded) {
		for range 3 {
			answer := httptest.NewRecorder()
			request := httptest.NewRequest("GET", "http://127.0.0.1:8000/websocket/ws", nil)
			s.Gateway.ServeHTTP(answer, at(request, 8000))
			if answer.Code != http.StatusBadRequest {
				t.Errorf("%d %s", answer.Code, answer.Body)
			}
		}
		hear(t, s.begin(""), "SUCC")
	})
}

func TestAWorkbenchWithTooManySessions(t *testing.T) {
	inBounds(t, Bounds{Quota: quota.New(quota.Limits{All: quota.Bounds{Opens: 2}})}, func(t *testing.T, s bounded) {
		for range 2 {
			ws := s.begin("")
			hear(t, ws, "SUCC")
			ws.Close()
		}
		hear(t, s.begin("", subprotocol), "FAIL:too many new sessions in all: at most 2 a minute are possible; the next in 30 s")
		s.telling.Store(maxRefusals)
		_, answer := s.open("")
		if answer == nil || answer.StatusCode != http.StatusServiceUnavailable || answer.Header.Get("Retry-After") != "30" {
			t.Errorf("%v", answer)
		}
		s.telling.Store(0)
		time.Sleep(30 * time.Second)
		hear(t, s.begin(""), "SUCC")
	})
}

// A session that goes on keeps its place when its client has gone, and connections
// to it have places of their own.
func TestKeptSessionsCount(t *testing.T) {
	inBounds(t, Bounds{Quota: quota.New(quota.Limits{Account: quota.Bounds{Sessions: 1}})}, func(t *testing.T, s bounded) {
		first := s.begin("?keep=on&window=a", subprotocol)
		hello := greeted(t, first)
		first.Close()
		synctest.Wait()
		hear(t, s.begin(""), "FAIL:too many sessions")

		back, _ := s.open("?window=a&attach="+hello.Attach, subprotocol)
		greeted(t, back)
		other, _ := s.open("?window=b&attach="+hello.Attach, subprotocol)
		hear(t, other, "FAIL:too many connections of this user watch sessions: at most 1 may")
		hear(t, other, `"code":"too-many-sessions"`)

		say(t, back, websocket.TextMessage, `{"end":true}`)
		until(t, back, `"kind":"ended"`)
		back.Close()
		synctest.Wait()
		hear(t, s.begin(""), "SUCC")
	})
}

func TestTooManyDials(t *testing.T) {
	inBounds(t, Bounds{Quota: quota.New(quota.Limits{Account: quota.Bounds{Dials: 1}})}, func(t *testing.T, s bounded) {
		hear(t, s.begin(""), "SUCC")
		ws := s.begin("", subprotocol)
		hear(t, ws, "FAIL:too many dials of this user: at most 1 a minute are possible; the next in 60 s")
		hear(t, ws, `"code":"too-many-dials"`)
	})
}

// Each route that may be costly is refused while its user has as many under way as
// they may; the others answer.
func TestTooManyRequests(t *testing.T) {
	table := quota.New(quota.Limits{Account: quota.Bounds{Requests: 1}})
	use, err := table.Hold(quota.Request, "account", netip.Addr{})
	if err != nil {
		t.Fatal(err)
	}
	config := testGateway().Config
	config.Bounds.Quota = table
	g := New(config)
	for pattern := range costly {
		answer := httptest.NewRecorder()
		g.counting(route{pattern: pattern})(answer, httptest.NewRequest("GET", "/", nil))
		if answer.Code != http.StatusTooManyRequests || answer.Header().Get("Retry-After") == "" {
			t.Errorf("%s: %d", pattern, answer.Code)
		}
	}
	answer := httptest.NewRecorder() // by way of all that a request passes
	if g.ServeHTTP(answer, at(httptest.NewRequest("POST", "http://127.0.0.1:8000/api/compare", nil), 8000)); answer.Code != http.StatusTooManyRequests {
		t.Errorf("POST /api/compare: %d %s", answer.Code, answer.Body)
	}
	list := route{pattern: "GET /api/transcripts", answer: func(http.ResponseWriter, *http.Request) {}}
	for path, want := range map[string]int{"/?mode=raw": http.StatusOK, "/?text=x": http.StatusTooManyRequests} {
		answer := httptest.NewRecorder()
		if g.counting(list)(answer, httptest.NewRequest("GET", path, nil)); answer.Code != want {
			t.Errorf("%s: %d", path, answer.Code)
		}
	}
	use.Close()
	for range 2 {
		answer := httptest.NewRecorder()
		if g.counting(list)(answer, httptest.NewRequest("GET", "/?text=x", nil)); answer.Code != http.StatusOK {
			t.Errorf("afterwards: %d", answer.Code)
		}
	}
	routes := map[string]bool{}
	for _, rt := range everyRoute() {
		routes[rt.pattern] = true
	}
	for pattern := range costly {
		if !routes[pattern] {
			t.Errorf("no route is %s", pattern)
		}
	}
}

func TestAnIdleSession(t *testing.T) {
	inBounds(t, Bounds{Idle: 50 * time.Second}, func(t *testing.T, s bounded) {
		ws := s.begin("")
		hear(t, ws, "SUCC")
		began := time.Now()
		go func() { // while it is pinged
			for range 5 {
				time.Sleep(40 * time.Second)
				ws.WriteMessage(websocket.TextMessage, []byte("a"))
			}
		}()
		for range 5 {
			hear(t, ws, "A")
		}
		ends(t, ws, websocket.ClosePolicyViolation, "neither side sent anything for 50s, which is the most")
		if took := time.Since(began).Round(time.Second); took != 5*40*time.Second+50*time.Second {
			t.Errorf("ended after %v", took)
		}
	})
}

func TestALongSession(t *testing.T) {
	inBounds(t, Bounds{Longest: 50 * time.Second}, func(t *testing.T, s bounded) {
		ws := s.begin("", subprotocol)
		hear(t, ws, "SUCC")
		said := make(chan struct{})
		go func() {
			defer close(said)
			for ws.WriteMessage(websocket.TextMessage, []byte(`{"text":"a"}`)) == nil {
				time.Sleep(10 * time.Second)
			}
		}()
		began := time.Now()
		until(t, ws, `{"kind":"ended","code":"time-up","text":"the session lasted for 50s, which is the most"}`)
		if took := time.Since(began).Round(time.Second); took != 50*time.Second {
			t.Errorf("ended after %v", took)
		}
		ends(t, ws, websocket.ClosePolicyViolation, "the session lasted for 50s, which is the most")
		ws.Close()
		<-said
	})
}

// What a client sends too fast waits, is not lost, and is not waited for once the
// session is over.
func TestAMeteredClient(t *testing.T) {
	inBounds(t, Bounds{Quota: quota.New(quota.Limits{AccountRate: 1000})}, func(t *testing.T, s bounded) {
		ws := s.begin("")
		hear(t, ws, "SUCC")
		message := bytes.Repeat([]byte("a"), 500)
		began := time.Now()
		var saying sync.WaitGroup
		saying.Go(func() {
			for range 22 {
				ws.WriteMessage(websocket.TextMessage, message)
			}
		})
		for range 22 {
			hear(t, ws, string(bytes.ToUpper(message)))
		}
		saying.Wait()
		if took := time.Since(began).Round(time.Millisecond); took != 10*time.Second {
			t.Errorf("11000 bytes took %v", took)
		}
		say(t, ws, websocket.TextMessage, string(make([]byte, 1<<20)))
		s.live.All()[0].Stop(session.End{Cause: session.Stopped, Words: "enough"})
		ends(t, ws, websocket.CloseGoingAway, "enough")
	})
}

// What a server sends too fast waits, and is not lost.
func TestAMeteredServer(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		use, err := quota.New(quota.Limits{AccountRate: 1000}).Open(quota.Account, netip.Addr{})
		if err != nil {
			t.Fatal(err)
		}
		near, far := net.Pipe()
		defer near.Close()
		go func() {
			fmt.Fprintf(far, "%011000d", 0)
			far.Close()
		}()
		config, m := metered(t.Context(), session.Config{Dial: func(context.Context) (session.Server, error) { return server{near, false}, nil }}, use)
		defer m.end()
		s, err := config.Dial(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		began, got := time.Now(), 0
		for {
			data, err := s.Receive()
			if got += len(data); err != nil {
				break
			}
		}
		if took := time.Since(began).Round(time.Millisecond); got != 11000 || took != 10*time.Second {
			t.Errorf("%d bytes took %v", got, took)
		}
		if s.Close(); m.ctx.Err() == nil {
			t.Error("a closed server is waited for")
		}
	})
}
