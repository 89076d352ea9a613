package gateway

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core/access"
)

// greeting is the hello of a kept session.
type greeting struct {
	Attach, Transcript string
	ReadOnly           bool
	Watch              struct{ Window, Watchers, Keyboard, Observed int }
}

// comes opens a WebSocket.
func (p *person) comes(query string) *websocket.Conn {
	p.t.Helper()
	d := websocket.Dialer{Subprotocols: []string{subprotocol}}
	ws, answer, err := d.Dial("ws"+strings.TrimPrefix(p.url, "http")+"/websocket/ws?"+query, p.header())
	if err != nil {
		p.t.Fatalf("%s: %v, %v", query, err, answer)
	}
	p.t.Cleanup(func() { ws.Close() })
	return ws
}

// begins begins a session that is kept.
func (p *person) begins() (*websocket.Conn, greeting) {
	p.t.Helper()
	ws := p.comes("keep=on&window=a")
	say(p.t, ws, websocket.TextMessage, "practice:7")
	hello := p.hello(ws)
	<-p.dialled
	return ws, hello
}

func (p *person) hello(ws *websocket.Conn) (hello greeting) {
	p.t.Helper()
	hear(p.t, ws, "SUCC")
	_, text, err := ws.ReadMessage()
	if err == nil {
		err = json.Unmarshal(bytes.Trim(text, "[]"), &hello)
	}
	if err != nil {
		p.t.Fatal(err, string(text))
	}
	return hello
}

// refused tries to come to a session, and returns why not: the code, and the words.
func (p *person) refused(query string) string {
	p.t.Helper()
	ws := p.comes(query)
	defer ws.Close()
	ws.SetReadDeadline(time.Now().Add(time.Minute))
	_, words, _ := ws.ReadMessage()
	_, code, err := ws.ReadMessage()
	var parts []struct{ Code string }
	if err != nil || json.Unmarshal(code, &parts) != nil || !strings.HasPrefix(string(words), "FAIL:") {
		p.t.Fatalf("%s: %s %s %v", query, words, code, err)
	}
	return parts[0].Code + " " + string(words)
}

// records collects the lines of an audit log.
type records struct {
	mu sync.Mutex
	bytes.Buffer
}

func (r *records) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.Buffer.Write(p)
}

func (r *records) text() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.String()
}

// A teacher reads along from the session's start, says nothing in it, and the student's
// page knows.
func TestTeacherReadsAlong(t *testing.T) {
	m := newRoom(t)
	var audit records
	m.Config.Audit = slog.New(slog.NewJSONHandler(&audit, nil))
	teacher, anna := &person{room: m, token: m.teacher}, &person{room: m}
	anna.joins("Anna")
	ws, hello := anna.begins()
	say(t, ws, websocket.TextMessage, `{"text":"one","m":1}`)
	until(t, ws, `"ONE"`)

	eye := teacher.comes("attach=" + hello.Attach + "&student=anna&window=mine&from=1")
	if got := teacher.hello(eye); !got.ReadOnly || got.Watch.Window != 0 || got.Watch.Watchers != 1 || got.Attach != hello.Attach {
		t.Errorf("hello %+v", got)
	}
	if seen := until(t, eye, `"ONE"`); !strings.Contains(seen, `{"i":1,`) {
		t.Errorf("from the start: %s", seen)
	}
	until(t, ws, `"watchers":1,"keyboard":1,"taken":1,"observed":1}`)
	for n, what := range []string{`{"text":"mine","m":1}`, `{"end":true}`, `{"keyboard":"take"}`, `{"keyboard":"give","to":1}`, `{"eof":true}`} {
		say(t, eye, websocket.TextMessage, what)
		if seen := until(t, eye, `"not-taken"`); !strings.Contains(seen, `"code":"no-keyboard","text":"this connection only watches"`) {
			t.Errorf("%d: %s", n, seen)
		}
	}
	say(t, eye, websocket.BinaryMessage, "mine")
	until(t, eye, `"no-keyboard"`)
	say(t, ws, websocket.TextMessage, `{"text":"two","m":2}`)
	if seen := until(t, eye, `"TWO"`); strings.Contains(strings.ToLower(seen), "mine") {
		t.Errorf("what the teacher said is in the session: %s", seen)
	}
	anna.wants(200, `"watchers":1,"over":false`, "GET", "/api/sessions", "")
	if !strings.Contains(audit.text(), `"msg":"attach","by":{"who":"teacher",`) || !strings.Contains(audit.text(), `"whose":"anna","shown":false}`) {
		t.Errorf("audit log: %s", audit.text())
	}
	teacher.wants(200, `{"i":1,`, "GET", "/api/sessions/"+hello.Attach+"/entries?student=anna", "")
	if !strings.Contains(audit.text(), `/entries","whose":"anna"}`) {
		t.Errorf("audit log: %s", audit.text())
	}
	eye.Close()
	if seen := until(t, ws, `"watchers":1,"keyboard":1,"taken":2}`); seen == "" {
		t.Error("the student is not told that nobody reads along")
	}
	say(t, ws, websocket.TextMessage, `{"end":true}`)
	ends(t, ws, websocket.CloseNormalClosure, "the client closed")
	late := teacher.comes("attach=" + hello.Attach + "&student=anna") // what was can still be read
	teacher.hello(late)
	until(t, late, `"kind":"ended"`)
	ends(t, late, websocket.CloseNormalClosure, "the client closed")
}

// What has left memory a teacher gets from the student's own recording, along and by number.
func TestTeacherReadsWhatWas(t *testing.T) {
	const messages = 300 // of which, twice, memory holds 8 MiB
	m := newRoom(t)
	m.records = true
	teacher, anna := &person{room: m, token: m.teacher}, &person{room: m}
	anna.joins("Anna")
	ws, hello := anna.begins()
	payload := strings.Repeat("x", 20_000)
	for n := range messages {
		say(t, ws, websocket.TextMessage, fmt.Sprintf(`{"text":"%d %s","m":%d}`, n, payload, n+1))
		until(t, ws, fmt.Sprintf(`"%d X`, n))
	}
	eye := teacher.comes("attach=" + hello.Attach + "&student=anna")
	teacher.hello(eye)
	next := uint64(1)
	for next <= 2*messages+1 { // dialled, then each event and its action
		_, text, err := eye.ReadMessage()
		var list []entry
		if err != nil || json.Unmarshal(text, &list) != nil {
			t.Fatal(err)
		}
		for _, e := range list {
			if e.I > 0 {
				if e.I != next {
					t.Fatalf("entry %d comes where %d should", e.I, next)
				}
				next++
			} else if e.Kind == "gap" {
				t.Fatalf("gap %+v", e)
			}
		}
	}
	teacher.wants(200, `"0 `, "GET", "/api/sessions/"+hello.Attach+"/entries?student=anna&from=2&count=1", "")
	teacher.wants(404, "no such session", "GET", "/api/sessions/"+hello.Attach+"/entries?from=2&count=1", "")
}

// Nobody but the teacher reads in a session of another, whichever way it is tried; what is
// refused does not tell whether there is such a session.
func TestWhoReadsAlong(t *testing.T) {
	m := newRoom(t)
	m.records = true
	m.users() // none yet
	teacher, anna, tom := &person{room: m, token: m.teacher}, &person{room: m}, &person{room: m}
	anna.joins("Anna")
	tom.joins("Tom")
	hers, hello := anna.begins()
	_, his := tom.begins()
	boss, own := teacher.begins()
	_, other := teacher.begins()
	teacher.wants(204, "", "PUT", "/api/class/show", `{"session":"`+own.Attach+`"}`)

	const (
		unknown = "session-unknown FAIL:no such session"
		only    = "class-teacher FAIL:only the teacher of a class reads along in a student's session"
		notThat = "class-show FAIL:the teacher does not show this session to the class, or not any more"
	)
	for _, test := range []struct {
		who         *person
		id, query   string
		code        string
		status      int
		words, what string
	}{
		{tom, hello.Attach, "", unknown, 404, "no such session", "another's, as one's own"},
		{tom, hello.Attach, "student=anna", only, 403, "only the teacher", "another's"},
		{tom, "none", "student=anna", only, 403, "only the teacher", "one that is not there"},
		{tom, his.Attach, "student=tom", only, 403, "only the teacher", "one's own, as a teacher does"},
		{tom, own.Attach, "student=teacher", only, 403, "only the teacher", "the teacher's"},
		{tom, own.Attach, "", unknown, 404, "no such session", "the shown one, as one's own"},
		{tom, hello.Attach, "show=1", notThat, 404, "does not show", "another's, as the shown one"},
		{tom, other.Attach, "show=1", notThat, 404, "does not show", "another of the teacher's"},
		{tom, "none", "show=1", notThat, 404, "does not show", "one that is not there"},
		{tom, own.Attach, "show=1&student=teacher", "address FAIL:query has both", 400, "query has both", "both ways"},
		{tom, own.Attach, "show=2", "address FAIL:show is \"2\"", 400, "show is \"2\"", "another value"},
		{teacher, hello.Attach, "student=tom", unknown, 404, "no such session", "another student's"},
		{teacher, hello.Attach, "student=", "session-unknown FAIL:no such student", 404, "no such student", "nobody's"},
		{teacher, own.Attach, "student=teacher", "session-unknown FAIL:no such student", 404, "no such student", "the teacher's as a student's"},
		{teacher, hello.Attach, "", unknown, 404, "no such session", "a student's without saying so"},
		{teacher, "none", "student=anna", unknown, 404, "no such session", "one that is not there"},
		{teacher, hello.Attach, "show=1", notThat, 404, "does not show", "a student's, as the shown one"},
	} {
		query := test.query
		if query != "" {
			query = "&" + query
		}
		if got := test.who.refused("attach=" + test.id + query); !strings.HasPrefix(got, test.code) || strings.Contains(got, test.id) {
			t.Errorf("%s: %s", test.what, got)
		}
		test.who.wants(test.status, test.words, "GET", "/api/sessions/"+test.id+"/entries?"+test.query, "")
	}
	if got := teacher.refused("attach=" + hello.Attach + "&student=anna&from=0"); !strings.HasPrefix(got, "address FAIL:from is") {
		t.Error(got)
	}
	for _, path := range []string{"", "/info", "/follow", "/export?as=pcapng", "/notes"} {
		for _, id := range []string{hello.Transcript, own.Transcript} {
			tom.wants(404, "no such transcript", "GET", "/api/transcripts/"+id+path, "")
		}
	}
	tom.wants(404, "shows no recording", "GET", "/api/class/show/transcript", "")
	tom.wants(403, "", "PUT", "/api/class/show", `{"session":"`+his.Attach+`"}`)
	tom.wants(403, "", "DELETE", "/api/class/show", "")
	tom.wants(403, "", "PUT", "/api/class/show", `{"transcript":"`+hello.Transcript+`"}`)

	// Who is no one here, and whose role is that of a student without being one.
	nobody := &person{room: m}
	for _, query := range []string{"student=anna", "show=1"} {
		nobody.wants(401, "", "GET", "/api/sessions/"+own.Attach+"/entries?"+query, "")
		nobody.wants(401, "", "GET", "/websocket/ws?attach="+own.Attach+"&"+query, "")
	}
	outsider := asker{Principal: access.Principal{Name: "eve", Role: access.Student, By: access.Token}}
	for _, query := range []map[string]string{{"student": "anna"}, {"show": "1"}} {
		for _, id := range []string{hello.Attach, own.Attach} {
			if it, err := m.theirs(outsider, id, query); err == nil || it.kept != nil {
				t.Errorf("an outsider gets %v by %v", it, query)
			}
		}
	}
	if _, err := testGateway().theirs(asker{Principal: access.Own(access.Anyone)}, own.Attach, map[string]string{"student": "anna"}); codeOf(err) != codeClassTeacher {
		t.Errorf("without a class: %v", err)
	}
	if _, err := testGateway().theirs(asker{Principal: access.Own(access.Anyone)}, own.Attach, map[string]string{"show": "1"}); codeOf(err) != codeClassShow {
		t.Errorf("without a class: %v", err)
	}
	for _, ws := range []*websocket.Conn{hers, boss} { // nothing of all that reached them
		say(t, ws, websocket.TextMessage, `{"text":"still here"}`)
		if seen := until(t, ws, "STILL HERE"); strings.Contains(seen, `"observed"`) || strings.Contains(seen, `"watchers":2`) {
			t.Errorf("somebody read along: %s", seen)
		}
	}
}

// A teacher who is removed, or is none any more, reads along no longer.
func TestWhoIsRemovedReadsNoMore(t *testing.T) {
	m := newRoom(t)
	teacher, anna, tom := &person{room: m, token: m.teacher}, &person{room: m}, &person{room: m}
	anna.joins("Anna")
	tom.joins("Tom")
	hers, hello := anna.begins()
	_, own := teacher.begins()
	teacher.wants(204, "", "PUT", "/api/class/show", `{"session":"`+own.Attach+`"}`)
	eye, toms := teacher.comes("attach="+hello.Attach+"&student=anna"), tom.comes("attach="+own.Attach+"&show=1")
	teacher.hello(eye)
	if got := tom.hello(toms); !got.ReadOnly || got.Watch.Observed != 0 || got.Watch.Watchers != 1 {
		t.Errorf("hello %+v", got)
	}
	teacher.wants(204, "", "DELETE", "/api/class/students/tom", "")
	ends(t, toms, websocket.ClosePolicyViolation, "you may not read along any more")
	if _, err := m.theirs(asker{Principal: access.Principal{Name: "tom", Role: access.Student}}, own.Attach, map[string]string{"show": "1"}); err != errNotShown {
		t.Error(err)
	}
	users, err := access.OpenUsers(m.usersFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := users.Remove("teacher"); err != nil {
		t.Fatal(err)
	}
	ends(t, eye, websocket.ClosePolicyViolation, "you may not read along any more")
	say(t, hers, websocket.TextMessage, `{"text":"still here"}`)
	until(t, hers, "STILL HERE")
	hers.Close()
	m.Stop(t.Context())
	if n := len(m.classroom.alongs); n > 0 {
		t.Errorf("%d still read along", n)
	}
}
