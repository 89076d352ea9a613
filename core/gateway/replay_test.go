package gateway

import (
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/replay"
)

const upperTranscript = "workbench transcript v1\nmode upper\noption loud \"false\"\n\n>> client text \"a\"\n<< client text \"A\"\n>> client text \"b\"\n<< client text \"B\"\n"

// imports keeps a transcript and returns its ID.
func (r recorded) imports(text string) string {
	r.t.Helper()
	status, body := r.post("/api/transcripts/import", strings.NewReader(text))
	var answer importAnswer
	if err := json.Unmarshal([]byte(body), &answer); err != nil || status != 200 || len(answer.Made) != 1 {
		r.t.Fatalf("%d %s", status, body)
	}
	return answer.Made[0].ID
}

func TestATranscriptIsReplayed(t *testing.T) {
	r := newRecorded(t)
	id := r.imports(upperTranscript)
	wrong := r.imports(strings.Replace(upperTranscript, `"B"`, `"C"`, 1))
	early := r.imports("workbench transcript v1\nmode upper\n\n>> client text \"a\"\n<< timer t 1s\n>> timer t\n")
	for _, c := range []struct {
		id, body    string
		same        bool
		differences int
		fault       string
	}{
		{id, `{}`, true, 0, ""},
		{id, `{"mode":"upper","options":{}}`, true, 0, ""},
		{id, `{"options":{"loud":"true"}}`, false, 2, ""},
		{wrong, `{"mode":"upper"}`, false, 1, ""},
		{early, `{}`, false, 2, "the timer t cannot fire"},
	} {
		status, body := r.post("/api/transcripts/"+c.id+"/replay", strings.NewReader(c.body))
		var got struct {
			sides
			Mode   string
			Faults []replay.Finding
		}
		if err := json.Unmarshal([]byte(body), &got); err != nil || status != 200 || got.Mode != "upper" || got.Same != c.same || got.Differences != c.differences ||
			(c.fault == "") != (len(got.Faults) == 0) || c.fault != "" && !strings.Contains(got.Faults[0].Words, c.fault) {
			t.Errorf("%s: %d %s", c.body, status, body)
		}
	}
	for body, want := range map[string]string{
		``: "400 parse the request", `[]`: "400 parse the request", `{"mod":"upper"}`: `400 parse the request: json: unknown field "mod"`, `{} {}`: "400 parse the request: something follows",
		`{"mode":"none"}`: `422 line mode "none": no such mode`, `{"options":{"loud":"no"}}`: "422 " + id + ":3: expected an option", `{"options":{"soft":"1"}}`: "422 ",
		`{"mode":"` + strings.Repeat("x", maxReplayRequest) + `"}`: "413 ",
	} {
		status, text := r.post("/api/transcripts/"+id+"/replay", strings.NewReader(body))
		if code, words, _ := strings.Cut(want, " "); code != strconv.Itoa(status) || !strings.Contains(text, words) {
			t.Errorf("%.60s: %d %s", body, status, text)
		}
	}
	if status, _ := r.post("/api/transcripts/20260102-150405-123-s2-raw/replay", strings.NewReader("{}")); status != 404 {
		t.Errorf("no such transcript: %d", status)
	}
	if response, _ := r.do("GET", "/api/transcripts/"+id+"/replay"); response.StatusCode != 405 {
		t.Errorf("GET: %d", response.StatusCode)
	}
}
