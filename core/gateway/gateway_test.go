package gateway

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/target"
	"github.com/protocol-workbench/workbench/core/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// upper answers the client itself, in capitals.
type upper struct{ end string }

func (u upper) Handle(e core.Event, out *core.Out) error {
	if e.Kind == core.ClientText {
		out.Text([]byte(strings.ToUpper(string(e.Data)) + u.end))
	}
	return nil
}

var upperMode = core.Discipline{
	Manifest: core.Manifest{
		Name: "upper", Title: "Upper", Input: core.InputLine,
		Options: []core.Option{{Name: "loud", Type: core.OptionBool, Default: "false"}},
	},
	Open: func(o core.Opening, _ *core.Out) (core.Machine, error) {
		if o.Options.Bool("loud") {
			return upper{"!"}, nil
		}
		return upper{}, nil
	},
}

// server is a connection to nobody, open until it is closed.
type server struct {
	net.Conn
	secure bool
}

func (s server) CloseWrite() error { return s.Close() }
func (s server) Receive() ([]byte, error) {
	b := make([]byte, 32<<10)
	n, err := s.Read(b)
	return b[:n], err
}

func (s server) Ready() bool      { return false }
func (s server) Resolved() string { return "192.0.2.1:7" }
func (s server) Secured() string  { return "" }
func (s server) Through() string  { return "" }
func (s server) AllowedBy() string {
	return "the preset local"
}
func (s server) TLS() *target.Outcome {
	if s.secure {
		return &target.Outcome{Version: "1.3", Verified: "none", Certificate: &target.Certificate{Names: []string{}}}
	}
	return nil
}

func testGateway() *Gateway {
	return New(Config{
		Modes: func() []Mode { return []Mode{{Manifest: upperMode.Manifest, State: "ready"}} },
		Manifest: func(_ context.Context, mode string) (core.Manifest, error) {
			if mode != "upper" {
				return core.Manifest{}, errors.New("no such mode")
			}
			return upperMode.Manifest, nil
		},
		Plugin: func(string) (session.Plugin, error) {
			return &session.Fixed{Connect: func(context.Context, bool) (*wire.Conn, error) {
				return wire.Pipe(upperMode, slog.New(slog.DiscardHandler)), nil
			}}, nil
		},
		Dial: func(_ context.Context, t target.Target, _ target.Security) (Server, error) {
			if t.Host == "refused" {
				return nil, errors.New("connection refused by refused:1: nothing listens there")
			}
			if t.Host == "expired" {
				return nil, &target.Error{
					Words: "the certificate expired", Code: target.CodeExpired, Certificate: &target.Certificate{Subject: "CN=old", Names: []string{"h"}, Fingerprint: "ab12"},
					Ways: []target.Choice{{Name: "verify", Value: "sha256:ab12"}, {Name: "verify", Value: "ca:"}, {Name: "name"}},
				}
			}
			near, far := net.Pipe()
			go func() { io.Copy(io.Discard, far); far.Close() }()
			return server{near, t.TLS}, nil
		},
	})
}

// stopping serves a gateway, which is stopped with its sessions when the test ends.
func stopping(t *testing.T, g *Gateway) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(g)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := g.Stop(ctx); err != nil {
			t.Error(err)
		}
		s.Close()
	})
	return s
}

func dial(t *testing.T, query string, protocols ...string) *websocket.Conn {
	t.Helper()
	g := testGateway()
	s := httptest.NewServer(g)
	d := websocket.Dialer{Subprotocols: protocols}
	ws, response, err := d.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/websocket/ws"+query, nil)
	if err != nil {
		t.Fatalf("%v, %v", err, response)
	}
	t.Cleanup(func() {
		ws.Close()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := g.Stop(ctx); err != nil {
			t.Error(err)
		}
		s.Close()
	})
	return ws
}

func say(t *testing.T, ws *websocket.Conn, kind int, message string) {
	t.Helper()
	if err := ws.WriteMessage(kind, []byte(message)); err != nil {
		t.Fatal(err)
	}
}

func hear(t *testing.T, ws *websocket.Conn, want string) {
	t.Helper()
	ws.SetReadDeadline(time.Now().Add(time.Minute))
	_, got, err := ws.ReadMessage()
	if err != nil || !strings.Contains(string(got), want) {
		t.Fatalf("heard %q, %v; want %q", got, err, want)
	}
}

func ends(t *testing.T, ws *websocket.Conn, code int, words string) {
	t.Helper()
	ws.SetReadDeadline(time.Now().Add(time.Minute))
	for {
		_, _, err := ws.ReadMessage()
		var end *websocket.CloseError
		if errors.As(err, &end) {
			if end.Code != code || !strings.Contains(end.Text, words) {
				t.Errorf("closed %d %q, want %d %q", end.Code, end.Text, code, words)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
	}
}

func TestPlainClient(t *testing.T) {
	ws := dial(t, "")
	say(t, ws, websocket.TextMessage, " h:1 ")
	hear(t, ws, "SUCC")
	say(t, ws, websocket.TextMessage, "hello")
	hear(t, ws, "HELLO")
	say(t, ws, websocket.TextMessage, "a\xffb")
	ends(t, ws, websocket.CloseInvalidFramePayloadData, "not UTF-8")
}

func TestRefused(t *testing.T) {
	for _, c := range []struct{ query, first, want string }{
		{"", "refused:1", "FAIL:connection refused by refused:1"},
		{"", "h", "FAIL:no port"},
		{"?mode=x", "h:1", `FAIL:unknown mode "x"; the modes are upper`},
		{"?option.loud=yes", "h:1", "FAIL:option loud of mode upper"},
		{"?option.x=1", "h:1", `FAIL:mode upper has no option "x"; its options are loud`},
		{"?modus=upper", "h:1", `FAIL:unknown query parameter "modus"`},
		{"", strings.Repeat("x", 2000), "FAIL:the first message is longer than 1024 bytes"},
		{"", "h:1\xff", "FAIL:the first message is not UTF-8"},
	} {
		ws := dial(t, c.query)
		say(t, ws, websocket.TextMessage, c.first)
		hear(t, ws, c.want)
		ends(t, ws, websocket.CloseNormalClosure, "")
	}
}

func TestEntries(t *testing.T) {
	for message, want := range map[string]string{
		`{"txt":"x"}`:             "workbench.v1 is",
		`{"text":"x","eof":true}`: "workbench.v1 is",
		`{}`:                      "workbench.v1 is",
		`{"eof":false}`:           "workbench.v1 is",
		`{"text":"x"}{}`:          "workbench.v1 is",
		`hello`:                   "workbench.v1 is",
	} {
		ws := dial(t, "?mode=upper", subprotocol)
		say(t, ws, websocket.TextMessage, "h:1")
		hear(t, ws, "SUCC")
		hear(t, ws, `"kind":"hello"`)
		say(t, ws, websocket.TextMessage, message)
		ends(t, ws, websocket.ClosePolicyViolation, want)
	}
}

func TestStop(t *testing.T) {
	g := testGateway()
	s := httptest.NewServer(g)
	defer s.Close()
	var all []*websocket.Conn
	for range 3 { // one of them has not sent anything yet
		ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/websocket/ws", nil)
		if err != nil {
			t.Fatal(err)
		}
		defer ws.Close()
		all = append(all, ws)
	}
	for _, ws := range all[:2] {
		say(t, ws, websocket.TextMessage, "h:1")
		hear(t, ws, "SUCC")
	}
	stopped := make(chan error)
	go func() { stopped <- g.Stop(context.Background()) }()
	for _, ws := range all {
		ends(t, ws, websocket.CloseGoingAway, "stopping")
	}
	if err := <-stopped; err != nil {
		t.Error(err)
	}
	if _, response, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(s.URL, "http")+"/websocket/ws", nil); err == nil || response.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a session could begin after the stop: %v", err)
	}
}

// FuzzHandshake checks that any handshake gives a consistent request, or an error in
// plain, bounded words. Nothing is dialled.
func FuzzHandshake(f *testing.F) {
	f.Add("127.0.0.1:80", "", "127.0.0.1:8000", "http://localhost:8000")
	f.Add("tls://h:https", "mode=upper&option.loud=true", "[::1]", "null")
	f.Add("", "mode=x&mode=y&%zz", "", "")
	g := testGateway()
	f.Fuzz(func(t *testing.T, first, query, host, origin string) {
		values, _ := url.ParseQuery(query)
		wanted, err := g.parse(t.Context(), first, values)
		switch {
		case err == nil && (wanted.target.Port == 0 || wanted.mode.Name != "upper" || wanted.options["loud"] == ""):
			t.Errorf("%q %q: %+v", first, query, wanted)
		case err != nil && (err.Error() == "" || len(err.Error()) > 2*core.MaxOptionValue):
			t.Errorf("%q %q: an error of %d bytes", first, query, len(err.Error()))
		}
		r := &http.Request{Host: host, Header: http.Header{"Origin": {origin}}, URL: &url.URL{Path: "/"}}
		if new(Gateway).refuse(at(r, 8000)) == "" {
			h, err := parseHost(host, "http")
			if err != nil || !h.isLoopback() || h.port != 8000 || !strings.HasPrefix(origin, "http://") {
				t.Errorf("Host %q, Origin %q was let through", host, origin)
			}
		}
	})
}
