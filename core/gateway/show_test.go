package gateway

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core/store"
)

// toldShow is what the class is told of what is shown.
type toldShow struct {
	N                   uint64
	Kind, Title, Attach string
	Mode, Target        string
	At, Of              int
}

// shows waits until what the class is told is so.
func (m *room) shows(what string, is func(now *toldShow) bool) *toldShow {
	m.t.Helper()
	late := time.After(time.Minute)
	for {
		changed := m.classroom.changes()
		text, err := json.Marshal(m.classroom.shown())
		var now *toldShow
		if err == nil {
			err = json.Unmarshal(text, &now)
		}
		if err != nil {
			m.t.Fatal(err)
		}
		if is(now) {
			return now
		}
		select {
		case <-changed:
		case <-late:
			m.t.Fatalf("%s: what is shown is %s", what, text)
		}
	}
}

func notShown(now *toldShow) bool { return now == nil }

// ended waits until a recording is whole.
func (p *person) ended(id string) {
	p.t.Helper()
	p.wants(200, "", "GET", "/api/transcripts/"+id+"/follow", "")
}

// A class reads along in the session that its teacher shows, for as long as it is shown.
func TestShowSession(t *testing.T) {
	m := newRoom(t)
	teacher, anna := &person{room: m, token: m.teacher}, &person{room: m}
	anna.joins("Anna")
	boss, first := teacher.begins()
	_, second := teacher.begins()
	m.shows("at first", notShown)
	teacher.wants(204, "", "PUT", "/api/class/show", `{"session":"`+first.Attach+`"}`)
	now := m.shows("a session", func(now *toldShow) bool { return now != nil })
	if want := (toldShow{N: now.N, Kind: "session", Attach: first.Attach, Mode: "upper", Target: "practice:7"}); *now != want || now.N == 0 {
		t.Errorf("shown: %+v", now)
	}
	teacher.wants(204, "", "PUT", "/api/class/show", `{"session":"`+first.Attach+`"}`) // again
	if again := m.shows("the same", func(now *toldShow) bool { return now != nil }); again.N != now.N {
		t.Errorf("the same has number %d after %d", again.N, now.N)
	}
	eye := anna.comes("attach=" + first.Attach + "&show=1")
	anna.hello(eye)
	say(t, boss, websocket.TextMessage, `{"text":"one"}`)
	if seen := until(t, boss, `"ONE"`); strings.Contains(seen, "observed") {
		t.Errorf("the teacher is told of the class: %s", seen)
	}
	until(t, eye, `"ONE"`)
	say(t, eye, websocket.TextMessage, `{"text":"mine"}`)
	until(t, eye, `"no-keyboard"`)
	anna.wants(200, `"ONE"`, "GET", "/api/sessions/"+first.Attach+"/entries?show=1", "")
	teacher.wants(200, `"ONE"`, "GET", "/api/sessions/"+first.Attach+"/entries?show=1", "")
	anna.wants(404, "shows no recording", "GET", "/api/class/show/transcript", "")

	teacher.wants(204, "", "PUT", "/api/class/show", `{"session":"`+second.Attach+`"}`)
	ends(t, eye, websocket.CloseNormalClosure, "the teacher does not show this session any more")
	if next := m.shows("the other", func(now *toldShow) bool { return now.Attach == second.Attach }); next.N <= now.N {
		t.Errorf("number %d comes after %d", next.N, now.N)
	}
	if got := anna.refused("attach=" + first.Attach + "&show=1"); !strings.HasPrefix(got, "class-show FAIL:the teacher does not show this session") {
		t.Error(got)
	}
	eye = anna.comes("attach=" + second.Attach + "&show=1")
	anna.hello(eye)
	teacher.wants(204, "", "DELETE", "/api/class/show", "")
	ends(t, eye, websocket.CloseNormalClosure, "the teacher does not show this session any more")
	m.shows("nothing", notShown)
	teacher.wants(204, "", "DELETE", "/api/class/show", "") // again

	// A session that has ended is shown until nobody can come back to it.
	teacher.wants(204, "", "PUT", "/api/class/show", `{"session":"`+first.Attach+`"}`)
	say(t, boss, websocket.TextMessage, `{"end":true}`)
	until(t, boss, `"kind":"ended"`)
	eye = anna.comes("attach=" + first.Attach + "&show=1")
	anna.hello(eye)
	until(t, eye, `"kind":"ended"`)
	m.shows("one that has ended", func(now *toldShow) bool { return now != nil && now.Attach == first.Attach })
	teacher.wants(204, "", "DELETE", "/api/sessions/"+first.Attach, "")
	m.shows("one that is gone", notShown)
	teacher.wants(404, "no such session of yours", "PUT", "/api/class/show", `{"session":"`+first.Attach+`"}`)
}

// A class sees the recording that its teacher shows, all at once, in bounded memory and
// without waiting for turns.
func TestShowTranscript(t *testing.T) {
	m := newRoom(t)
	m.records = true
	teacher, anna := &person{room: m, token: m.teacher}, &person{room: m}
	anna.joins("Anna")
	hers, hello := anna.begins()
	ws, his := teacher.begins()
	for _, one := range []*websocket.Conn{hers, ws} {
		say(t, one, websocket.TextMessage, `{"text":"one"}`)
		until(t, one, `"ONE"`)
		say(t, one, websocket.TextMessage, `{"end":true}`)
		until(t, one, `"kind":"ended"`)
	}
	id := his.Transcript
	teacher.ended(id)
	for body, want := range map[string]int{
		`{"transcript":"` + hello.Transcript + `"}`: 404, `{"transcript":"../x"}`: 404, `{"session":"` + hello.Attach + `"}`: 404,
		`{"transcript":"` + id + `","at":100}`: 400, `{"transcript":"` + id + `","at":-1}`: 400, `{"transcript":"` + id + `","session":"x"}`: 400,
		`{}`: 400, `[]`: 400, `{"session":"x","at":3}`: 400, strings.Repeat(" ", maxJoin+1): 413,
	} {
		teacher.wants(want, "", "PUT", "/api/class/show", body)
	}
	teacher.wants(404, "a teacher shows their own recordings, and none of a student", "PUT", "/api/class/show", `{"transcript":"`+hello.Transcript+`"}`)
	m.shows("nothing", notShown)

	teacher.wants(204, "", "PUT", "/api/class/show", `{"transcript":"`+id+`"}`)
	first := m.shows("a recording", func(now *toldShow) bool { return now != nil })
	_, text := teacher.ask("GET", "/api/transcripts/"+id+"?format=jsonl", "")
	lines := strings.Count(text, "\n")
	if want := (toldShow{N: first.N, Kind: "transcript", Title: "practice:7", Of: lines}); *first != want || lines < 3 {
		t.Errorf("shown: %+v, of %d lines", first, lines)
	}
	teacher.wants(204, "", "PUT", "/api/transcripts/"+id+"/notes", `{"title":"How it is done"}`)
	teacher.wants(204, "", "PUT", "/api/class/show", fmt.Sprintf(`{"transcript":"%s","at":%d}`, id, lines))
	if now := m.shows("the last entry", func(now *toldShow) bool { return now != nil }); now.N != first.N || now.At != lines {
		t.Errorf("shown: %+v", now)
	}
	teacher.wants(204, "", "DELETE", "/api/class/show", "")
	teacher.wants(204, "", "PUT", "/api/class/show", `{"transcript":"`+id+`","at":1}`)
	if now := m.shows("with a title", func(now *toldShow) bool { return now != nil }); now.N <= first.N || now.Title != "How it is done" || now.At != 1 {
		t.Errorf("shown: %+v", now)
	}

	// All at once, while somebody has every turn.
	of := m.users()["teacher"]
	for _, turns := range []turn{of.whole, of.search, of.redacting} {
		done, err := turns.take(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		defer done()
	}
	var class sync.WaitGroup
	for range 50 {
		class.Go(func() {
			if status, got := (&person{room: m, cookie: anna.cookie}).ask("GET", "/api/class/show/transcript", ""); status != 200 || got != text {
				t.Errorf("%d %.100s", status, got)
			}
		})
	}
	class.Wait()
	anna.wants(404, "no such transcript", "GET", "/api/transcripts/"+id, "") // still not hers

	teacher.wants(204, "", "DELETE", "/api/transcripts/"+id, "")
	m.shows("one that was deleted", notShown)
	anna.wants(404, "shows no recording", "GET", "/api/class/show/transcript", "")
}

// A recording that the store has let go, to make room, is shown no more once somebody asks.
func TestShownTranscriptIsGone(t *testing.T) {
	m := newRoom(t)
	m.records = true
	teacher := &person{room: m, token: m.teacher}
	ws, hello := teacher.begins()
	say(t, ws, websocket.TextMessage, `{"end":true}`)
	until(t, ws, `"kind":"ended"`)
	teacher.ended(hello.Transcript)
	teacher.wants(204, "", "PUT", "/api/class/show", `{"transcript":"`+hello.Transcript+`"}`)
	if err := m.users()["teacher"].Transcripts.Delete(hello.Transcript); err != nil {
		t.Fatal(err)
	}
	teacher.wants(404, "shows no recording", "GET", "/api/class/show/transcript", "")
	m.shows("one that is gone", notShown)
}

// A reader of the shown recording that stops in the middle holds up nobody else.
func TestShownTranscriptToASlowReader(t *testing.T) {
	m := newRoom(t)
	folder, err := store.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	id := store.NewID(time.Now(), "s1", "upper")
	w, err := folder.Create(id)
	if err != nil {
		t.Fatal(err)
	}
	const entries = 100_000
	fmt.Fprint(w, "workbench transcript v1\nmode upper\n\n", strings.Repeat(">> server \"a line of a transcript\"\n", entries))
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	teacher := &person{room: m, token: m.teacher}
	teacher.wants(200, "", "GET", "/api/modes", "")
	m.users()["teacher"].Transcripts = folder
	teacher.wants(204, "", "PUT", "/api/class/show", `{"transcript":"`+id+`"}`)
	if now := m.shows("a recording", func(now *toldShow) bool { return now != nil }); now.Of != entries || now.Title != id {
		t.Errorf("shown: %+v", now)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	for range 2 {
		r, _ := http.NewRequestWithContext(ctx, "GET", m.url+"/api/class/show/transcript", nil)
		r.Header = teacher.header()
		slow, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer slow.Body.Close()
		if line, err := bufio.NewReader(slow.Body).ReadString('\n'); err != nil || !strings.Contains(line, "a line of a transcript") {
			t.Fatal(line, err)
		}
	}
	if status, text := teacher.ask("GET", "/api/class/show/transcript", ""); status != 200 || strings.Count(text, "\n") != entries {
		t.Errorf("%d, %d lines", status, strings.Count(text, "\n"))
	}
}
