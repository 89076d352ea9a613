package convert

import (
	"bytes"
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
	made, warnings, err := ParseHAR(Text{Name: "a\nb.har", Mode: "raw", Opening: []core.Action{{Kind: core.PassThrough, Side: core.Client}}}, []byte(archive))
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
		if _, _, err := ParseHAR(Text{Name: "x.har", Mode: "raw"}, []byte(text)); err == nil || !strings.HasPrefix(err.Error(), "x.har: ") || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// A body longer than an event is cut.
func TestParseHARLong(t *testing.T) {
	body := strings.Repeat("x", 5*maxLine)
	made, _, err := ParseHAR(Text{Mode: "raw"}, bytes.ReplaceAll([]byte(archive), []byte("AAH/\",\"encoding\":\"base64"), []byte(body)))
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
