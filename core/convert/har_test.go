package convert

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

const archive = `{"log":{"version":"1.2","entries":[
 {"startedDateTime":"2026-01-02T15:04:06Z","time":250.5,
  "request":{"method":"POST","url":"https://example.com/b?q=1#x","headers":[{"name":":authority","value":"example.com"},{"name":"Content-Length","value":"99"}],"postData":{"text":"a=1"}},
  "response":{"status":200,"statusText":"OK","headers":[{"name":"content-encoding","value":"gzip"},{"name":"X-Odd","value":"a\r\nInjected: 1"}],"content":{"text":"AAH/","encoding":"base64"}}},
 {"startedDateTime":"2026-01-02T15:04:05Z","time":10,
  "request":{"method":"GET","url":"https://example.com","headers":[{"name":"Host","value":"example.com"}]},
  "response":{"status":304,"statusText":"","headers":[],"content":{}}},
 {"startedDateTime":"2026-01-02T15:04:07Z","time":1,
  "request":{"method":"GET","url":"http://[::1]:8080/c","headers":[]},
  "response":{"status":204,"statusText":"No Content","headers":[],"content":{}}},
 {"startedDateTime":"2026-01-02T15:04:08Z","request":{"method":"GET","url":"data:,x"},"response":{"status":200}},
 {"startedDateTime":"2026-01-02T15:04:09Z","request":{"method":"GET","url":"http://[::1]:8080/d"},"response":{"status":0}}
]}}`

func TestParseHAR(t *testing.T) {
	made, warnings, err := ParseHAR(t.Context(), Text{Name: "a\nb.har", Mode: "raw", Opening: []core.Action{{Kind: core.PassThrough, Side: core.Client}}}, []byte(archive))
	if err != nil || len(made) != 2 || strings.Join(warnings, "") != "left out 2 requests without a web address or without an answer" {
		t.Fatalf("%v, %q, %v", made, warnings, err)
	}
	for i, want := range []struct {
		target   string
		requests int
		said     []string
	}{
		{"tls://example.com:443", 2, []string{
			"GET / HTTP/1.1\r\nHost: example.com\r\n\r\n",
			"HTTP/1.1 304 \r\nContent-Length: 0\r\n\r\n",
			"POST /b?q=1 HTTP/1.1\r\nHost: example.com\r\nContent-Length: 3\r\n\r\na=1",
			"HTTP/1.1 200 OK\r\nX-Odd: a  Injected: 1\r\nContent-Length: 3\r\n\r\n\x00\x01\xff",
		}},
		{"[::1]:8080", 1, []string{"GET /c HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n", "HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n"}},
	} {
		text := made[i].Transcript.Append(nil)
		parsed, err := transcript.Parse("made", text)
		if err != nil || parsed.Target != want.target || made[i].Requests != want.requests {
			t.Errorf("%s: %d requests, %v\n%s", parsed.Target, made[i].Requests, err, text)
			continue
		}
		for n, said := range want.said {
			if e := parsed.Entries[1+n]; string(e.Event.Data) != said {
				t.Errorf("%d: %q", n, e.Event.Data)
			}
		}
	}
	if at := made[0].Transcript.Entries[4].Time; at != time.Second+250500*time.Microsecond {
		t.Error(at)
	}
}

func TestParseHARRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{"log":`:                 "not an HTTP archive (HAR): unexpected end",
		`{"kind":"header"}`:       "JSON, but not an HTTP archive",
		`{"log":{"entries":[]}}`:  "no request with an answer",
		`{"log":{"entries":{}}}`:  "cannot unmarshal",
		`{"log":{"entries":[1]}}`: "cannot unmarshal",
	} {
		if _, _, err := ParseHAR(t.Context(), Text{Name: "x.har", Mode: "raw"}, []byte(text)); err == nil || !strings.HasPrefix(err.Error(), "x.har: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// A body longer than an event is cut.
func TestParseHARLong(t *testing.T) {
	body := strings.Repeat("x", 5*maxLine)
	made, _, err := ParseHAR(t.Context(), Text{Mode: "raw"}, bytes.ReplaceAll([]byte(archive), []byte("AAH/\",\"encoding\":\"base64"), []byte(body)))
	if err != nil {
		t.Fatal(err)
	}
	var got []byte
	for _, e := range made[0].Transcript.Entries {
		if len(e.Event.Data) > maxLine {
			t.Errorf("an event of %d bytes", len(e.Event.Data))
		}
		got = append(got, e.Event.Data...)
	}
	if !bytes.HasSuffix(got, []byte(body)) {
		t.Error("the body is not whole")
	}
}

// An archive that says little in many elements takes no more memory than one that says
// much.
func TestParseHARIsBounded(t *testing.T) {
	size := 16 << 20
	if testing.Short() {
		size = 4 << 20
	}
	const good = `"request":{"url":"http://a.example/"},"response":{"status":204}`
	for _, c := range []struct{ name, archive, want string }{
		{"entries", `{"log":{"entries":[*]}}`, "more than 100000 requests"},
		{"null entries", `{"log":{"entries":[*]}}`, "more than 100000 requests"},
		{"request headers", `{"log":{"entries":[{"request":{"url":"http://a.example/","headers":[*]},"response":{"status":204}}]}}`, "more than 10000 headers"},
		{"response headers", `{"log":{"entries":[{"request":{"url":"http://a.example/"},"response":{"status":204,"headers":[*]}}]}}`, "more than 10000 headers"},
		{"WebSocket messages", `{"log":{"entries":[{` + good + `,"_webSocketMessages":[*]}]}}`, ""},
		{"unknown in an entry", `{"log":{"entries":[{` + good + `,"x":{"y":[*]}}]}}`, ""},
		{"unknown in the log", `{"log":{"pages":[*],"entries":[{` + good + `}]}}`, ""},
		{"unknown beside the log", `{"x":[*],"log":{"entries":[{` + good + `}]}}`, ""},
	} {
		element := "{}"
		if strings.HasPrefix(c.name, "null") {
			element = "null"
		}
		many := strings.Repeat(element+",", size/(len(element)+1)) + element
		data := []byte(strings.Replace(c.archive, "*", many, 1))
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		made, _, err := ParseHAR(t.Context(), Text{Name: "x.har", Mode: "raw"}, data)
		runtime.ReadMemStats(&after)
		if took, most := after.TotalAlloc-before.TotalAlloc, uint64(2*size+64<<20); took > most {
			t.Errorf("%s: %d MiB of an archive took %d MiB", c.name, len(data)>>20, took>>20)
		}
		switch {
		case c.want == "" && (err != nil || len(made) != 1):
			t.Errorf("%s: %d made, %v", c.name, len(made), err)
		case c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)):
			t.Errorf("%s: %v", c.name, err)
		}
	}
}

// A request without a time, beside one with, makes a transcript all the same.
func TestParseHARWithoutATime(t *testing.T) {
	const archive = `{"log":{"entries":[{"startedDateTime":"1000-01-01T00:00:00Z","request":{"url":"http://a.example/"},"response":{"status":204}},
		{"startedDateTime":"2026-01-01T00:00:00Z","request":{"url":"http://a.example/"},"response":{"status":204}},{}]}}`
	made, _, err := ParseHAR(t.Context(), Text{Name: "x.har", Mode: "raw"}, []byte(archive))
	if err != nil || len(made) != 1 {
		t.Fatal(made, err)
	}
	if _, err := transcript.Parse("x", made[0].Transcript.Append(nil)); err != nil {
		t.Error(err)
	}
}

// An archive that reaches the bounds is taken.
func TestParseHARAtItsBounds(t *testing.T) {
	fields := strings.Repeat(`{"name":"a","value":"b"},`, maxHARHeaders-1) + `{"name":"a","value":"b"}`
	full := fmt.Sprintf(`{"request":{"url":"http://a.example/","headers":[%s]},"response":{"status":204,"headers":[%[1]s]}}`, fields)
	made, warnings, err := ParseHAR(t.Context(), Text{Name: "x.har", Mode: "raw"}, []byte(`{"log":{"entries":[`+strings.Repeat("{},", maxHARRequests-1)+full+`]}}`))
	if err != nil || len(made) != 1 || made[0].Requests != 1 || strings.Join(warnings, "") != "left out 99999 requests without a web address or without an answer" {
		t.Errorf("%d made, %q, %v", len(made), warnings, err)
	}
}

// doneAfter is a context that is done once it was asked a few times.
type doneAfter struct {
	context.Context
	times int
}

func (d *doneAfter) Err() error {
	if d.times--; d.times < 0 {
		return context.Canceled
	}
	return nil
}

// Once nobody wants the transcripts any more, no further entry is read.
func TestParseHARStops(t *testing.T) {
	for times := range 3 { // before the third entry, which is none
		data := strings.Replace(`{"log":{"entries":[{},{},1,*]}}`, "*", strings.Repeat("{},", 1000)+"{}", 1)
		ctx := &doneAfter{context.Background(), times}
		if _, _, err := ParseHAR(ctx, Text{Name: "x.har", Mode: "raw"}, []byte(data)); !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "x.har: ") {
			t.Errorf("%d: %v", times, err)
		}
	}
}

// What is read of an archive makes transcripts or an error, and an array is cut where its elements are.
func FuzzHAR(f *testing.F) {
	f.Add([]byte(archive))
	f.Add([]byte("\uFEFF" + archive))
	f.Add([]byte(` [ "a,\"]" , [1,[2]] ,{"b":[","]}, null,"\\" ] `))
	f.Add([]byte(`[]`))
	f.Add([]byte(`{"log":{"entries":[{"request":{"url":"http://a","headers":null},"response":{"status":1,"headers":{}}},null]}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var want []json.RawMessage
		if json.Unmarshal(data, &want) == nil {
			got := slices.Collect(harElements(data))
			if !slices.EqualFunc(got, want, func(a []byte, b json.RawMessage) bool { return bytes.Equal(a, b) }) {
				t.Fatalf("%q, should be %q", got, want)
			}
		}
		made, _, err := ParseHAR(t.Context(), Text{Name: "f", Mode: "raw"}, data)
		if (err == nil) != (len(made) > 0) {
			t.Fatal(len(made), err)
		}
		for _, one := range made {
			if one.Requests == 0 || len(one.Transcript.Entries) < 2*one.Requests {
				t.Fatalf("%s: %d requests, %d entries", one.Transcript.Target, one.Requests, len(one.Transcript.Entries))
			}
		}
	})
}
