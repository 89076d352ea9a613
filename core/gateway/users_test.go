package gateway

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/class"
	"github.com/protocol-workbench/workbench/core/login"
	"github.com/protocol-workbench/workbench/core/store"
)

// doing says what each route does, once more and by hand. A new route is here.
var doing = map[string]access.Action{
	"GET /": access.Look, "GET /docs/": access.Look, "GET /healthz": "", "GET /api/modes": access.Look, "POST /api/compare": access.Look,
	"GET /api/tls": access.Look, "POST /api/tls": access.Change, "DELETE /api/tls/{id}": access.Change,
	"GET /api/sessions": access.Look, "DELETE /api/sessions/{id}": access.Change, "GET /api/sessions/{id}/entries": access.Look,
	"GET /websocket/":      access.Dial,
	"GET /api/transcripts": access.Look, "POST /api/transcripts/import": access.Change,
	"GET /api/transcripts/{id}": access.Look, "GET /api/transcripts/{id}/info": access.Look, "GET /api/transcripts/{id}/follow": access.Look,
	"GET /api/transcripts/{id}/export": access.Look, "GET /api/transcripts/{id}/notes": access.Look, "PUT /api/transcripts/{id}/notes": access.Change,
	"GET /api/transcripts/{id}/diff": access.Look, "POST /api/transcripts/{id}/rules": access.Change, "POST /api/transcripts/{id}/replay": access.Look,
	"POST /api/transcripts/{id}/play/client": access.Dial, "POST /api/transcripts/{id}/play/server": access.Listen,
	"POST /api/transcripts/{id}/redact": access.Change, "DELETE /api/transcripts/{id}": access.Change,
	"GET /api/lessons": access.Look, "GET /api/lessons/{name}": access.Look, "POST /api/lessons/{name}/check": access.Change, "POST /api/lessons/{name}/stages": access.Dial,
	"GET /api/taps": access.Look, "GET /api/taps/live": access.Look, "POST /api/taps": access.Listen, "DELETE /api/taps/{id}": access.Change,
	"GET /login": "", "GET /callback": "", "GET /logout": access.Look,
	"GET /join": "", "POST /api/join": "", "GET /api/class": access.Teach, "GET /api/class/qr.svg": access.Teach, "POST /api/class/pause": access.Teach,
	"DELETE /api/class/students/{id}": access.Teach, "DELETE /api/class/students/{id}/hand": access.Teach, "POST /api/class/hand": access.Change,
	"GET /api/class/live": access.Look, "GET /api/class/wall": access.Teach, "POST /api/class/send": access.Teach, "POST /api/class/code": access.Teach,
	"PUT /api/class/projector": access.Teach, "DELETE /api/class/projector": access.Teach,
	"PUT /api/class/show": access.Teach, "DELETE /api/class/show": access.Teach, "GET /api/class/show/transcript": access.Look,
	"GET /api/class/results.csv": access.Teach, "GET /api/class/submissions.zip": access.Teach, "DELETE /api/class": access.Teach,
	"GET /metrics": access.Manage, "GET /debug/pprof/": access.Manage, "GET /api/dev": access.Manage, "GET /api/dev/": access.Manage, "POST /api/dev/": access.Manage,
}

// people are users of all roles, with their tokens; "" is the account.
func people(t *testing.T) (gate *access.Gate, tokens map[access.Role]string, revoked string) {
	t.Helper()
	return peopleIn(t, t.TempDir())
}

func peopleIn(t *testing.T, folder string) (gate *access.Gate, tokens map[access.Role]string, revoked string) {
	t.Helper()
	key, err := access.OpenKey(folder)
	if err != nil {
		t.Fatal(err)
	}
	users, err := access.OpenUsers(filepath.Join(folder, "users"))
	if err != nil {
		t.Fatal(err)
	}
	tokens = map[access.Role]string{}
	tokens[""], _ = key.Token()
	for _, role := range access.Roles() {
		if tokens[role], err = users.Add(string(role), role); err != nil {
			t.Fatal(err)
		}
	}
	revoked, _ = users.Add("revoked", access.Admin)
	if err := users.Remove("revoked"); err != nil {
		t.Fatal(err)
	}
	return access.New(key, users), tokens, revoked
}

// Each route by each Origin, Host, and credential of each role: only those pass that
// come from the page or a program, to a name of the workbench, with a credential whose
// role may do what the route does.
func TestWhoMayDoWhat(t *testing.T) {
	gate, tokens, revoked := people(t)
	synctest.Test(t, func(t *testing.T) { whoMayDoWhat(t, gate, tokens, revoked) }) // failed tries wait
}

func whoMayDoWhat(t *testing.T, gate *access.Gate, tokens map[access.Role]string, revoked string) {
	config := testGateway().Config
	config.Access, config.Origin = gate, "wb-test.localhost"
	config.Login, config.Class = login.New(login.Config{}, nowhere{}), new(class.Class)
	passed := false
	mux := http.NewServeMux()
	g := New(config)
	for _, rt := range everyRoute() {
		mux.HandleFunc(rt.pattern, func(w http.ResponseWriter, r *http.Request) { passed = g.mayAsk(w, r, rt.does) })
	}
	g.mux, g.others = mux, map[string]*Gateway{}
	for role := range tokens {
		g.others[string(role)] = &Gateway{Config: config, mux: mux}
	}
	credentials := map[string]access.Role{"": "none", revoked: "none", strings.Repeat("A", 43): "none"}
	for role, token := range tokens {
		credentials[token] = role
	}
	origins := map[string]bool{
		"": true, "http://HOST": true, "null": false, "https://HOST": false, "http://127.0.0.1:9000": false,
		"http://127.0.0.1.evil:8000": false, "http://rebound.example:8000": false, "http://HOST, http://evil": false,
	}
	hosts := map[string]bool{
		"127.0.0.1:8000": true, "localhost:8000": true, "[::1]:8000": true, "wb-test.localhost:8000": true,
		"127.0.0.1:9000": false, "rebound.example:8000": false, "127.0.0.1.evil:8000": false, "0.0.0.0:8000": false, "": false,
	}
	cells := 0
	for _, rt := range everyRoute() {
		does, known := doing[rt.pattern]
		if !known {
			t.Errorf("%s is not in the table of what routes do", rt.pattern)
		}
		method, path, _ := strings.Cut(rt.pattern, " ")
		for host, hostGood := range hosts {
			for origin, originGood := range origins {
				for token, role := range credentials {
					r := at(httptest.NewRequest(method, strings.NewReplacer("{id}", "x", "{name}", "x").Replace(path), nil), 8000)
					r.Host = host
					if origin != "" {
						r.Header.Set("Origin", strings.ReplaceAll(origin, "HOST", host))
					}
					if token != "" {
						r.Header.Set("Authorization", "Bearer "+token)
					}
					w := httptest.NewRecorder()
					passed = false
					w.Code = 0
					g.ServeHTTP(w, r)
					if role == "" {
						role = access.Admin
					}
					want := hostGood && originGood && (does == "" || role.May(does))
					if passed != want {
						t.Errorf("%s, Host %q, Origin %q, a %s's token: passed is %v: %d %.100s", rt.pattern, host, origin, role, passed, w.Code, w.Body)
					}
					cells++
				}
			}
		}
	}
	t.Logf("%d cells", cells)
}

// What changes something wants a header that no form can send, unless a token comes
// with it.
func TestForms(t *testing.T) {
	for _, test := range []struct {
		method, kind, header string
		by                   access.By
		form                 bool
	}{
		{"GET", "", "", access.Browser, false},
		{"POST", "application/json", "", access.Browser, true},
		{"DELETE", "", "", access.Browser, true},
		{"POST", "text/plain", "1", access.Browser, false},
		{"POST", "text/plain", "", access.Token, false},
		{"POST", "text/plain; charset=utf-8", "", access.Account, true},
		{"POST", "Application/X-WWW-Form-Urlencoded", "", access.Account, true},
		{"POST", "multipart/form-data; boundary=x", "", access.Anyone, true},
		{"POST", "multipart/form-data; boundary=x", "1", access.Account, false},
		{"POST", "application/json", "", access.Account, false},
		{"POST", "", "", access.Account, false},
		{"DELETE", "", "", access.Account, false},
	} {
		r := httptest.NewRequest(test.method, "/", nil)
		r.Header.Set("Content-Type", test.kind)
		r.Header.Set("X-Workbench", test.header)
		if got := mayBeForm(r, test.by); got != test.form {
			t.Errorf("%+v: %v", test, got)
		}
	}
}

// A browser that comes to an address of programs is told that the page is elsewhere, and
// never where: what reads the answer there may be another program's. Programs get the page
// there.
func TestSignpost(t *testing.T) {
	gate, tokens, _ := people(t)
	config := testGateway().Config
	config.Access, config.Origin = gate, "wb-test.localhost"
	config.Hosts = []Host{{"localhost", 9000}, {"workbench.example", 80}}
	g := New(config)
	get := func(host, path string, header ...string) string {
		r := at(httptest.NewRequest("GET", path, nil), 8000)
		r.Host = host
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		w := httptest.NewRecorder()
		g.ServeHTTP(w, r)
		return fmt.Sprint(w.Code, " ", w.Body.String())
	}
	visit := []string{"Sec-Fetch-Mode", "navigate", "Sec-Fetch-Dest", "document", "Sec-Fetch-Site", "none"}
	for _, host := range []string{"127.0.0.1:8000", "localhost:8000", "[::1]:8000", "other.localhost:8000"} {
		for _, path := range []string{"/", "/?mode=raw", "/?code=x", "/api/modes", "/app.js"} {
			if got := get(host, path, visit...); !strings.HasPrefix(got, "200 ") || !strings.Contains(got, "This address is for programs") || strings.Contains(got, "wb-test") {
				t.Errorf("%s%s: %.200s", host, path, got)
			}
		}
	}
	for _, host := range []string{"wb-test.localhost:8000", "localhost:9000", "workbench.example"} {
		if got := get(host, "/", visit...); !strings.HasPrefix(got, "401 ") || !strings.Contains(got, "This browser is not known here") {
			t.Errorf("%s: %.200s", host, got)
		}
	}
	crossing := slices.Concat(visit[:4], []string{"Sec-Fetch-Site", "cross-site"})
	if got := get("wb-test.localhost:8000", "/?target=a%22%3E:1&mode=raw", crossing...); !strings.Contains(got, `content="0;url=/?target=a%22%3E:1&amp;mode=raw"`) {
		t.Errorf("from another page: %s", got)
	}
	if got := get("127.0.0.1:8000", "/api/modes", "Authorization", "Bearer "+tokens[access.Student]); !strings.HasPrefix(got, "500 ") { // this gateway has no place for users
		t.Errorf("a program: %.100s", got)
	}
}

// Two users do what they please, a thousand times each and at once: none sees anything
// of the other, neither by asking for it nor in what all may see.
func TestUsersApart(t *testing.T) {
	gate, tokens, _ := people(t)
	config := testGateway().Config
	config.Access, config.Keep = gate, time.Minute
	config.Metrics = http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "metrics") })
	modes := config.Modes
	config.Modes = func() []Mode {
		all := modes()
		all[0].Sessions, all[0].PID, all[0].Restarts, all[0].Error, all[0].Overload = 4711, 4711, 4711, "4711", &Overload{4711, 4711}
		return all
	}
	var folders []*store.Folder
	var recordings []*store.Recordings
	config.Of = func(string) (Belongings, error) {
		folder, err := store.OpenFolder(t.TempDir())
		if err != nil {
			return Belongings{}, err
		}
		r := store.Record(folder, slog.New(slog.DiscardHandler))
		folders, recordings = append(folders, folder), append(recordings, r)
		return Belongings{Transcripts: r, Recordings: r}, nil
	}
	g := New(config)
	s := httptest.NewServer(g)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := g.Stop(ctx); err != nil {
			t.Error(err)
		}
		s.Close()
		for i, r := range recordings {
			r.Close(ctx)
			folders[i].Close()
		}
		http.DefaultClient.CloseIdleConnections()
	})
	var known sync.Map // role → the IDs of its sessions and recordings
	operations := 1000
	if testing.Short() {
		operations = 200
	}
	var all sync.WaitGroup
	for _, who := range []access.Role{access.Teacher, access.Student} {
		other := access.Teacher
		if who == other {
			other = access.Student
		}
		all.Go(func() {
			u := &user{t: t, url: s.URL, token: tokens[who], other: string(other)}
			for range operations {
				u.act(&known, who, other)
			}
			if len(u.own) == 0 {
				t.Error("no session was opened")
			}
		})
	}
	all.Wait()
}

// user is one of two.
type user struct {
	t                 *testing.T
	url, token, other string
	own               []string // IDs of sessions and recordings, in turn
}

func (u *user) act(known *sync.Map, who, other access.Role) {
	foreign := ""
	if ids, ok := known.Load(other); ok {
		foreign = ids.([]string)[rand.N(len(ids.([]string)))]
	}
	if slices.Contains(u.own, foreign) { // made in the same millisecond: each has one of that ID
		foreign = ""
	}
	switch rand.N(10) {
	case 0:
		u.dial(who)
		known.Store(who, slices.Clone(u.own))
	case 1:
		if _, list := u.ask("GET", "/api/sessions"); strings.Count(list, `"id"`) > len(u.own)/2 {
			u.t.Errorf("%s has %d sessions and sees %s", who, len(u.own)/2, list)
		}
	case 2:
		u.ask("GET", "/api/transcripts?text="+u.other)
	case 3:
		u.ask("GET", "/api/transcripts")
	case 4:
		if _, text := u.ask("GET", "/api/modes"); strings.Contains(text, "4711") || strings.Contains(text, `"restarts":1`) {
			u.t.Errorf("%s sees of all sessions: %s", who, text)
		}
	case 5:
		if code, text := u.ask("GET", "/metrics"); code != 403 {
			u.t.Errorf("metrics: %d %s", code, text)
		}
	case 6, 7:
		if foreign == "" {
			return
		}
		for _, path := range []string{"/api/transcripts/" + foreign, "/api/transcripts/" + foreign + "/info", "/api/transcripts/" + foreign + "/follow", "/api/sessions/" + foreign + "/entries"} {
			if code, text := u.ask("GET", path); code != 404 {
				u.t.Errorf("%s, of another: %d %s", path, code, text)
			}
		}
	case 8:
		if foreign == "" {
			return
		}
		for _, path := range []string{"/api/transcripts/" + foreign, "/api/sessions/" + foreign} {
			if code, text := u.ask("DELETE", path); code != 404 {
				u.t.Errorf("%s, of another: %d %s", path, code, text)
			}
		}
	case 9:
		if foreign == "" {
			return
		}
		ws := u.connect("?attach=" + foreign)
		defer ws.Close()
		if _, got, _ := ws.ReadMessage(); !strings.HasPrefix(string(got), "FAIL:no such session") {
			u.t.Errorf("attached to another's session: %s", got)
		}
	}
}

// ask makes a request, and looks whether the answer says anything of the other.
func (u *user) ask(method, path string) (int, string) {
	r, _ := http.NewRequest(method, u.url+path, nil)
	r.Header.Set("Authorization", "Bearer "+u.token)
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		u.t.Error(err)
		return 0, ""
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	if strings.Contains(string(body), u.other) {
		u.t.Errorf("%s %s tells of the %s: %s", method, path, u.other, body)
	}
	return response.StatusCode, string(body)
}

func (u *user) connect(query string) *websocket.Conn {
	d := websocket.Dialer{Subprotocols: []string{subprotocol}}
	ws, _, err := d.Dial("ws"+strings.TrimPrefix(u.url, "http")+"/websocket/ws"+query, http.Header{"Authorization": {"Bearer " + u.token}})
	if err != nil {
		u.t.Fatal(err)
	}
	return ws
}

// dial opens a session whose target has the role's name, and leaves it.
func (u *user) dial(who access.Role) {
	ws := u.connect("?keep=on")
	defer ws.Close()
	ws.WriteMessage(websocket.TextMessage, []byte(string(who)+".example:7"))
	if _, got, err := ws.ReadMessage(); string(got) != "SUCC" {
		u.t.Errorf("%s: %s, %v", who, got, err)
		return
	}
	_, hello, err := ws.ReadMessage()
	var told []struct{ Attach, Transcript string }
	if err != nil || json.Unmarshal(hello, &told) != nil || told[0].Attach == "" || told[0].Transcript == "" {
		u.t.Errorf("%s: %s, %v", who, hello, err)
		return
	}
	u.own = append(u.own, told[0].Attach, told[0].Transcript)
}

// A user who is removed, or gets another token, is out, with the sessions that are open.
func TestRevokedUsers(t *testing.T) {
	folder := t.TempDir()
	gate, tokens, _ := peopleIn(t, folder)
	users, err := access.OpenUsers(filepath.Join(folder, "users"))
	if err != nil {
		t.Fatal(err)
	}
	config := testGateway().Config
	config.Access = gate
	config.Of = func(string) (Belongings, error) { return Belongings{}, nil }
	g := New(config)
	s := stopping(t, g)
	open := func(role access.Role) *websocket.Conn {
		ws := (&user{t: t, url: s.URL, token: tokens[role]}).connect("")
		t.Cleanup(func() { ws.Close() })
		say(t, ws, websocket.TextMessage, "a.example:7")
		if _, got, err := ws.ReadMessage(); string(got) != "SUCC" {
			t.Fatal(string(got), err)
		}
		return ws
	}
	stays, removed := open(access.Teacher), open(access.Student)
	if err := users.Remove(string(access.Student)); err != nil {
		t.Fatal(err)
	}
	if seen := until(t, removed, `"revoked"`); !strings.Contains(seen, "the user's token was revoked") {
		t.Errorf("the session ended with %s", seen)
	}
	ends(t, removed, websocket.ClosePolicyViolation, "the user's token was revoked")
	say(t, stays, websocket.TextMessage, `{"text":"still here"}`)
	until(t, stays, "STILL HERE")
}

// Each route that changes something refuses what may come from a form, of a browser that
// is known here and of a program that needs no credential.
func TestEachRouteRefusesForms(t *testing.T) {
	g := testGateway()
	for _, rt := range everyRoute() {
		method, path, _ := strings.Cut(rt.pattern, " ")
		for _, by := range []access.By{access.Browser, access.Account, access.Anyone, access.Token} {
			for _, header := range []string{"", "1"} {
				r := httptest.NewRequest(method, strings.NewReplacer("{id}", "x", "{name}", "x").Replace(path), nil)
				r.Header.Set("Content-Type", "text/plain")
				r.Header.Set("X-Workbench", header)
				w := httptest.NewRecorder()
				asked := g.mayAsk(w, withAsker(r, asker{Principal: access.Own(by)}), rt.does)
				isForm := method == "POST" && by != access.Token || method != "GET" && by == access.Browser
				if want := !isForm || header != "" || doing[rt.pattern] == access.Look; asked != want {
					t.Errorf("%s, by %s, X-Workbench %q: %v, %d", rt.pattern, by, header, asked, w.Code)
				}
			}
		}
	}
}
