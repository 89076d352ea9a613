package gateway

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// sidesOf decodes what aligned entries say.
type sideEntry struct {
	N            int
	Dir          string
	Kind         string
	Text         string
	B64          []byte
	Before, More int
}

type sides struct {
	Same        bool
	Differences int
	Left        int
	Rows        []struct {
		A, B    *sideEntry
		Differs bool
		Equal   int
	}
}

func TestTwoTranscriptsSideBySide(t *testing.T) {
	r := newRecorded(t)
	a, same, b := r.ended("hello\r\n"), r.ended("hello\r\n"), r.ended("hallo\r\n")
	ask := func(path string) (got sides) {
		t.Helper()
		response, body := r.do("GET", "/api/transcripts/"+path)
		if err := json.Unmarshal([]byte(body), &got); err != nil || response.StatusCode != 200 {
			t.Fatalf("%d %s", response.StatusCode, body)
		}
		return got
	}
	if got := ask(a + "/diff?with=" + same); !got.Same || got.Differences != 0 || len(got.Rows) != 2 {
		t.Errorf("%+v", got)
	}
	got := ask(a + "/diff?with=" + b)
	if got.Same || got.Differences != 2 || len(got.Rows) != 2 || got.Rows[0].A.Text != "hello\r\n" || got.Rows[0].B.Text != "hallo\r\n" || got.Rows[1].A.Dir != "<<" || !got.Rows[1].Differs {
		t.Errorf("%+v", got)
	}
	for path, status := range map[string]int{
		a + "/diff": 400, a + "/diff?with=" + b + "&with=x": 400, a + "/diff?to=" + b: 400,
		a + "/diff?with=none": 404, a + "/diff?with=..%2fx": 404, "none/diff?with=" + a: 404,
	} {
		if response, body := r.do("GET", "/api/transcripts/"+path); response.StatusCode != status {
			t.Errorf("%s: %d %s", path, response.StatusCode, body)
		}
	}
}

func bytesFrom(n int, data string) transcript.Entry {
	return transcript.Entry{Dir: transcript.Event, N: uint64(n), Event: core.Event{Kind: core.ServerBytes, Data: []byte(data)}}
}

func alignedJSON(t *testing.T, a, b []transcript.Entry) (got sides, size int) {
	t.Helper()
	text, err := json.Marshal(sideBySide(a, b))
	if err == nil {
		err = json.Unmarshal(text, &got)
	}
	if err != nil {
		t.Fatal(err)
	}
	return got, len(text)
}

// What is equal and far from a difference is counted, and a payload is cut around
// the first byte that differs.
func TestSideBySideIsShort(t *testing.T) {
	var a, b []transcript.Entry
	for i := range 100 {
		a, b = append(a, bytesFrom(i, fmt.Sprint(i))), append(b, bytesFrom(i, fmt.Sprint(i)))
	}
	long := strings.Repeat("é", 20_000)
	a[50], b[50] = bytesFrom(50, long+"A"+long), bytesFrom(50, long+"B"+long)
	got, _ := alignedJSON(t, a, b)
	if len(got.Rows) != 13 || got.Rows[0].Equal != 45 || got.Rows[12].Equal != 44 || !got.Rows[6].Differs {
		t.Fatalf("%+v", got)
	}
	if e := got.Rows[6].A; e.B64 != nil || len(e.Text) > maxAlignedData+4 || !strings.Contains(e.Text, "éAé") || e.Before+len(e.Text)+e.More != 2*len(long)+1 {
		t.Errorf("%d before, %d shown, %d more", e.Before, len(e.Text), e.More)
	}
	a[50], b[50] = bytesFrom(50, strings.Repeat("\xff", 9000)), bytesFrom(50, strings.Repeat("\xff", 9001))
	if got, _ := alignedJSON(t, a, b); len(got.Rows[6].B.B64) != 257 || got.Rows[6].B.Before != 9000-256 {
		t.Errorf("%+v", got.Rows[6].B)
	}
}

// However much differs, the answer has bounds.
func TestSideBySideIsBounded(t *testing.T) {
	var a, b []transcript.Entry
	for i := range 5000 {
		a, b = append(a, bytesFrom(i, strings.Repeat("a", 10_000))), append(b, bytesFrom(i, "b"))
	}
	got, size := alignedJSON(t, a, b)
	if got.Differences != 5000 || len(got.Rows)+got.Left != 5000 || len(got.Rows) > maxAlignedRows || size > maxAligned*3/2 {
		t.Errorf("%d rows, %d left, %d bytes", len(got.Rows), got.Left, size)
	}
}
