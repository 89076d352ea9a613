package gateway

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/class/wall"
)

// Other workbenches are answered for sessions, and by what the one who asks there may do.
func TestWhatOtherWorkbenchesMayAsk(t *testing.T) {
	m := newRoom(t)
	anna := &person{room: m}
	anna.joins("Anna")
	for _, test := range []struct {
		method, path, sent string
		status             int
	}{
		{"GET", "/api/sessions/x/entries", "", 400},
		{"GET", "/api/sessions/x/entries", "{", 400},
		{"GET", "/api/sessions/x/entries", `{"name":"../x","role":"student","by":"browser"}`, 400},
		{"GET", "/api/sessions/x/entries", `{"name":"anna","role":"student","by":"browser"}`, 404},
		{"GET", "/api/sessions/x/entries", `{"name":"anna","role":"none","by":"browser"}`, 403},
		{"GET", "/api/sessions/x/entries?student=anna", `{"name":"anna","role":"student","by":"browser"}`, 403},
		{"GET", "/api/sessions/x/entries?student=anna", `{"role":"admin","by":"account"}`, 404},
		{"DELETE", "/api/sessions/x", `{"name":"anna","role":"viewer","by":"browser"}`, 403},
		{"DELETE", "/api/sessions/x", `{"name":"anna","role":"student","by":"browser"}`, 404},
		{"GET", "/api/class/show/transcript", `{"name":"anna","role":"student","by":"browser"}`, 404},
		{"GET", "/websocket/ws?mode=upper", `{"role":"admin","by":"account"}`, 404},
		{"GET", "/api/class", `{"role":"admin","by":"account"}`, 404},
		{"GET", "/api/transcripts", `{"role":"admin","by":"account"}`, 404},
		{"POST", "/api/join", `{"role":"admin","by":"account"}`, 404},
		{"GET", "/", `{"role":"admin","by":"account"}`, 404},
	} {
		r := httptest.NewRequest(test.method, test.path, nil)
		if r.RemoteAddr = "there"; test.sent != "" {
			r.Header.Set(askerHeader, strings.Replace(test.sent, `"by"`, `"group":"`+m.Access.Group()+`","by"`, 1))
		}
		r.Header.Set("X-Workbench", "1")
		w := httptest.NewRecorder()
		m.answerPeer(w, r)
		if w.Code != test.status {
			t.Errorf("%s %s by %s: %d %s, want %d", test.method, test.path, test.sent, w.Code, w.Body, test.status)
		}
	}
}

// A workbench with another token has other people.
func TestOtherGroup(t *testing.T) {
	m := newRoom(t)
	r := httptest.NewRequest("GET", "/api/sessions/x/entries", nil)
	r.Header.Set(askerHeader, `{"role":"admin","group":"another","by":"account"}`)
	w := httptest.NewRecorder()
	m.answerPeer(w, r)
	if w.Code != 403 || !strings.Contains(w.Body.String(), "another token") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

// Who says it in a request of their own is nobody else.
func TestNobodySaysWhoAsks(t *testing.T) {
	m := newRoom(t)
	anna := &person{room: m}
	anna.joins("Anna")
	r := httptest.NewRequest("GET", m.url+"/api/class", nil)
	r.Header = anna.header()
	r.Header.Set(askerHeader, `{"role":"admin","by":"account"}`)
	w := httptest.NewRecorder()
	m.ServeHTTP(w, r)
	if w.Code == 200 {
		t.Errorf("a student has the class: %s", w.Body)
	}
}

// One thing is shown to the class at a time, on whichever workbench: what began last.
func TestShownElsewhere(t *testing.T) {
	r := newClassroom()
	now := time.Now()
	text := func() string {
		text, err := json.Marshal(r.shown())
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	at := func(n string) []byte { return []byte(`{"n":` + n + `,"kind":"transcript","title":"T"}`) }
	changes := r.changes()
	r.showsElsewhere("there", at("5"), now)
	if !isClosed(changes) || !strings.Contains(text(), `"n":5`) {
		t.Errorf("it shows %s", text())
	}
	r.showsElsewhere("third", at("4"), now)
	r.showsElsewhere("third", []byte("null"), now)
	if other := r.shownThere(); other == nil || other.from != "there" {
		t.Errorf("it shows what began before: %+v", other)
	}
	own := &showing{transcript: "x", title: "Own"}
	if r.put(own); !strings.Contains(text(), "Own") || own.n <= 5 {
		t.Errorf("it shows %s", text())
	}
	r.showsElsewhere("there", at("99999999999999"), now)
	if !strings.Contains(text(), "99999999999999") || r.now() != nil || !isClosed(own.over) {
		t.Errorf("it shows %s, and %+v", text(), r.now())
	}
	if r.put(&showing{transcript: "y", title: "Own"}); !strings.Contains(text(), "Own") {
		t.Errorf("after all others it shows %s", text())
	}
	r.take(func(*showing) bool { return true })
	changes = r.changes()
	r.forgetElsewhere(now)
	if isClosed(changes) || r.shownThere() == nil {
		t.Error("it is forgotten at once")
	}
	r.forgetElsewhere(now.Add(wall.ElsewhereLife + 1))
	if !isClosed(changes) || text() != "null" {
		t.Errorf("of a workbench that is gone it shows %s", text())
	}
	r.showsElsewhere("there", []byte("{"), now)
	r.showsElsewhere("there", at("5"), now)
	r.showsElsewhere("there", []byte("null"), now)
	if text() != "null" {
		t.Errorf("it shows %s", text())
	}
}

// What is on the projector is what any workbench has put there last.
func TestProjectedElsewhere(t *testing.T) {
	a, b := newClassroom(), newClassroom()
	a.project(&projection{"anna", "k1", true})
	b.projectedAt(a.sentProjection())
	if got := b.projection(); got == nil || *got != (projection{"anna", "k1", true}) {
		t.Errorf("there is %+v", got)
	}
	before := a.sentProjection()
	b.project(nil)
	b.projectedAt(before)
	a.projectedAt(b.sentProjection())
	if a.projection() != nil || b.projection() != nil {
		t.Errorf("there are %+v and %+v", a.projection(), b.projection())
	}
}

func isClosed(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	default:
		return false
	}
}
