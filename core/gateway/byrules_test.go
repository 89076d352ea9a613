package gateway

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// What differs from one talk to the next is allowed, and what does not is shown.
func TestADiffByRules(t *testing.T) {
	p := newPlayed(t)
	talk := func(date, id, end string) string {
		return p.put(">> client binary \"GET\\r\\n\"\n>> server \"200 ok\\r\\nDate: " + date + "\\r\\n\"\n<< client binary \"not on the wire: " + id + "\"\n" +
			"<< server \"NEXT\\r\\n\"\n>> server \"id " + id + "\\r\\n\"\n<< server \"QUIT\\r\\n\"\n>> server \"" + end + "\\r\\n\"\n")
	}
	monday := talk("Mon, 23 Nov 2026 19:01:59 GMT", "7f3a", "bye")
	tuesday := talk("Tue, 24 Nov 2026 08:20:07 GMT", "01cd", "bye")
	other := talk("Tue, 24 Nov 2026 08:20:07 GMT", "01cd", "bye\\r\\nand something else")
	type row struct {
		A, B             *sideEntry
		Differs, Allowed bool
		Rules            []string
	}
	type answer struct {
		Same                 bool
		Differences, Written int
		Rows                 []row
	}
	ask := func(with string) (got answer) {
		t.Helper()
		response, body := p.do("GET", "/api/transcripts/"+monday+"/diff?by=rules&with="+with)
		if err := json.Unmarshal([]byte(body), &got); err != nil || response.StatusCode != 200 {
			t.Fatalf("%d %s", response.StatusCode, body)
		}
		return got
	}
	if got := ask(monday); !got.Same || got.Written != 0 {
		t.Errorf("itself: %+v", got)
	}
	got := ask(tuesday)
	if !got.Same || got.Differences != 0 || got.Written != 2 || len(got.Rows) != 5 {
		t.Errorf("%+v", got)
	}
	allowed := 0
	for _, r := range got.Rows {
		if r.Differs || strings.Contains(r.A.Text, "not on the wire") {
			t.Errorf("%+v", r)
		}
		if r.Allowed {
			allowed += len(r.Rules)
		}
	}
	if allowed != 2 {
		t.Errorf("%d rules stand beside their rows", allowed)
	}
	got = ask(other)
	if got.Same || got.Differences != 1 || !got.Rows[4].Differs || got.Rows[4].Allowed || !got.Rows[0].Allowed {
		t.Errorf("%+v", got)
	}
	for path, status := range map[string]int{monday + "/diff?with=" + tuesday + "&by=x": 400, monday + "/diff?by=rules": 400, monday + "/diff?by=rules&with=none": 404} {
		if response, body := p.do("GET", "/api/transcripts/"+path); response.StatusCode != status {
			t.Errorf("%s: %d %s", path, response.StatusCode, body)
		}
	}

	// With its rules kept, the recording plays the client to the other day's server.
	response, body := p.ask("POST", "/api/transcripts/"+monday+"/rules", strings.NewReader(`{"with":"`+tuesday+`"}`))
	var kept struct {
		ID                   string
		Written, Unexplained int
	}
	if err := json.Unmarshal([]byte(body), &kept); err != nil || response.StatusCode != 200 || kept.Written != 2 || kept.Unexplained != 0 {
		t.Fatalf("%d %s", response.StatusCode, body)
	}
	server := p.play(tuesday+"/play/server", `{"fast":true}`)
	s := p.play(kept.ID+"/play/client", `{"to":"`+server.next("listening").Address+`"}`)
	for s.lines.Scan() && !strings.Contains(s.lines.Text(), `"ended"`) {
	}
	if !strings.Contains(s.lines.Text(), `"result":"same"`) {
		t.Errorf("%s", s.lines.Text())
	}
	for body, status := range map[string]int{`{}`: 400, `{"with":"none"}`: 404, `{"x":1}`: 400} {
		if response, text := p.ask("POST", "/api/transcripts/"+monday+"/rules", strings.NewReader(body)); response.StatusCode != status {
			t.Errorf("%s: %d %s", body, response.StatusCode, text)
		}
	}
}

func TestASearchForRulesEndsWithItsClient(t *testing.T) {
	p := newPlayed(t)
	chatter := func(seed uint64) string {
		random := rand.New(rand.NewPCG(seed, 0))
		var text strings.Builder
		for text.Len() < 3<<20 {
			fmt.Fprintf(&text, ">> server \"%x word %x, %d\\r\\n\"\n<< server \"%x\\r\\n\"\n", random.Uint32(), random.Uint64(), random.IntN(1000), random.Uint32())
		}
		return p.put(text.String())
	}
	p.leaves(p.g.whole, "GET", "/api/transcripts/"+chatter(1)+"/diff?by=rules&with="+chatter(2), "")
}
