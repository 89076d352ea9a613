package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/class"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/target"
)

// room is a gateway with a class, and its teacher's token.
type room struct {
	*Gateway
	t       *testing.T
	url     string
	code    string
	teacher string
	dialled chan string
	records bool // what users do from then on
	closes  []func()

	usersFile string
	ended     chan struct{} // gets one when the class is to be deleted
	folder    string        // of the class
	served    *httptest.Server
}

// forbidden is a host outside of practice.
const forbidden = "outside.example"

func newRoom(t *testing.T, change ...func(*Config)) *room {
	t.Helper()
	folder := t.TempDir()
	held, err := class.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	key, err := access.OpenKey(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	users, err := access.OpenUsers(class.UsersFile(folder))
	if err != nil {
		t.Fatal(err)
	}
	m := &room{t: t, code: held.State().Code, dialled: make(chan string, 100), usersFile: class.UsersFile(folder), folder: folder, ended: make(chan struct{}, 10)}
	m.teacher, err = users.Add("teacher", access.Teacher)
	if err != nil {
		t.Fatal(err)
	}
	config := testGateway().Config
	config.Access, config.Class, config.Keep = access.New(key, users), held, time.Minute
	config.EndClass = func() { m.ended <- struct{}{} }
	config.Of = func(string) (Belongings, error) { return m.belongings() }
	config.Addresses = []string{"http://192.0.2.1:8000"}
	config.Practices = []Practice{{Name: "http", Target: "127.0.0.1:4080", Mode: "upper"}}
	config.Practise = func(ctx context.Context, name, _ string, _ map[string]string) (Server, error) {
		m.dialled <- name
		return testGateway().Dial(ctx, target.Target{Host: name}, target.Security{})
	}
	dial := config.Dial
	config.Dial = func(ctx context.Context, to target.Target, s target.Security) (Server, error) {
		if to.Host == forbidden {
			return nil, &target.Error{Words: "rule", Code: target.CodeDenied, Cause: target.ErrDenied}
		}
		m.dialled <- to.Host
		return dial(ctx, to, s)
	}
	for _, change := range change {
		change(&config)
	}
	m.serves(config, "127.0.0.1:0")
	t.Cleanup(m.stops)
	return m
}

// belongings returns those of a user.
func (m *room) belongings() (Belongings, error) {
	if !m.records {
		return Belongings{}, nil
	}
	folder, err := store.OpenFolder(m.t.TempDir())
	if err != nil {
		return Belongings{}, err
	}
	r := store.Record(folder, slog.New(slog.DiscardHandler))
	m.closes = append(m.closes, func() {
		if err := errors.Join(r.Close(context.Background()), folder.Close()); err != nil {
			m.t.Error(err)
		}
	})
	return Belongings{Transcripts: r, Recordings: r}, nil
}

func (m *room) serves(config Config, at string) {
	m.t.Helper()
	listener, err := net.Listen("tcp", at)
	if err != nil {
		m.t.Fatal(err)
	}
	m.Gateway = New(config)
	m.served = &httptest.Server{Listener: listener, Config: &http.Server{Handler: m.Gateway}}
	m.served.Start()
	m.url = m.served.URL
}

func (m *room) stops() {
	m.Stop(context.Background())
	m.served.Close()
	for _, close := range m.closes {
		close()
	}
	m.closes = nil
	m.Class.Close()
	http.DefaultClient.CloseIdleConnections()
}

// startsAgain stops the workbench, and starts another one with the same class, and at the
// same port, which the cookies are for.
func (m *room) startsAgain() {
	m.t.Helper()
	m.stops()
	config := m.Config
	var err error
	if config.Class, err = class.Open(m.folder); err != nil {
		m.t.Fatal(err)
	}
	m.serves(config, m.served.Listener.Addr().String())
}

// person is a browser, or a program with a token.
type person struct {
	*room
	cookie, token string
}

// ask asks as the page does.
func (p *person) ask(method, path, body string) (int, string) {
	p.t.Helper()
	r, err := http.NewRequest(method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	r.Header = p.header()
	r.Header.Set("X-Workbench", "1")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		p.t.Fatal(err)
	}
	defer answer.Body.Close()
	for _, c := range answer.Cookies() {
		p.cookie = c.Name + "=" + c.Value
	}
	text, err := io.ReadAll(answer.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return answer.StatusCode, string(text)
}

func (p *person) header() http.Header {
	h := http.Header{"Sec-Fetch-Site": {"same-origin"}} // as of a browser
	if p.cookie != "" {
		h.Set("Cookie", p.cookie)
	}
	if p.token != "" {
		h.Set("Authorization", "Bearer "+p.token)
	}
	return h
}

// joins joins the class, and returns the user name.
func (p *person) joins(name string) string {
	p.t.Helper()
	status, text := p.ask("POST", "/api/join", fmt.Sprintf(`{"code":%q,"name":%q}`, p.code, name))
	var answer struct{ ID, Page string }
	if err := json.Unmarshal([]byte(text), &answer); status != 200 || err != nil || answer.Page != "/" || p.cookie == "" {
		p.t.Fatalf("%s does not join: %d %s", name, status, text)
	}
	return answer.ID
}

// opens opens a session and returns the first that it says.
func (p *person) opens(to string) (*websocket.Conn, string) {
	p.t.Helper()
	d := websocket.Dialer{Subprotocols: []string{subprotocol}}
	ws, answer, err := d.Dial("ws"+strings.TrimPrefix(p.url, "http")+"/websocket/ws?keep=on&window=a", p.header())
	if err != nil {
		p.t.Fatalf("%v: %v", err, answer)
	}
	p.t.Cleanup(func() { ws.Close() })
	say(p.t, ws, websocket.TextMessage, to)
	_, first, err := ws.ReadMessage()
	if err != nil {
		p.t.Fatal(err)
	}
	return ws, string(first)
}

func (p *person) wants(status int, words, method, path, body string) {
	p.t.Helper()
	if got, text := p.ask(method, path, body); got != status || !strings.Contains(text, words) {
		p.t.Errorf("%s %s %s: %d %s; want %d and %q", method, path, body, got, text, status, words)
	}
}

func TestAClass(t *testing.T) {
	m := newRoom(t)
	teacher, anna, tom := &person{room: m, token: m.teacher}, &person{room: m}, &person{room: m}
	if id := anna.joins("Anna"); id != "anna" {
		t.Error(id)
	}
	if id := tom.joins("anna"); id != "anna-2" {
		t.Error(id)
	}
	if id := anna.joins("Somebody Else"); id != "anna" {
		t.Errorf("the same browser comes back as %s", id)
	}
	anna.wants(200, `"user":"anna","role":"student"`, "GET", "/api/modes", "")
	ws, said := anna.opens("practice:7")
	if said != "SUCC" {
		t.Fatal(said)
	}
	<-m.dialled
	tom.wants(204, "", "POST", "/api/class/hand", `{"up":true}`)
	var shown struct {
		Code     string
		Join     []string
		Paused   bool
		Students []studentShown
	}
	look := func() {
		t.Helper()
		shown.Students = nil
		_, text := teacher.ask("GET", "/api/class", "")
		if err := json.Unmarshal([]byte(text), &shown); err != nil || len(shown.Students) == 0 {
			t.Fatal(err, text)
		}
	}
	if look(); shown.Code != m.code || len(shown.Join) != 1 || shown.Join[0] != "http://192.0.2.1:8000/join?code="+m.code || len(shown.Students) != 2 || shown.Paused ||
		shown.Students[0].Name != "Anna" || shown.Students[0].Sessions != 1 || shown.Students[0].Hand != nil || shown.Students[1].Hand == nil {
		t.Errorf("%+v", shown)
	}
	teacher.wants(204, "", "DELETE", "/api/class/students/anna-2/hand", "")
	teacher.wants(404, "no such student", "DELETE", "/api/class/students/anna-3/hand", "")
	if look(); shown.Students[1].Hand != nil {
		t.Errorf("the teacher has lowered the hand: %+v", shown.Students[1])
	}

	// While the class is paused, its teacher dials and students do not. What is open goes on.
	teacher.wants(204, "", "POST", "/api/class/pause", `{"paused":true}`)
	for _, to := range []string{"practice:7", "127.0.0.1:4080"} {
		refused, said := tom.opens(to)
		if said != "FAIL:the teacher has paused the class; sessions that are open go on" {
			t.Errorf("%s: %s", to, said)
		}
		hear(t, refused, `"code":"class-paused"`)
	}
	if _, said := teacher.opens("practice:7"); said != "SUCC" {
		t.Errorf("the teacher: %s", said)
	}
	<-m.dialled
	say(t, ws, websocket.TextMessage, `{"text":"still here"}`)
	until(t, ws, "STILL HERE")
	teacher.wants(204, "", "POST", "/api/class/pause", `{"paused":false}`)
	if _, said := tom.opens("practice:7"); said != "SUCC" {
		t.Error(said)
	}
	<-m.dialled

	// A student who is removed is out at once, and the sessions soon.
	teacher.wants(204, "", "DELETE", "/api/class/students/anna", "")
	until(t, ws, `"revoked"`)
	anna.wants(401, "", "GET", "/api/modes", "")
	if err := m.refuseInClass(asker{Principal: access.Principal{Name: "anna", Role: access.Student}}); codeOf(err) != codeClassLeft {
		t.Errorf("a session that was asked for just before: %v", err)
	}
	tom.wants(200, "", "GET", "/api/modes", "")
	if look(); len(shown.Students) != 1 {
		t.Errorf("%+v", shown)
	}
	if anna.joins("Anna"); anna.cookie == "" {
		t.Error("who was removed cannot join as somebody new")
	}
	teacher.wants(404, "no such student", "DELETE", "/api/class/students/anna", "")
}

// What a student, or somebody who is not known, may not.
func TestWhatStudentsMayNot(t *testing.T) {
	m := newRoom(t)
	anna, tom, nobody, teacher := &person{room: m}, &person{room: m}, &person{room: m}, &person{room: m, token: m.teacher}
	anna.joins("Anna")
	tom.joins("Tom")
	mine, said := anna.opens("practice:7")
	if said != "SUCC" {
		t.Fatal(said)
	}
	<-m.dialled
	var hello struct{ Session string }
	for _, live := range m.users()["anna"].live.All() {
		hello.Session = live.ID
	}
	for _, test := range []struct {
		who                *person
		status             int
		method, path, body string
	}{
		{tom, 404, "GET", "/api/sessions/" + hello.Session + "/entries", ""},
		{tom, 404, "DELETE", "/api/sessions/" + hello.Session, ""},
		{tom, 403, "GET", "/api/class", ""},
		{tom, 403, "POST", "/api/class/pause", `{"paused":true}`},
		{tom, 403, "DELETE", "/api/class/students/anna", ""},
		{tom, 403, "DELETE", "/api/class/students/tom", ""},
		{tom, 403, "DELETE", "/api/class/students/anna/hand", ""},
		{tom, 403, "GET", "/api/class/results.csv", ""},
		{tom, 403, "GET", "/api/class/submissions.zip", ""},
		{tom, 403, "DELETE", "/api/class", `{"delete":"everything"}`},
		{nobody, 401, "GET", "/api/class/results.csv", ""},
		{nobody, 401, "GET", "/api/class/submissions.zip", ""},
		{nobody, 401, "DELETE", "/api/class", `{"delete":"everything"}`},
		{teacher, 400, "DELETE", "/api/class", `{}`},
		{teacher, 400, "DELETE", "/api/class", `{"delete":"recordings"}`},
		{teacher, 400, "DELETE", "/api/class", ""},
		{tom, 403, "GET", "/api/class/wall", ""},
		{tom, 403, "POST", "/api/class/send", `{"lesson":"teapot"}`},
		{tom, 403, "POST", "/api/class/code", `{}`},
		{tom, 403, "PUT", "/api/class/projector", `{"student":"tom","attach":"x"}`},
		{tom, 403, "DELETE", "/api/class/projector", ""},
		{nobody, 401, "GET", "/api/class/live", ""},
		{nobody, 401, "GET", "/api/class/wall", ""},
		{nobody, 401, "POST", "/api/class/send", `{}`},
		{nobody, 401, "POST", "/api/class/code", `{}`},
		{nobody, 401, "PUT", "/api/class/projector", `{}`},
		{nobody, 401, "GET", "/api/class", ""},
		{nobody, 401, "POST", "/api/class/hand", `{"up":true}`},
		{nobody, 401, "POST", "/api/class/pause", `{"paused":true}`},
		{nobody, 401, "GET", "/", ""},
		{nobody, 403, "POST", "/api/join", `{"code":"AAAAAA","name":"x"}`},
		{nobody, 403, "POST", "/api/join", `{"name":"x"}`},
		{nobody, 400, "POST", "/api/join", `{"code":"` + m.code + `","name":"\u202e"}`},
		{nobody, 400, "POST", "/api/join", `{"code":"` + m.code + `","name":"` + strings.Repeat("x", class.MaxName+1) + `"}`},
		{nobody, 400, "POST", "/api/join", `[]`},
		{nobody, 413, "POST", "/api/join", strings.Repeat(" ", maxJoin+1)},
		{teacher, 409, "POST", "/api/join", `{"code":"` + m.code + `","name":"Anna"}`},
		{teacher, 409, "POST", "/api/class/hand", `{"up":true}`},
		{teacher, 400, "POST", "/api/class/pause", `{}`},
		{teacher, 404, "PUT", "/api/class/projector", `{"student":"nobody","attach":"x"}`},
		{teacher, 404, "PUT", "/api/class/projector", `{"student":"tom","attach":"x"}`},
		{tom, 400, "GET", "/api/class/live", ""}, // which is no handshake
		{tom, 400, "POST", "/api/class/hand", `{}`},
	} {
		test.who.wants(test.status, "", test.method, test.path, test.body)
	}
	if nobody.cookie != "" {
		t.Errorf("who was refused has the cookie %s", nobody.cookie)
	}

	// Whoever calls himself a teacher, or says so in the request, is a student.
	forger := &person{room: m}
	if status, text := forger.ask("POST", "/api/join", fmt.Sprintf(`{"code":%q,"name":"teacher","role":"teacher","id":"teacher"}`, m.code)); status != 200 || !strings.Contains(text, `"id":"teacher-2"`) {
		t.Errorf("%d %s", status, text)
	}
	forger.wants(200, `"role":"student"`, "GET", "/api/modes", "")
	forger.wants(403, "", "GET", "/api/class", "")
	forger.cookie = strings.Replace(forger.cookie, "teacher-2.", "teacher.", 1)
	forger.wants(401, "", "GET", "/api/class", "")

	ws, said := tom.opens(forbidden + ":25")
	if said != "FAIL:"+deniedWords {
		t.Error(said)
	}
	hear(t, ws, `"code":"denied"`)
	if len(m.dialled) > 0 {
		t.Errorf("%s was dialled", <-m.dialled)
	}
	if len(m.ended) > 0 || m.Class.HasEnded() {
		t.Error("the class was ended")
	}
	say(t, mine, websocket.TextMessage, `{"text":"still here"}`)
	until(t, mine, "STILL HERE")

	for n := 1; ; n++ {
		if status, text := tom.ask("POST", "/api/class/hand", `{"up":true}`); status == 429 && strings.HasPrefix(text, "too many raised hands of this user") {
			break
		} else if status != 204 && status != 400 || n > maxHandsStudent {
			t.Fatal(n, status, text)
		}
	}
}

// A request to join without the header that no form can send, or from another page, is
// refused, whoever asks.
func TestJoiningByForms(t *testing.T) {
	m := newRoom(t)
	for _, header := range []http.Header{
		{}, {"Content-Type": {"application/x-www-form-urlencoded"}}, {"Authorization": {"Bearer " + m.teacher}},
		{"X-Workbench": {"1"}, "Origin": {"http://elsewhere.example"}}, {"X-Workbench": {"1"}, "Sec-Fetch-Site": {"cross-site"}},
	} {
		r, _ := http.NewRequest("POST", m.url+"/api/join", strings.NewReader(`{"code":"`+m.code+`","name":"x"}`))
		r.Header = header
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		answer.Body.Close()
		if answer.StatusCode != 403 || len(answer.Cookies()) > 0 {
			t.Errorf("%v: %s", header, answer.Status)
		}
	}
	if n := len(m.Class.State().Students()); n > 0 {
		t.Errorf("%d have joined", n)
	}
}

// Tries are counted, whether their code is right or wrong, and wrong ones wait; a student
// who comes back does not count.
func TestFloodingJoins(t *testing.T) {
	folder := t.TempDir()
	held, err := class.Open(folder)
	if err != nil {
		t.Fatal(err)
	}
	defer held.Close()
	users, _ := access.OpenUsers(class.UsersFile(folder))
	key, err := access.OpenKey(filepath.Join(folder, "key"))
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		config := testGateway().Config
		config.Access, config.Class, config.Log = access.New(key, users), held, slog.New(slog.DiscardHandler)
		config.Of = func(string) (Belongings, error) { return Belongings{}, nil }
		g := New(config)
		defer g.Stop(t.Context())
		try := func(from, code, cookie string) *httptest.ResponseRecorder {
			r := at(httptest.NewRequest("POST", "/api/join", strings.NewReader(`{"code":"`+code+`","name":"x"}`)), 8000)
			r.Host, r.RemoteAddr = "127.0.0.1:8000", from
			r.Header.Set("X-Workbench", "1")
			r.Header.Set("Sec-Fetch-Site", "same-origin")
			r.Header.Set("Cookie", cookie)
			w := httptest.NewRecorder()
			g.ServeHTTP(w, r)
			return w
		}
		first := try("192.0.2.1:1", held.State().Code, "")
		cookie, _, _ := strings.Cut(first.Header().Get("Set-Cookie"), ";")
		if first.Code != 200 || cookie == "" {
			t.Fatal(first.Code, first.Body)
		}
		began, n := time.Now(), 1
		for ; ; n++ {
			w := try("192.0.2.1:1", "AAAAAA", "")
			if w.Code == 429 && w.Header().Get("Retry-After") != "" && strings.HasPrefix(w.Body.String(), "too many tries to join from this address: at most 600 a minute") {
				break
			} else if w.Code != 403 || n > 10*maxJoinsAddress {
				t.Fatal(n, w.Code, w.Body)
			}
		}
		if took := time.Since(began); n < maxJoinsAddress || took < 20*slowFor {
			t.Errorf("%d tries took %v", n, took)
		}
		if w := try("192.0.2.1:1", held.State().Code, ""); w.Code != 429 {
			t.Errorf("a right code from there: %d", w.Code)
		}
		if w := try("192.0.2.1:1", "", cookie); w.Code != 200 {
			t.Errorf("who is known: %d %s", w.Code, w.Body)
		}
		if w := try("192.0.2.2:1", held.State().Code, ""); w.Code != 200 {
			t.Errorf("from elsewhere: %d %s", w.Code, w.Body)
		}
		time.Sleep(time.Minute)
		var crowd sync.WaitGroup
		var refused atomic.Int32
		for n := range maxJoins + 7 {
			crowd.Go(func() {
				if w := try(fmt.Sprintf("192.0.%d.%d:1", 3+n/200, n%200), "AAAAAA", ""); w.Code == 503 {
					refused.Add(1)
				}
			})
		}
		if crowd.Wait(); refused.Load() != 7 {
			t.Errorf("of %d tries at once, from as many addresses, %d were refused", maxJoins+7, refused.Load())
		}
	})
}

// The page to join on is the same for everyone, comes by a link of another page, and runs
// nothing but what is in it.
func TestThePageToJoinOn(t *testing.T) {
	m := newRoom(t)
	visit := func(path string) *http.Response {
		r, _ := http.NewRequest("GET", m.url+path, nil)
		r.Header = http.Header{"Sec-Fetch-Site": {"cross-site"}, "Sec-Fetch-Mode": {"navigate"}, "Sec-Fetch-Dest": {"document"}}
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { answer.Body.Close() })
		return answer
	}
	answer := visit("/join?code=" + m.code)
	text, _ := io.ReadAll(answer.Body)
	policy := answer.Header.Get("Content-Security-Policy")
	if answer.StatusCode != 200 || string(text) != joinHTML || strings.Count(policy, "'sha256-") != 2 || strings.Contains(policy, "unsafe") || strings.Contains(policy, hashOf("nothing")) {
		t.Errorf("%s %s %s", answer.Status, policy, text)
	}
	if answer := visit("/join/x"); answer.StatusCode != http.StatusForbidden {
		t.Errorf("another page: %s", answer.Status)
	}
	without := testGateway()
	for _, pattern := range []string{"GET /join", "POST /api/join", "GET /api/class"} {
		method, path, _ := strings.Cut(pattern, " ")
		w := httptest.NewRecorder()
		if without.ServeHTTP(w, at(httptest.NewRequest(method, "http://127.0.0.1:8000"+path, nil), 8000)); w.Code != http.StatusNotFound {
			t.Errorf("%s without a class: %d", pattern, w.Code)
		}
	}
}

func TestErrorsOfAClass(t *testing.T) {
	g := testGateway()
	for err, want := range map[error]int{class.ErrFull: 409, class.ErrEnded: 409, class.ErrNoStudent: 404, &class.NameError{}: 400, errors.New("no space left"): 500} {
		w := httptest.NewRecorder()
		if g.failedInClass(w, err); w.Code != want || strings.Contains(w.Body.String(), "space") {
			t.Errorf("%v: %d %s", err, w.Code, w.Body)
		}
	}
}
