package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/target"
)

const ownServer = `-- lesson.md --
# Your own server

## Echo

` + "```lesson" + `
your server 2000
stage 2 what comes goes back
  plays echo.golden
hint Something else came back.
  server sent .
` + "```" + `

## No server

` + "```lesson" + `
quiz 1 Well?
  answer ^a$
` + "```" + `
-- echo.golden --
workbench transcript v1
mode raw

>> client binary "${student.word}\r\n"
<< server "${student.word}\r\n"
>> server "${student.word}\r\n"
<< client binary "${student.word}\r\n"
`

// The workbench is the client of the asker's own server, through the policy, and what
// crossed is a recording of the asker's that is checked.
func TestLessonStages(t *testing.T) {
	source, err := lesson.OpenArchive([]byte(ownServer), "own", nil)
	if err != nil {
		t.Fatal(err)
	}
	s := takesLessons(t, t.TempDir())
	config := s.Config
	config.Lessons = func() []*lesson.Source { return []*lesson.Source{source} }
	dialled := ""
	answer := func(conn net.Conn) { io.Copy(conn, conn) }
	config.Dial = func(_ context.Context, to target.Target, _ target.Security) (Server, error) {
		if dialled = to.String(); answer == nil {
			return nil, errors.New("connection refused by " + dialled)
		}
		near, far := net.Pipe()
		go func(answer func(net.Conn)) { answer(far); far.Close() }(answer)
		return server{near, false}, nil
	}
	s.Gateway = New(config)
	verdict := func() (v checked) {
		code, text := s.ask("POST", "/api/lessons/own/stages", `{"step": 1, "port": 2001}`)
		var played struct{ Transcripts []string }
		if code != http.StatusOK || json.Unmarshal([]byte(text), &played) != nil || len(played.Transcripts) != 1 {
			t.Fatalf("%d %s", code, text)
		}
		if _, text := s.ask("GET", "/api/transcripts/"+played.Transcripts[0], ""); !strings.Contains(text, "lesson stage 1.1") {
			t.Errorf("the transcript is %s", text)
		}
		code, text = s.ask("POST", "/api/lessons/own/check", `{"step": 1, "transcripts": ["`+played.Transcripts[0]+`"]}`)
		if code != http.StatusOK || json.Unmarshal([]byte(text), &v) != nil {
			t.Fatalf("%d %s", code, text)
		}
		return v
	}
	if v := verdict(); !v.Passed || dialled != "192.0.2.1:2001" { // where httptest's requests come from
		t.Errorf("an echo at %s: %+v", dialled, v.Steps)
	}
	answer = func(conn net.Conn) {
		io.ReadFull(conn, make([]byte, 1))
		conn.Write([]byte("no\r\n"))
		io.Copy(io.Discard, conn)
	}
	if v := verdict(); v.Passed || v.Steps[0].Hint == nil || v.Steps[0].Hint.Words != "Something else came back." {
		t.Errorf("another: %+v", v.Steps)
	}
	answer = nil
	for body, words := range map[string]string{
		`{"step": 1, "port": 2000}`:                      "connection refused by 192.0.2.1:2000",
		`{"step": 1, "port": 80}`:                        "port is 80; it must be from 1024",
		`{"step": 1}`:                                    "port is 0",
		`{"step": 2, "port": 2000}`:                      "no step 2 with a server of your own",
		`{"step": 0, "port": 2000}`:                      "no step 0",
		`{"step": 1, "port": 2000, "host": "192.0.2.9"}`: "unknown field",
	} {
		dialled = ""
		if code, text := s.ask("POST", "/api/lessons/own/stages", body); code < 400 || !strings.Contains(text, words) || (dialled == "") == strings.HasPrefix(words, "connection") {
			t.Errorf("%s: %d %s, dialled %q", body, code, text, dialled)
		}
	}
}

// A server on another machine is reached by DialAsker, one on this machine as all are.
func TestStagesDialTheAskersMachine(t *testing.T) {
	source, err := lesson.OpenArchive([]byte(ownServer), "own", nil)
	if err != nil {
		t.Fatal(err)
	}
	l, err := source.For("anna")
	if err != nil {
		t.Fatal(err)
	}
	var dialled string
	by := func(name string) func(context.Context, target.Target, target.Security) (Server, error) {
		return func(_ context.Context, to target.Target, _ target.Security) (Server, error) {
			dialled = name + " " + to.String()
			return nil, errors.New("connection refused")
		}
	}
	config := testGateway().Config
	config.Dial, config.DialAsker = by("dial"), by("asker")
	s := lessons{Gateway: New(config)}
	for from, want := range map[string]string{
		"10.1.2.3:50000":       "asker 10.1.2.3:2001",
		"[fe80::1%eth0]:50000": "asker [fe80::1]:2001",
		"127.0.0.1:50000":      "dial 127.0.0.1:2001",
		"[::1]:50000":          "dial 127.0.0.1:2001",
		"":                     "dial 127.0.0.1:2001",
	} {
		s.playStages(t.Context(), asker{from: from}, &l.Steps[0], 2001)
		if dialled != want {
			t.Errorf("from %q: %s, want %s", from, dialled, want)
		}
	}
}
