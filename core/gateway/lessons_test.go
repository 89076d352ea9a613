package gateway

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/lesson/progress"
	"github.com/protocol-workbench/workbench/core/store"
)

const teapotText = `-- lesson.md --
# The teapot

` + "```lesson" + `
summary Ask a teapot for coffee.
minutes 15
practice http
option eol crlf
` + "```" + `

Read [RFC 2324](https://www.rfc-editor.org/rfc/rfc2324) and <b>not</b> [this](javascript:alert).

## Ask for coffee

Ask for ` + "`/coffee`" + `, ${student.word}.

` + "```lesson" + `
check 2 you ask for coffee
  client sent ^GET /secret-coffee HTTP/1\.0$
hint The path is in small letters.
  client sent ^GET /SECRET-COFFEE
check 1 the server closes first
  server closed first
` + "```" + `

## What is it?

` + "```lesson" + `
practice nowhere
quiz 3 What is it?
  wrong A coffee pot.
  right A tea pot.
quiz 1 And who are you?
  answer ^I am ${student.word}$
` + "```" + `
`

// teapot is a lesson of two steps.
func teapot() *lesson.Source {
	source, err := lesson.OpenArchive([]byte(teapotText), "teapot", nil)
	if err != nil {
		panic(err)
	}
	return source
}

// student is somebody who takes lessons.
type student struct {
	*Gateway
	t      *testing.T
	folder *store.Folder
	token  string
}

// takesLessons returns the account, whose progress is in a folder.
func takesLessons(t *testing.T, of string) student {
	t.Helper()
	folder, err := store.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { folder.Close() })
	config := testGateway().Config
	config.Transcripts = folder
	config.Lessons = func() []*lesson.Source { return []*lesson.Source{teapot()} }
	config.Practices = []Practice{{Name: "http", Target: "127.0.0.1:4080", Mode: "http-line", Summary: "pages"}}
	if config.Progress, err = progress.Open(of); err != nil {
		t.Fatal(err)
	}
	return student{New(config), t, folder, ""}
}

func (s student) ask(method, path, body string) (int, string) {
	s.t.Helper()
	r := at(httptest.NewRequest(method, path, strings.NewReader(body)), 8000)
	r.Host = "127.0.0.1:8000"
	r.Header.Set("X-Workbench", "1")
	if s.token != "" {
		r.Header.Set("Authorization", "Bearer "+s.token)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	return w.Code, strings.TrimSpace(w.Body.String())
}

// records puts a transcript into the store.
func (s student) records(id string, lines ...string) string {
	s.t.Helper()
	id = store.NewID(time.Date(2026, 11, 29, 5, 0, 0, 0, time.UTC), id, "raw")
	w, err := s.folder.Create(id)
	if err != nil {
		s.t.Fatal(err)
	}
	defer w.Close()
	if _, err := io.WriteString(w, "workbench transcript v1\nmode raw\n\n"+strings.Join(lines, "\n")+"\n"); err != nil {
		s.t.Fatal(err)
	}
	return id
}

// checks asks for the verdict of a step.
func (s student) checks(step int, ids []string, answers string) (v checked) {
	s.t.Helper()
	list, _ := json.Marshal(ids)
	code, text := s.ask("POST", "/api/lessons/teapot/check", fmt.Sprintf(`{"step": %d, "transcripts": %s, "answers": {%s}}`, step, list, answers))
	if code != http.StatusOK || json.Unmarshal([]byte(text), &v) != nil {
		s.t.Fatalf("%d %s", code, text)
	}
	return v
}

// What a student gets of a lesson has all that is to be read, and no answer.
func TestLessonShown(t *testing.T) {
	s := takesLessons(t, t.TempDir())
	if _, modes := s.ask("GET", "/api/modes", ""); !strings.Contains(modes, `"lessons":true`) || !strings.Contains(modes, `"practices":[{"name":"http"`) {
		t.Errorf("modes: %s", modes)
	}
	code, list := s.ask("GET", "/api/lessons", "")
	if want := `[{"name":"teapot","title":"The teapot","summary":"Ask a teapot for coffee.","minutes":15,"points":7,"steps":[` +
		`{"n":1,"title":"Ask for coffee","points":3,"reached":0,"passed":false},{"n":2,"title":"What is it?","points":4,"reached":0,"passed":false}]}]`; list != want {
		t.Errorf("%d %s", code, list)
	}
	code, text := s.ask("GET", "/api/lessons/teapot", "")
	var l lessonShown
	if json.Unmarshal([]byte(text), &l) != nil || code != http.StatusOK || len(l.Steps) != 2 {
		t.Fatalf("%d %s", code, text)
	}
	for _, hidden := range []string{"secret", "SECRET", "small letters", "right", "I am", "javascript", `"line"`} {
		if strings.Contains(text, hidden) {
			t.Errorf("it tells %q: %s", hidden, text)
		}
	}
	for _, said := range []string{`"href":"https://www.rfc-editor.org/rfc/rfc2324"`, `{"kind":"code","text":"/coffee"}`, `"words":"A tea pot."`, `\u003cb\u003enot\u003c/b\u003e`} {
		if !strings.Contains(text, said) {
			t.Errorf("it does not say %s: %s", said, text)
		}
	}
	if with := l.Steps[0].With; with.Target != "127.0.0.1:4080" || with.Mode != "http-line" || with.Options["eol"] != "crlf" {
		t.Errorf("with %+v", with)
	}
	if with := l.Steps[1].With; with.Target != "" || with.Practice != "nowhere" {
		t.Errorf("with %+v", with)
	}
}

// A try gets its verdict, and what was reached is there for another browser and after
// the workbench was killed.
func TestLessonChecked(t *testing.T) {
	of := t.TempDir()
	s := takesLessons(t, of)
	wrong := s.records("wrong", `>> client text "GET /SECRET-COFFEE HTTP/1.0"`, `<< server "GET /SECRET-COFFEE HTTP/1.0\r\n"`, `>> server eof`)
	v := s.checks(1, []string{wrong}, "")
	hint := v.Steps[0].Hint
	if v.Points != 1 || v.Passed || hint == nil || hint.Words != "The path is in small letters." || !hint.Mistake {
		t.Errorf("wrong: %+v, hint %+v", v.Verdict, hint)
	}
	if text, _ := json.Marshal(v); strings.Contains(string(text), "secret") || strings.Contains(string(text), `"condition"`) {
		t.Errorf("the verdict tells: %s", text)
	}
	right := s.records("right", `>> client text "GET /secret-coffee HTTP/1.0"`, `<< server "GET /secret-coffee HTTP/1.0\r\n"`, `>> server eof`)
	if v := s.checks(1, []string{wrong, right}, ""); !v.Passed || v.Points != 3 || v.NotKept != "" {
		t.Errorf("right: %+v", v)
	}
	s.checks(1, []string{wrong}, "") // takes nothing away
	_, text := s.ask("GET", "/api/lessons/teapot", "")
	word := regexp.MustCompile(`, ([a-z]+-[a-z]+)\.`).FindStringSubmatch(text)[1]
	if v := s.checks(2, nil, `"2.1": "2", "2.2": "I am `+word+`"`); !v.Passed {
		t.Errorf("answers: %+v", v.Steps)
	}
	if v := s.checks(2, nil, `"2.1": "1"`); v.Points != 0 {
		t.Errorf("wrong answers: %+v", v.Steps)
	}
	again := takesLessons(t, of)
	for who, want := range map[student]string{s: fmt.Sprintf(`[%q,%q]`, wrong, right), again: `[]`} { // the other has no recordings
		_, text := who.ask("GET", "/api/lessons/teapot", "")
		if strings.Count(text, `"passed":true`) != 2 || !strings.Contains(text, word) || !strings.Contains(text, `"transcripts":`+want) {
			t.Errorf("afterwards: %s", text)
		}
	}
}

// What no lesson can be checked by is refused, and nothing is kept of it.
func TestLessonRefusals(t *testing.T) {
	s := takesLessons(t, t.TempDir())
	long := s.records("long", strings.Repeat("# a remark\n", maxJudged/10))
	ids, _ := json.Marshal(make([]string, progress.MaxTranscripts+1))
	for _, test := range []struct {
		method, path, body string
		code               int
		words              string
	}{
		{"GET", "/api/lessons/coffee", "", 404, `lesson "coffee": not found`},
		{"GET", "/api/lessons?x=1", "", 400, "unknown query"},
		{"GET", "/api/lessons/teapot?x=1", "", 400, "unknown query"},
		{"POST", "/api/lessons/coffee/check", "{}", 404, "not found"},
		{"POST", "/api/lessons/teapot/check", "{}", 400, "steps 1 to 2, and no step 0"},
		{"POST", "/api/lessons/teapot/check", `{"step": 3}`, 400, "no step 3"},
		{"POST", "/api/lessons/teapot/check", `{"step": 1, "points": 9}`, 400, "unknown field"},
		{"POST", "/api/lessons/teapot/check", `{"step": 1, "transcripts": ["20260102-030405-000-s1-raw"]}`, 404, "20260102-030405-000-s1-raw"},
		{"POST", "/api/lessons/teapot/check", `{"step": 1, "transcripts": ["../x"]}`, 404, "../x"},
		{"POST", "/api/lessons/teapot/check", `{"step": 1, "transcripts": ["` + long + `"]}`, 422, "larger than"},
		{"POST", "/api/lessons/teapot/check", `{"step": 1, "transcripts": ` + string(ids) + `}`, 400, "at most 16"},
		{"POST", "/api/lessons/teapot/check", `{"step": 1, "answers": {"1.1": "` + strings.Repeat("x", maxCheckRequest) + `"}}`, 413, ""},
	} {
		if code, text := s.ask(test.method, test.path, test.body); code != test.code || !strings.Contains(text, test.words) {
			t.Errorf("%s %s %.60s: %d %.200s", test.method, test.path, test.body, code, text)
		}
	}
	if got := s.Progress.Reached("teapot"); len(got) > 0 {
		t.Errorf("kept: %+v", got)
	}
}

// Progress that cannot be written is told with the verdict.
func TestLessonNotKept(t *testing.T) {
	of := filepath.Join(t.TempDir(), "of")
	s := takesLessons(t, of)
	if err := os.RemoveAll(of); err != nil {
		t.Fatal(err)
	}
	if v := s.checks(2, nil, `"2.1": "2"`); v.Points != 3 || v.NotKept == "" {
		t.Errorf("got %+v", v)
	}
}

// Each user has their own values, and neither sees what the other has reached, nor can
// be judged by the other's recordings.
func TestLessonsOfUsers(t *testing.T) {
	gate, tokens, _ := people(t)
	s := takesLessons(t, t.TempDir())
	config := s.Config
	config.Access = gate
	folders := map[string]*store.Folder{}
	config.Of = func(user string) (Belongings, error) {
		folder, err := store.OpenFolder(t.TempDir())
		folders[user] = folder
		return Belongings{Transcripts: folder}, err
	}
	s.Gateway = New(config)
	t.Cleanup(func() {
		s.Stop(t.Context())
		for _, folder := range folders {
			folder.Close()
		}
	})
	lists := map[access.Role]string{}
	words := map[string]bool{}
	for _, role := range []access.Role{access.Student, access.Teacher} {
		u := student{s.Gateway, t, nil, tokens[role]}
		_, text := u.ask("GET", "/api/lessons/teapot", "")
		words[regexp.MustCompile(`, ([a-z]+-[a-z]+)\.`).FindString(text)] = true
		if role == access.Student {
			u.folder = folders[string(role)]
			id := u.records("own", `>> client text "GET /secret-coffee HTTP/1.0"`, `<< server "GET /secret-coffee HTTP/1.0\r\n"`)
			if v := u.checks(1, []string{id}, ""); v.Points != 2 {
				t.Errorf("own: %+v", v)
			}
			other := student{s.Gateway, t, nil, tokens[access.Teacher]}
			if code, text := other.ask("POST", "/api/lessons/teapot/check", `{"step": 1, "transcripts": ["`+id+`"]}`); code != http.StatusNotFound {
				t.Errorf("another's: %d %s", code, text)
			}
		}
		_, lists[role] = u.ask("GET", "/api/lessons", "")
	}
	if len(words) != 2 || !strings.Contains(lists[access.Student], `"reached":2`) || strings.Contains(lists[access.Teacher], `"reached":2`) {
		t.Errorf("words %v; %v", words, lists)
	}
	viewer := student{s.Gateway, t, nil, tokens[access.Viewer]}
	if code, text := viewer.ask("POST", "/api/lessons/teapot/check", `{"step": 1}`); code != http.StatusForbidden {
		t.Errorf("a viewer: %d %s", code, text)
	}
}
