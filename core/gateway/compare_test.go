package gateway

import (
	"encoding/json"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/compare"
)

// ask posts a comparison to a gateway with the mode upper.
func ask(t *testing.T, body string) *httptest.ResponseRecorder {
	t.Helper()
	g := testGateway()
	r := httptest.NewRequest("POST", "http://127.0.0.1:8000/api/compare", strings.NewReader(body))
	w := httptest.NewRecorder()
	g.ServeHTTP(w, at(r, 8000))
	return w
}

func TestCompare(t *testing.T) {
	w := ask(t, `{"entries":[
		{"n":1,"dir":">>","side":"client","kind":"text","text":"a"},
		{"n":1,"dir":"<<","side":"client","kind":"text","text":"other"},
		{"n":2,"dir":">>","kind":"timer","name":"never"},
		{"n":3,"dir":">>","side":"client","kind":"text","text":"b"}],
		"runs":[{"mode":"upper"},{"mode":"upper","options":{"loud":"true"}},{"mode":"upper","options":{"loud":"no"}}]}`)
	var got struct {
		Runs    []compare.Run
		Differs *uint64
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || w.Code != 200 || len(got.Runs) != 3 {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	for i, want := range []string{"A B", "A! B!", ""} {
		var said []string
		for _, e := range got.Runs[i].Events {
			for _, a := range e.Actions {
				var action struct{ Text string }
				json.Unmarshal(a, &action)
				said = append(said, action.Text)
			}
		}
		if strings.Join(said, " ") != want {
			t.Errorf("run %d said %q, want %q", i, said, want)
		}
	}
	if n := len(got.Runs[0].Events); n != 3 { // the opening, and not the timer that it has not set
		t.Errorf("%d events were answered, want 3", n)
	}
	if got.Differs == nil || *got.Differs != 1 || !strings.Contains(got.Runs[2].Error, "option loud") || got.Runs[0].Options["loud"] != "false" {
		t.Errorf("got %s", w.Body)
	}
}

func TestCompareTheSame(t *testing.T) {
	w := ask(t, `{"entries":[{"n":5,"dir":">>","side":"client","kind":"text","text":"a"}],"from":6,"runs":[{"mode":"upper"},{"mode":"upper"}]}`)
	if w.Code != 200 || !strings.Contains(w.Body.String(), `"differs":null`) || strings.Contains(w.Body.String(), `"n":5`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}

func TestCompareRefused(t *testing.T) {
	for body, want := range map[string]string{
		`{`: "parse the comparison",
		`{"transcript":"x","runs":[{"mode":"upper"}]}`: "no recorded transcripts",
		`{"entries":[{"n":2,"dir":">>","side":"client","kind":"eof"},{"n":2,"dir":">>","side":"client","kind":"eof"}],"runs":[{"mode":"upper"}]}`: "do not rise",
	} {
		if w := ask(t, body); w.Code != 400 || !strings.Contains(w.Body.String(), want) {
			t.Errorf("%s: %d %s", body, w.Code, w.Body)
		}
	}
	if w := ask(t, `{"target":"`+strings.Repeat("x", compare.MaxRequest)+`"}`); w.Code != 413 {
		t.Errorf("a request that is too large: %d %s", w.Code, w.Body)
	}
	if w := ask(t, `{"entries":[],"runs":[{"mode":"none"}]}`); w.Code != 200 || !strings.Contains(w.Body.String(), `"error":`) {
		t.Errorf("%d %s", w.Code, w.Body)
	}
}
