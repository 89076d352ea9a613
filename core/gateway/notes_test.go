package gateway

import (
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/store"
)

func (r recorded) put(path, body string, header ...string) (status int, text string) {
	r.t.Helper()
	response, text := r.ask("PUT", path, strings.NewReader(body), header...)
	return response.StatusCode, text
}

func TestNotesOnATranscript(t *testing.T) {
	r := newRecorded(t)
	id := r.ended("hello\r\n")
	at := "/api/transcripts/" + id + "/notes"
	if _, body := r.do("GET", at); body != "{}\n" {
		t.Errorf("at first: %s", body)
	}
	const notes = `{"title":"\u003cb\u003e","tags":["one"],"text":"a\nb","rows":{"1":"here"}}` + "\n"
	if status, body := r.put(at, notes); status != 204 {
		t.Fatalf("%d %s", status, body)
	}
	if _, body := r.do("GET", at); body != notes {
		t.Errorf("got %s", body)
	}
	if _, body := r.do("GET", "/api/transcripts?text=HERE"); !strings.Contains(body, `"title":"\u003cb\u003e","tags":["one"],"noted":true}]`) {
		t.Errorf("the list: %s", body)
	}
	for body, want := range map[string]int{
		``: 400, `[]`: 400, `{"titel":"x"}`: 400, `{"title":"a\nb"}`: 400, `{"rows":{"x":"y"}}`: 400, `{"rows":{"-1":"y"}}`: 400, `{"tags":[""]}`: 400,
		`{"text":"` + strings.Repeat("x", store.MaxNotes) + `"}`: 413,
	} {
		if status, text := r.put(at, body); status != want || text == "" {
			t.Errorf("%.60s: %d %s", body, status, text)
		}
	}
	for _, path := range []string{"20260102-150405-123-s2-raw", "..%2fx"} {
		if status, _ := r.put("/api/transcripts/"+path+"/notes", "{}"); status != 404 {
			t.Errorf("%s: %d", path, status)
		}
		if response, _ := r.do("GET", "/api/transcripts/"+path+"/notes"); response.StatusCode != 404 {
			t.Errorf("%s: %d", path, response.StatusCode)
		}
	}
	if status, _ := r.put(at, "{}", "Origin", "http://evil.example"); status != 403 {
		t.Errorf("another origin may write notes: %d", status)
	}
	if response, _ := r.do("DELETE", at); response.StatusCode != 405 {
		t.Errorf("DELETE: %d", response.StatusCode)
	}
}
