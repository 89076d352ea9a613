package gateway

import (
	"archive/zip"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core/class/results"
	"github.com/protocol-workbench/workbench/core/lesson/progress"
)

// reaches keeps what a student has reached, in the folder of the class.
func (m *room) reaches(id string, line progress.Line) {
	m.t.Helper()
	log, err := progress.Open(filepath.Join(results.Progress(m.Class.Folder()), "users", id))
	if err == nil {
		err = log.Add(line)
	}
	if err != nil {
		m.t.Fatal(err)
	}
}

// What a class has reached, and what it handed in, is the teacher's to have while it runs.
func TestWhatAClassLeaves(t *testing.T) {
	m := newRoom(t)
	teacher, anna := &person{room: m, token: m.teacher}, &person{room: m}
	id := anna.joins("=Anna")
	const recorded = "20260102-030405-000-1-raw"
	m.reaches(id, progress.Line{Lesson: "teapot", Step: 1, Points: 2, Transcripts: []string{recorded}})
	folder := filepath.Join(results.Transcripts(m.Class.Folder()), "users", id)
	os.MkdirAll(folder, 0o700)
	if err := os.WriteFile(filepath.Join(folder, recorded+".transcript"), []byte("what was said\n"), 0o600); err != nil {
		t.Fatal(err)
	}

	r, _ := http.NewRequest("GET", m.url+"/api/class/results.csv", nil)
	r.Header = teacher.header()
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	text, _ := io.ReadAll(answer.Body)
	if h := answer.Header; h.Get("Content-Type") != "text/csv; charset=utf-8" || h.Get("Cache-Control") != "no-store" || !strings.HasPrefix(h.Get("Content-Disposition"), `attachment; filename="results-20`) {
		t.Error(h)
	}
	if want := "\ufeffname,user,joined,points,of,teapot points,teapot of,teapot/1\n'=Anna,anna,"; !strings.HasPrefix(string(text), want) || !strings.HasSuffix(string(text), "Z,2,0,2,,2\n") {
		t.Errorf("%q", text)
	}

	_, archive := teacher.ask("GET", "/api/class/submissions.zip", "")
	z, err := zip.NewReader(strings.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err, archive)
	}
	said, err := z.Open("=Anna (anna)/teapot/step-1/" + recorded + ".transcript")
	if err != nil {
		t.Fatal(err)
	}
	if text, err := io.ReadAll(said); string(text) != "what was said\n" || err != nil {
		t.Errorf("%q, %v", text, err)
	}
	teacher.wants(400, "unknown query parameter", "GET", "/api/class/results.csv?x=1", "")
	teacher.wants(400, "unknown query parameter", "GET", "/api/class/submissions.zip?x=1", "")

	// What cannot be read breaks an archive off, so that nobody takes it for whole.
	if err := os.RemoveAll(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(folder, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	r.URL.Path = "/api/class/submissions.zip"
	broken, err := http.DefaultClient.Do(r)
	if err == nil {
		defer broken.Body.Close()
		_, err = io.ReadAll(broken.Body)
	}
	if err == nil {
		t.Error("an archive without what it should have came whole")
	}
	if err := os.WriteFile(filepath.Join(results.Progress(m.Class.Folder()), "users", id, "seed"), []byte("no seed!"), 0o600); err != nil {
		t.Fatal(err)
	}
	teacher.wants(500, "the workbench's log says why", "GET", "/api/class/results.csv", "")
}

// A class that ends says so to all who have a session, takes nothing new, and has its
// process delete it.
func TestAClassEnds(t *testing.T) {
	m := newRoom(t)
	teacher, anna := &person{room: m, token: m.teacher}, &person{room: m}
	id := anna.joins("Anna")
	var all []*websocket.Conn
	for _, who := range []*person{anna, teacher} {
		ws, said := who.opens("practice:7")
		if said != "SUCC" {
			t.Fatal(said)
		}
		<-m.dialled
		all = append(all, ws)
	}
	for range 2 { // who asks again is told the same
		teacher.wants(202, "", "DELETE", "/api/class", `{"delete":"everything"}`)
		<-m.ended
	}
	for _, ws := range all {
		until(t, ws, `{"kind":"ended","code":"class-ended","text":"`+errClassEnded.Error()+`"}`)
		ends(t, ws, websocket.CloseGoingAway, errClassEnded.Error())
	}
	teacher.wants(503, errStopping.Error(), "GET", "/healthz", "")
	if err := m.refuseInClass(asker{}); codeOf(err) != codeClassEnded {
		t.Error(err)
	}
	teacher.wants(409, errClassEnded.Error(), "DELETE", "/api/class/students/"+id, "")
	teacher.wants(409, errClassEnded.Error(), "PUT", "/api/class/show", `{"session":"x"}`)
	(&person{room: m}).wants(409, errClassEnded.Error(), "POST", "/api/join", `{"code":"`+m.code+`","name":"x"}`)
	teacher.wants(200, "Anna", "GET", "/api/class/results.csv", "")
}

// Nothing can be ended where nothing would delete it.
func TestAClassWithoutAnEnd(t *testing.T) {
	m := newRoom(t)
	config := m.Config
	config.EndClass, config.Access = nil, nil
	w := httptest.NewRecorder()
	r := at(httptest.NewRequest("DELETE", "http://127.0.0.1:8000/api/class", strings.NewReader(`{"delete":"everything"}`)), 8000)
	r.Header.Set("X-Workbench", "1")
	if New(config).ServeHTTP(w, r); w.Code != http.StatusMethodNotAllowed || m.Class.HasEnded() {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
