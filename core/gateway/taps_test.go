package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/quota"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/target"
	"github.com/protocol-workbench/workbench/core/wire"
)

// streamMode notes how much came of its client.
var streamMode = core.Discipline{
	Manifest: core.Manifest{
		Name: "stream", Title: "Stream", Input: core.InputBytes,
		Events: []string{core.ClientBytes.String()}, Clients: []string{core.Messages.String(), core.Stream.String()},
	},
	Open: func(core.Opening, *core.Out) (core.Machine, error) { return streamed{}, nil },
}

type streamed struct{}

func (streamed) Handle(e core.Event, out *core.Out) error {
	switch e.Kind {
	case core.ClientBytes:
		out.Note(fmt.Sprintf("%d bytes", len(e.Data)))
		out.Server(e.Data) // counts where it is in the path
	case core.ServerBytes:
		out.Binary(e.Data)
	}
	return nil
}

// tapper is a gateway with taps, and a server that echoes.
type tapper struct {
	*Gateway
	t       *testing.T
	url     string
	echo    string
	token   string
	audited *auditLog
}

// auditLog holds what was written to the audit log.
type auditLog struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *auditLog) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *auditLog) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

func newTapper(t *testing.T, with func(*Config)) *tapper {
	t.Helper()
	folder, err := store.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	recordings := store.Record(folder, slog.New(slog.DiscardHandler))
	recordings.Most = 1 << 20
	echo, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			conn, err := echo.Accept()
			if err != nil {
				return
			}
			go func() { io.Copy(conn, conn); conn.Close() }()
		}
	}()
	config := testGateway().Config
	config.Modes = func() []Mode { return []Mode{{Manifest: upperMode.Manifest}, {Manifest: streamMode.Manifest}} }
	config.Manifest = func(_ context.Context, mode string) (core.Manifest, error) {
		if mode == "stream" {
			return streamMode.Manifest, nil
		}
		return upperMode.Manifest, nil
	}
	config.Plugin = func(string) (session.Plugin, error) {
		return &session.Fixed{Connect: func(context.Context, bool) (*wire.Conn, error) {
			return wire.Pipe(streamMode, slog.New(slog.DiscardHandler)), nil
		}}, nil
	}
	config.Dial = func(ctx context.Context, to target.Target, s target.Security) (Server, error) {
		conn, err := (&target.Dialer{}).Dial(ctx, to, s)
		if err != nil {
			return nil, err
		}
		return conn, nil
	}
	config.Listen = func(at netip.AddrPort) (net.Listener, error) { return net.Listen("tcp", at.String()) }
	config.Keep, config.Transcripts, config.Recordings = time.Minute, recordings, recordings
	audited := new(auditLog)
	config.Audit = slog.New(slog.NewJSONHandler(audited, nil))
	if with != nil {
		with(&config)
	}
	g := New(config)
	s := httptest.NewServer(g)
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := errors.Join(g.Stop(ctx), recordings.Close(ctx)); err != nil {
			t.Error(err)
		}
		s.Close()
		echo.Close()
		folder.Close()
	})
	return &tapper{Gateway: g, t: t, url: s.URL, echo: echo.Addr().String(), audited: audited}
}

// ask sends a request, and returns the status and the answer.
func (g *tapper) ask(method, path, body string) (int, string) {
	g.t.Helper()
	r, err := http.NewRequest(method, g.url+path, strings.NewReader(body))
	if err != nil {
		g.t.Fatal(err)
	}
	r.Header.Set("Content-Type", "application/json")
	if g.token != "" {
		r.Header.Set("Authorization", "Bearer "+g.token)
	}
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		g.t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	return answer.StatusCode, string(text)
}

// begin begins a tap of the echo server, and returns its ID and where it listens.
func (g *tapper) begin(more string) (id, listen string) {
	g.t.Helper()
	status, text := g.ask("POST", "/api/taps", fmt.Sprintf(`{"target":%q,"mode":"stream"%s}`, g.echo, more))
	var began struct{ ID, Listen string }
	if err := json.Unmarshal([]byte(text), &began); status != 200 || err != nil {
		g.t.Fatal(status, text)
	}
	return began.ID, began.Listen
}

// client connects to a tap.
func (g *tapper) client(at string) *net.TCPConn {
	g.t.Helper()
	conn, err := net.Dial("tcp", at)
	if err != nil {
		g.t.Fatal(err)
	}
	g.t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(time.Minute))
	return conn.(*net.TCPConn)
}

// turnsAway checks that a connection is reset, which may be as early as in connect.
func (g *tapper) turnsAway(at, what string) {
	g.t.Helper()
	conn, err := net.Dial("tcp", at)
	if err != nil {
		return
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	if _, err := conn.Read(make([]byte, 1)); err == nil || errors.Is(err, io.EOF) || errors.Is(err, os.ErrDeadlineExceeded) {
		g.t.Errorf("%s: its client read %v", what, err)
	}
}

// echoes says something and reads it back.
func (g *tapper) echoes(conn net.Conn, words string) {
	g.t.Helper()
	fmt.Fprint(conn, words)
	b := make([]byte, len(words))
	if _, err := io.ReadFull(conn, b); err != nil || string(b) != words {
		g.t.Fatalf("read %q, %v; want %q", b, err, words)
	}
}

// follow opens the stream of taps; its function reads until all taps are as is wanted.
func (g *tapper) follow() func(what string, is func(map[string]tapShown) bool) map[string]tapShown {
	g.t.Helper()
	ws, response, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(g.url, "http")+"/api/taps/live", nil)
	if err != nil {
		g.t.Fatal(err, response)
	}
	g.t.Cleanup(func() { ws.Close() })
	ws.SetReadDeadline(time.Now().Add(time.Minute))
	known := map[string]tapShown{}
	return func(what string, is func(map[string]tapShown) bool) map[string]tapShown {
		g.t.Helper()
		for {
			var message struct {
				Order []string
				Taps  []tapShown
			}
			if err := ws.ReadJSON(&message); err != nil {
				g.t.Fatalf("%s: %v; known is %+v", what, err, known)
			}
			now := map[string]tapShown{}
			for _, id := range message.Order {
				now[id] = known[id]
			}
			for _, one := range message.Taps {
				now[one.ID] = one
			}
			if known = now; is(known) {
				return known
			}
		}
	}
}

// A connection of a tap is a session of its user: counted, listed, recorded, watched live
// and from its start, read only, and ended by its user.
func TestTap(t *testing.T) {
	for _, through := range []bool{false, true} {
		t.Run(fmt.Sprintf("through=%v", through), func(t *testing.T) {
			g := newTapper(t, nil)
			wait := g.follow()
			wait("no taps", func(all map[string]tapShown) bool { return len(all) == 0 })
			id, at := g.begin(fmt.Sprintf(`,"through":%v`, through))
			conn := g.client(at)
			g.echoes(conn, "hello")
			shown := wait("a connection", func(all map[string]tapShown) bool {
				c := all[id].Connections
				return len(c) == 1 && c[0].State == tapOpen && c[0].ToServer == 5 && c[0].ToClient == 5
			})[id]
			c := shown.Connections[0]
			if shown.Listen != at || shown.Target != g.echo || shown.Mode != "stream" || shown.Through != through || !shown.Recorded ||
				shown.Came != 1 || shown.Open != 1 || c.From != conn.LocalAddr().String() || c.Transcript == "" {
				t.Errorf("shown is %+v", shown)
			}
			if _, list := g.ask("GET", "/api/sessions", ""); !strings.Contains(list, `"tap":"`+id+`"`) || !strings.Contains(list, `"id":"`+c.Attach+`"`) {
				t.Errorf("the list of sessions is %s", list)
			}

			d := websocket.Dialer{Subprotocols: []string{subprotocol}}
			ws, _, err := d.Dial("ws"+strings.TrimPrefix(g.url, "http")+"/websocket/ws?window=w&attach="+c.Attach, nil)
			if err != nil {
				t.Fatal(err)
			}
			defer ws.Close()
			seen := until(t, ws, `"5 bytes"`)
			for _, want := range []string{`"readonly":true`, `"tap":"` + id + `"`, `"kind":"bytes","text":"hello"`} {
				if !strings.Contains(seen, want) {
					t.Errorf("%s lacks %s", seen, want)
				}
			}
			say(t, ws, websocket.TextMessage, `{"text":"mine","m":1}`)
			until(t, ws, `"no-keyboard"`)
			g.echoes(conn, "again")
			until(t, ws, `"again"`)

			if status, text := g.ask("DELETE", "/api/sessions/"+c.Attach, ""); status != http.StatusNoContent {
				t.Error(status, text)
			}
			if n, err := conn.Read(make([]byte, 1)); err == nil {
				t.Errorf("the client of a session that was ended read %d bytes", n)
			}
			until(t, ws, `"kind":"ended"`)
			over := wait("its end", func(all map[string]tapShown) bool { return all[id].Connections[0].State == tapOver })[id]
			if c := over.Connections[0]; over.Open != 0 || c.Ended == nil || c.Words == "" {
				t.Errorf("shown is %+v", over)
			}
			if status, text := g.ask("GET", "/api/transcripts/"+c.Transcript, ""); status != 200 || !strings.Contains(text, `>> client bytes "hello"`) || strings.Contains(text, "\nwatch") == through {
				t.Errorf("the recording is %d %s", status, text)
			}

			stays := g.client(at)
			g.echoes(stays, "one more")
			if status, _ := g.ask("DELETE", "/api/taps/"+id, ""); status != http.StatusNoContent {
				t.Error(status)
			}
			stays.Read(make([]byte, 1))
			last := wait("the end of the tap", func(all map[string]tapShown) bool { return all[id].Over && all[id].Open == 0 })[id]
			if words := last.Connections[0].Words; words != "the tap was stopped" {
				t.Errorf("the session ended: %s", words)
			}
			if _, err := net.Dial("tcp", at); err == nil {
				t.Error("a tap that was stopped listens")
			}
			g.ask("DELETE", "/api/taps/"+id, "")
			wait("no taps any more", func(all map[string]tapShown) bool { return len(all) == 0 })
			if status, _ := g.ask("DELETE", "/api/taps/"+id, ""); status != http.StatusNotFound {
				t.Error(status)
			}
			for _, want := range []string{`"msg":"tap"`, `"msg":"dial"`, `"msg":"end"`} {
				if !strings.Contains(g.audited.String(), want) {
					t.Errorf("the audit log lacks %s", want)
				}
			}
		})
	}
}

// A tap with rules on faults is in the path, and each of its connections has the faults.
func TestTapWithFaults(t *testing.T) {
	g := newTapper(t, nil)
	id, at := g.begin(`,"faults":"from-server on match \"ell\": replace match \"ipp\"\nto-server after line 1: delay 1ms"`)
	for range 2 {
		conn := g.client(at)
		fmt.Fprint(conn, "hello\n")
		b := make([]byte, 6)
		if _, err := io.ReadFull(conn, b); err != nil || string(b) != "hippo\n" {
			t.Errorf("read %q, %v", b, err)
		}
	}
	shown := g.follow()("two connections", func(all map[string]tapShown) bool { return all[id].Open == 2 })[id]
	if !shown.Through || shown.Faults != 2 {
		t.Errorf("shown is %+v", shown)
	}
}

// What is wrong with a tap is said when it is asked for.
func TestTapsThatCannotBe(t *testing.T) {
	g := newTapper(t, nil)
	_, taken := g.begin("")
	for body, want := range map[string]string{
		`{`: "400 ",
		`{"target":"h:1","mode":"stream","listen":"0.0.0.0:0"}`:                        `400 listen is "0.0.0.0:0", which other machines may reach; a tap asks nobody who he is, so it listens on this machine alone, as on 127.0.0.1:0`,
		`{"target":"h:1","mode":"stream","listen":"192.0.2.1:25"}`:                     `400 listen is "192.0.2.1:25", which other machines may reach`,
		`{"target":"h:1","mode":"stream","listen":"here"}`:                             `400 listen is "here"; it must be an address and a port, as in 127.0.0.1:6380`,
		`{"target":"h:1","mode":"upper"}`:                                              "400 line mode upper serves no client that is a program: it takes messages, and a program sends a stream; try the line mode raw",
		`{"target":"h:1","mode":"none"}`:                                               `400 unknown mode "none"; the modes are upper, stream`,
		`{"mode":"stream"}`:                                                            "400 ",
		`{"target":"h:1","mode":"stream","options":{"loud":"1"}}`:                      "400 mode stream has no option",
		`{"target":"h:1","mode":"stream","tls":{"verify":"none"}}`:                     "400 ",
		`{"target":"h:1","mode":"stream","via":"gopher://h"}`:                          "400 via: ",
		`{"target":"h:1","mode":"stream","listen":"` + taken + `"}`:                    "409 ",
		`{"target":"h:1","mode":"stream","nonsense":1}`:                                "400 ",
		`{"target":"h:1","mode":"stream","faults":"# none\nto-server"}`:                "400 fault: line 2: expected at BYTE",
		`{"target":"h:1","mode":"stream","faults":"to-server after message 1: stall"}`: "400 faults: a rule waits for messages, and the line mode decodes none",
		`{"target":"` + strings.Repeat("h", maxTapRequest) + `:1"}`:                    "413 ",
		`{"target":"h:1","mode":"stream","listen":"[2001:db8::1]:6380"}`:               "400 listen is",
		`{"target":"h:1","mode":"stream","listen":"127.0.0.1:notanumber"}`:             "400 listen is",
	} {
		if status, text := g.ask("POST", "/api/taps", body); !strings.HasPrefix(fmt.Sprintf("%d %s", status, text), want) {
			t.Errorf("%.60s: %d %s, want %s", body, status, text, want)
		}
	}
	for range maxTaps - 1 {
		g.begin("")
	}
	if status, text := g.ask("POST", "/api/taps", `{"target":"h:1","mode":"stream"}`); status != http.StatusConflict || !strings.Contains(text, "8 taps listen already") {
		t.Errorf("one more tap: %d %s", status, text)
	}
}

// A tap has so many connections, and its user so many sessions; others are turned away,
// and one whose target cannot be reached is reset.
func TestTapsTurnAway(t *testing.T) {
	g := newTapper(t, func(c *Config) {
		c.Bounds.Quota = quota.New(quota.Limits{Account: quota.Bounds{Sessions: 2}, AccountRate: 1 << 20})
	})
	id, at := g.begin("")
	for range 2 {
		g.echoes(g.client(at), "in")
	}
	g.turnsAway(at, "a third session")
	wait := g.follow()
	all := wait("one turned away", func(all map[string]tapShown) bool { return all[id].TurnedAway == 1 })
	if one := all[id]; one.Came != 3 || one.Open != 2 || len(one.Connections) != 2 || !strings.Contains(one.Why, "too many sessions of this user") {
		t.Errorf("shown is %+v", one)
	}

	free := newTapper(t, nil)
	id, at = free.begin("")
	for range maxTapClients {
		free.echoes(free.client(at), "in")
	}
	free.turnsAway(at, "one more connection")
	free.follow()("the last one turned away", func(all map[string]tapShown) bool {
		return all[id].TurnedAway == 1 && strings.Contains(all[id].Why, "64 connections")
	})

	_, at = free.begin(`,"target":"127.0.0.1:1"`)
	free.turnsAway(at, "a target that cannot be reached")
}

// A tap that is its own target is stopped.
func TestTapItself(t *testing.T) {
	g := newTapper(t, nil)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	at := l.Addr().String()
	l.Close()
	id, _ := g.begin(fmt.Sprintf(`,"listen":%q,"target":%q`, at, at))
	if conn, err := net.Dial("tcp", at); err == nil { // it may be reset before that
		defer conn.Close()
	}
	g.follow()("its end", func(all map[string]tapShown) bool {
		return all[id].Over && all[id].Problem == "the tap's target is the tap itself" && all[id].Open == 0
	})
}

// Many connections that have ended are not all listed.
func TestTapsForget(t *testing.T) {
	g := newTapper(t, nil)
	id, at := g.begin(`,"record":false`)
	stays := g.client(at)
	g.echoes(stays, "first")
	for range maxTapOver + 5 {
		conn := g.client(at)
		g.echoes(conn, "x")
		conn.CloseWrite()
		io.Copy(io.Discard, conn)
		conn.Close()
	}
	one := g.follow()("all ended", func(all map[string]tapShown) bool { return all[id].Open == 1 })[id]
	if n := len(one.Connections); n != maxTapOver+1 || one.Connections[n-1].State != tapOpen || one.Came != maxTapOver+6 || one.Recorded || one.Connections[0].Transcript != "" {
		t.Errorf("%d connections are listed: %+v", n, one)
	}
	for range 2 * maxTaps {
		id, _ := g.begin("")
		g.ask("DELETE", "/api/taps/"+id, "")
	}
	if all, _ := g.taps.shown(); len(all) != 1+maxTaps {
		t.Errorf("%d taps are listed", len(all))
	}
}

// Each user has taps of their own, which end with their standing.
func TestTapsOfUsers(t *testing.T) {
	folder := t.TempDir()
	gate, tokens, _ := peopleIn(t, folder)
	g := newTapper(t, func(c *Config) {
		c.Access = gate
		c.Of = func(string) (Belongings, error) { return Belongings{}, nil }
	})
	body := fmt.Sprintf(`{"target":%q,"mode":"stream"}`, g.echo)
	for role, want := range map[access.Role]int{access.Admin: 200, access.Teacher: 200, access.Student: 403, access.Viewer: 403} {
		g.token = tokens[role]
		if status, text := g.ask("POST", "/api/taps", body); status != want {
			t.Errorf("%s: %d %s", role, status, text)
		}
		if _, text := g.ask("GET", "/api/modes", ""); strings.Contains(text, `"taps":true`) != (want == 200) {
			t.Errorf("%s: the page is told otherwise: %s", role, text)
		}
	}
	g.token = tokens[access.Teacher]
	_, list := g.ask("GET", "/api/taps", "")
	var taps []tapShown
	if err := json.Unmarshal([]byte(list), &taps); err != nil || len(taps) != 1 {
		t.Fatal(list)
	}
	conn := g.client(taps[0].Listen)
	g.echoes(conn, "here")
	users, err := access.OpenUsers(folder + "/users")
	if err != nil {
		t.Fatal(err)
	}
	if err := users.Remove(string(access.Teacher)); err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Read(make([]byte, 1)); err == nil {
		t.Error("it reads")
	}
	of := g.users()[string(access.Teacher)]
	for {
		changes := of.taps.changes()
		if all, _ := of.taps.shown(); all[0].Over && all[0].Open == 0 {
			if all[0].Connections[0].Code != session.Revoked.String() {
				t.Errorf("shown is %+v", all[0])
			}
			break
		}
		select {
		case <-changes:
		case <-time.After(time.Minute):
			t.Fatal("the tap of a user who was removed goes on")
		}
	}
}
