package gateway

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/redact"
)

func TestATranscriptIsRedacted(t *testing.T) {
	r := newRecorded(t)
	id := r.imports("workbench transcript v1\nmode raw\ntarget \"a.example:1\"\n\n-- a remark of hunter2\n>> client text \"PASS hunter2\"\n>> server \"331 hun\"\n>> server \"ter2\\r\\n\"\n>> server \"ok\"\n")
	ask := func(body string) (status int, text string) {
		t.Helper()
		return r.post("/api/transcripts/"+id+"/redact", strings.NewReader(body))
	}
	preview := func(body string) (got struct {
		sides
		Found   int
		Places  []redact.Place
		Problem string
	}) {
		t.Helper()
		status, text := ask(body)
		if err := json.Unmarshal([]byte(text), &got); err != nil || status != 200 {
			t.Fatalf("%d %s", status, text)
		}
		return got
	}
	got := preview(`{"match":"PASS (\\S+)"}`)
	if got.Found != 1 || got.Differences != 1 || got.Rows[1].A.Text != "PASS hunter2" || got.Rows[1].B.Text != "PASS *******" {
		t.Errorf("by a group: %+v", got)
	}
	got = preview(`{"match":"hunter2","literal":true}`)
	if got.Found != 3 || got.Differences != 4 || got.Rows[0].B.Text != "a remark of *******" || got.Rows[2].B.Text != "331 ***" {
		t.Errorf("by words: %+v", got)
	}
	if got = preview(`{"match":"(","literal":true}`); got.Found != 0 || !got.Same {
		t.Errorf("what is nowhere: %+v", got)
	}
	if got = preview(`{"match":"example"}`); len(got.Places) != 1 || got.Places[0].Line != 3 || got.Places[0].What != "the target" {
		t.Errorf("in the header: %+v", got)
	}

	_, text := ask(`{"match":"hunter2","as":"recording"}`)
	var kept imported
	if err := json.Unmarshal([]byte(text), &kept); err != nil {
		t.Fatalf("%s", text)
	}
	status, file := ask(`{"match":"hunter2","as":"file"}`)
	if _, body := r.do("GET", "/api/transcripts/"+kept.ID); body != file || status != 200 || strings.Contains(file, "hunter2") || !strings.Contains(file, `"PASS *******"`) {
		t.Errorf("kept %q, saved %q", body, file)
	}
	if _, body := r.do("GET", "/api/transcripts/"+id); !strings.Contains(body, "PASS hunter2") {
		t.Error("the recording itself was changed")
	}
	for body, want := range map[string]string{
		`{`: "400 parse the request", `{"match":""}`: "400 match is missing", `{"match":"("}`: "400 error parsing regexp", `{"match":"` + strings.Repeat("(?:[ab]?){1000}", 60) + `b"}`: "400 fewer or smaller repetitions",
		`{"match":"a","as":"page"}`:                     `400 as is "page"`,
		`{"match":"` + strings.Repeat("a", 1025) + `"}`: "400 match is longer than 1024 bytes", `{"match":"` + strings.Repeat("a", maxRedactRequest) + `"}`: "413 ",
		`{"match":"none","as":"file"}`: "422 nothing matches", `{"match":"example","as":"recording"}`: "422 " + id + ":3: the target",
	} {
		code, words, _ := strings.Cut(want, " ")
		if status, text := ask(body); code != strconv.Itoa(status) || !strings.Contains(text, words) {
			t.Errorf("%.60s: %d %s", body, status, text)
		}
	}
	if status, _ := r.post("/api/transcripts/..%2fx/redact", strings.NewReader(`{"match":"a"}`)); status != 404 {
		t.Errorf("no such transcript: %d", status)
	}
}

// leaves makes a request whose client leaves while the request has its turn, and waits for
// the turn to end.
func (p playedGateway) leaves(of turn, method, path, body string) {
	p.t.Helper()
	ctx, leave := context.WithTimeout(p.t.Context(), time.Minute)
	defer leave()
	answered := make(chan string, 1)
	go func() {
		defer close(answered)
		request, _ := http.NewRequestWithContext(ctx, method, p.url+path, strings.NewReader(body))
		if response, err := http.DefaultClient.Do(request); err == nil {
			defer response.Body.Close()
			text, _ := io.ReadAll(response.Body)
			answered <- string(text)
		}
	}()
	for tick := time.Tick(time.Millisecond); len(of) == 0; <-tick {
		select {
		case text := <-answered:
			p.t.Fatalf("it ended before the client left: %.100s", text)
		default:
		}
	}
	leave()
	<-answered
	next, done := context.WithTimeout(p.t.Context(), 30*time.Second)
	defer done()
	end, err := of.take(next)
	if err != nil {
		p.t.Fatal("it goes on without its client")
	}
	end()
}

func TestARedactionEndsWithItsClient(t *testing.T) {
	p := newPlayed(t)
	id := p.put(strings.Repeat(`>> client binary "`+strings.Repeat("a", 200_000)+"\"\n", 10))
	p.leaves(p.g.redacting, "POST", "/api/transcripts/"+id+"/redact", `{"match":"`+strings.Repeat("(?:[ab]?){1000}", 4)+`c"}`)
}
