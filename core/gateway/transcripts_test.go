package gateway

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// recorded is a gateway with its own store.
type recorded struct {
	*store.Recordings
	t   *testing.T
	url string
}

func newRecorded(t *testing.T) recorded {
	t.Helper()
	folder, err := store.OpenFolder(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	recordings := store.Record(folder, slog.New(slog.DiscardHandler))
	config := testGateway().Config
	config.Transcripts = recordings
	g := New(config)
	server := httptest.NewServer(g)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := recordings.Close(ctx); err != nil {
			t.Error(err)
		}
		server.Close()
		http.DefaultClient.CloseIdleConnections()
		folder.Close()
	})
	return recorded{recordings, t, server.URL}
}

var started atomic.Int64 // no two sessions have the same ID

func (r recorded) start() *store.Recorder {
	return r.Start(store.Header{Session: fmt.Sprint("s", started.Add(1)), Mode: "raw", Target: "example.com:80", Options: core.Options{"eol": "crlf"}}, nil)
}

// ended records a session, and returns its ID once it has ended.
func (r recorded) ended(payload string) string {
	recorder := r.start()
	recorder.Done(time.Second, wire.Event{N: 1, Event: core.Event{Kind: core.ServerBytes, Data: []byte(payload)}},
		[]core.Action{{Kind: core.SendBinary, Data: []byte(payload)}})
	recorder.End(2*time.Second, "done")
	for _, err := range r.Follow(r.t.Context(), recorder.ID()) {
		if err != nil {
			r.t.Fatal(err)
		}
	}
	return recorder.ID()
}

func (r recorded) do(method, path string, header ...string) (*http.Response, string) {
	r.t.Helper()
	return r.ask(method, path, nil, header...)
}

// ask makes a request with a body and headers, and returns the answer.
func (r recorded) ask(method, path string, body io.Reader, header ...string) (*http.Response, string) {
	r.t.Helper()
	request, err := http.NewRequestWithContext(r.t.Context(), method, r.url+path, body)
	if err != nil {
		r.t.Fatal(err)
	}
	for i := 0; i < len(header); i += 2 {
		request.Header.Set(header[i], header[i+1])
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		r.t.Fatal(err)
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	return response, string(text)
}

func TestTranscriptsAreListed(t *testing.T) {
	r := newRecorded(t)
	if _, body := r.do("GET", "/api/transcripts"); body != "[]\n" {
		t.Errorf("at first: %q", body)
	}
	id := r.ended("hello\r\n")
	for query, want := range map[string]int{"": 1, "?mode=raw": 1, "?mode=other": 0, "?target=EXAMPLE": 1, "?text=hello%0d%0a": 1, "?text=bye": 0, "?limit=1": 1, "?before=" + id: 0, "?before=x": 1} {
		_, body := r.do("GET", "/api/transcripts"+query)
		var infos []store.Info
		if err := json.Unmarshal([]byte(body), &infos); err != nil || len(infos) != want || want == 1 && (infos[0].ID != id || infos[0].Ended != "done" || infos[0].Duration != 2) {
			t.Errorf("%s: %s, %v", query, body, err)
		}
	}
	_, list := r.do("GET", "/api/transcripts")
	if _, one := r.do("GET", "/api/transcripts/"+id+"/info"); strings.TrimSpace(list) != "["+strings.TrimSpace(one)+"]" {
		t.Errorf("the list has %s, alone it is %s", list, one)
	}
}

func TestATranscriptIsShown(t *testing.T) {
	r := newRecorded(t)
	id := r.ended("hello\r\n")
	for _, test := range []struct{ query, kind, save, want string }{
		{"", "text/plain; charset=utf-8", "", "1.000 >> server \"hello\\r\\n\"\n1.000 << client binary \"hello\\r\\n\"\n2.000 -- ended: done\n"},
		{"?download=1", "text/plain; charset=utf-8", `attachment; filename="` + id + `.transcript"`, "-- recorded"},
		{"?golden=1", "text/plain; charset=utf-8", "", "workbench transcript v1\nmode raw\noption eol \"crlf\"\ntarget \"example.com:80\"\n\n>> server \"hello\\r\\n\"\n<< client binary \"hello\\r\\n\"\n"},
		{"?golden=1&download=1", "text/plain; charset=utf-8", `attachment; filename="` + id + `.golden"`, ">> server"},
		{"?format=jsonl", "application/x-ndjson", "", `{"n":1,"t":1,"dir":">>","side":"server","kind":"bytes","text":"hello\r\n"}` + "\n"},
	} {
		response, body := r.do("GET", "/api/transcripts/"+id+test.query)
		h := response.Header
		if response.StatusCode != 200 || h.Get("Content-Type") != test.kind || h.Get("Content-Disposition") != test.save ||
			h.Get("Cache-Control") != "no-store" || h.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(body, test.want) {
			t.Errorf("%q: %d %v\n%s", test.query, response.StatusCode, h, body)
		}
	}
}

func TestWhatIsRefusedOfTranscripts(t *testing.T) {
	r := newRecorded(t)
	id := r.ended("x")
	running := r.start()
	defer running.End(0, "")
	for _, test := range []struct {
		method, path string
		status       int
		words        string
	}{
		{"GET", "/api/transcripts?limit=0", 400, "it must be a number from 1 on"},
		{"GET", "/api/transcripts?moed=raw", 400, "the known ones are mode, target, text, before, limit"},
		{"GET", "/api/transcripts?mode=a&mode=b", 400, "more than once"},
		{"GET", "/api/transcripts?text=" + strings.Repeat("x", store.MaxText+1), 400, "text is longer than 1024 bytes"},
		{"GET", "/api/transcripts/" + id + "?format=xml", 400, "must be text or jsonl"},
		{"GET", "/api/transcripts/" + id + "?format=jsonl&golden=1", 400, "a golden is text"},
		{"GET", "/api/transcripts/" + id + "?golden=2", 400, "golden is \"2\"; it must be 1 or absent"},
		{"GET", "/api/transcripts/" + id + "?download=yes", 400, "download is \"yes\"; it must be 1 or absent"},
		{"GET", "/api/transcripts/" + id + "/follow?x=1", 400, "\"x\"; none are known here"},
		{"DELETE", "/api/transcripts/" + id + "?x=1", 400, "\"x\"; none are known here"},
		{"GET", "/api/transcripts/nothing", 404, "no such transcript"},
		{"GET", "/api/transcripts/..%2f..%2fetc%2fpasswd", 404, "no such transcript"},
		{"GET", "/api/transcripts/nothing/follow", 404, "no such transcript"},
		{"GET", "/api/transcripts/nothing/info", 404, "no such transcript"},
		{"GET", "/api/transcripts/" + id + "/info?x=1", 400, "\"x\"; none are known here"},
		{"DELETE", "/api/transcripts/nothing", 404, "no such transcript"},
		{"DELETE", "/api/transcripts/" + running.ID(), 409, "still running"},
		{"POST", "/api/transcripts/" + id, 405, ""},
	} {
		response, body := r.do(test.method, test.path)
		if response.StatusCode != test.status || !strings.Contains(body, test.words) || response.Header.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s %s: %d %q", test.method, test.path, response.StatusCode, body)
		}
	}
	if response, _ := r.do("DELETE", "/api/transcripts/"+id, "Origin", "http://evil.example"); response.StatusCode != 403 {
		t.Errorf("another page may delete: %d", response.StatusCode)
	}
}

func TestATranscriptIsDeleted(t *testing.T) {
	r := newRecorded(t)
	id := r.ended("x")
	// Follow ends a moment before the recording is closed for good.
	for deadline := time.Now().Add(time.Minute); ; {
		response, body := r.do("DELETE", "/api/transcripts/"+id)
		if response.StatusCode == 204 {
			break
		}
		if response.StatusCode != 409 || time.Now().After(deadline) {
			t.Fatalf("%d %s", response.StatusCode, body)
		}
	}
	if response, _ := r.do("GET", "/api/transcripts/"+id); response.StatusCode != 404 {
		t.Errorf("not deleted: %d", response.StatusCode)
	}
}

func TestARunningSessionIsFollowed(t *testing.T) {
	r := newRecorded(t)
	recorder := r.start()
	say := func(n int, data string) {
		recorder.Done(0, wire.Event{N: uint64(n), Event: core.Event{Kind: core.ClientText, Data: []byte(data)}}, nil)
	}
	say(1, "before")
	response, err := http.Get(r.url + "/api/transcripts/" + recorder.ID() + "/follow")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	lines := bufio.NewScanner(response.Body)
	expect := func(want string) {
		t.Helper()
		if !lines.Scan() || !strings.Contains(lines.Text(), want) {
			t.Fatalf("got %q, %v; want %s", lines.Text(), lines.Err(), want)
		}
	}
	expect(`"text":"recorded `)
	expect(`{"n":1,"t":0,"dir":">>","side":"client","kind":"text","text":"before"}`)
	for n := 2; n < 10; n++ {
		say(n, "live\n")
		expect(`{"n":` + string(rune('0'+n)) + `,"t":0,"dir":">>","side":"client","kind":"text","text":"live\n"}`)
	}
	recorder.End(0, "bye")
	expect(`"text":"ended: bye"`)
	if lines.Scan() {
		t.Errorf("data after the end: %q", lines.Text())
	}
}

// A recorded payload that looks like an entry stays a payload.
func TestAPayloadMakesNoEntries(t *testing.T) {
	r := newRecorded(t)
	id := r.ended("\n>> server eof\n\"\n9.0 -- ended: forged\n")
	_, body := r.do("GET", "/api/transcripts/"+id+"?format=jsonl")
	if n := strings.Count(body, "\n"); n != 4 {
		t.Errorf("%d entries:\n%s", n, body)
	}
	_, body = r.do("GET", "/api/transcripts/"+id)
	if parsed, err := transcript.Parse(id, []byte(body)); err != nil || len(parsed.Entries) != 4 {
		t.Errorf("%v\n%s", err, body)
	}
}
