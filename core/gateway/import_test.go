package gateway

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/store"
)

// importAnswer is what POST /api/transcripts/import answers.
type importAnswer struct {
	Made     []imported
	Warnings []string
	Problem  string
}

func (r recorded) post(path string, body io.Reader, header ...string) (status int, answer string) {
	r.t.Helper()
	response, answer := r.ask("POST", path, body, header...)
	return response.StatusCode, answer
}

const aTranscript = "workbench transcript v1\nmode raw\ntarget \"a.example:1\"\n\n0.000 -- recorded 2001-02-03T04:05:06Z, session s1\n1.000 >> server \"hi\\r\\n\"\n2.000 -- ended: done\n"

func TestAFileIsImported(t *testing.T) {
	r := newRecorded(t)
	first := r.ended("hello\r\n")
	_, capture := r.do("GET", "/api/transcripts/"+first+"/export?as=pcapng")
	for _, c := range []struct {
		name, body  string
		made        int
		words, warn string
		holds       string
	}{
		{"a.transcript", aTranscript, 1, "1 event", "", aTranscript},
		{"a.pcapng", capture, 1, "192.0.2.1:50000 to 192.0.2.2:80, 0 bytes sent, 7 received", "", `>> server "hello\r\n"`},
		{"a.pcapng", capture[:len(capture)-10], 1, "7 received", "ends within a packet", "# imported from a.pcapng: connection 1"},
		{"talk.txt", "C: HELO x\nbla\nS: 250 ok\n", 1, "2 events", "1 lines begin with neither", `>> client binary "HELO x\r\n"`},
		{"x.har", `{"log":{"entries":[{"request":{"method":"GET","url":"http://a.example/"},"response":{"status":200}},{"request":{"method":"GET","url":"http://b.example/"},"response":{"status":200}}]}}`,
			2, "a.example:80, 1 request", "", "GET / HTTP/1.1"},
	} {
		status, text := r.post("/api/transcripts/import?name="+c.name, strings.NewReader(c.body))
		var answer importAnswer
		if err := json.Unmarshal([]byte(text), &answer); err != nil || status != 200 || len(answer.Made) != c.made || answer.Problem != "" ||
			!strings.Contains(answer.Made[0].Words, c.words) || !strings.Contains(strings.Join(answer.Warnings, "\n"), c.warn) {
			t.Errorf("%s: %d %s", c.name, status, text)
			continue
		}
		if _, text := r.do("GET", "/api/transcripts/"+answer.Made[0].ID); !strings.Contains(text, c.holds) {
			t.Errorf("%s: %s", c.name, text)
		}
	}
	// Into another mode, whose answers are filled in where it is one that could have
	// sent these bytes; a transcript has its own.
	for _, c := range []struct{ body, holds, warn string }{
		{"C: hi\nS: you\n", ">> client binary \"hi\\r\\n\"\n>> server", "what mode upper answers is missing in 1 recording: it would have sent other bytes"},
		{"S: hi\n", "mode upper\n", ""},
		{aTranscript, aTranscript, ""},
	} {
		status, text := r.post("/api/transcripts/import?mode=upper", strings.NewReader(c.body))
		var answer importAnswer
		if err := json.Unmarshal([]byte(text), &answer); err != nil || status != 200 || strings.Join(answer.Warnings, "") != c.warn {
			t.Fatalf("%d %s", status, text)
		}
		if _, text := r.do("GET", "/api/transcripts/"+answer.Made[0].ID); !strings.Contains(text, c.holds) {
			t.Errorf("%s", text)
		}
	}
	if status, text := r.post("/api/transcripts/import?mode=none", strings.NewReader("C: hi\n")); status != 400 || !strings.Contains(text, "no such mode") {
		t.Errorf("%d %s", status, text)
	}
	_, body := r.do("GET", "/api/transcripts")
	var infos []store.Info
	if err := json.Unmarshal([]byte(body), &infos); err != nil || len(infos) != 10 {
		t.Errorf("%s", body)
	}
}

func TestAnImportIsRefused(t *testing.T) {
	r := newRecorded(t)
	var bomb bytes.Buffer // a capture of one packet that never ends
	z := gzip.NewWriter(&bomb)
	z.Write([]byte("\xd4\xc3\xb2\xa1\x02\x00\x04\x00\x00\x00\x00\x00\x00\x00\x00\x00\xff\xff\x00\x00\x01\x00\x00\x00"))
	z.Write(make([]byte, 32<<20))
	z.Close()
	for _, c := range []struct {
		query, body string
		status      int
		words       string
	}{
		{"?name=zero", "", 422, "zero is empty"},
		{"", "hello\n", 422, "the file:1: expected at least one line that begins with C: or S:"},
		{"?name=%3Cb%3E%0a..%2fx", "hello\n", 422, `<b>\n../x:1: expected`},
		{"?name=x", "workbench transcript v1\nmode raw\n\nno entry\n", 422, "x:4"},
		{"?name=x", "workbench transcript v9\n", 422, "x:1"},
		{"?name=x", "{}", 422, "JSON, but not an HTTP archive"},
		{"?name=x", "snoop\x00\x00\x00\x00\x00\x00\x02", 422, "neither a capture that can be read"},
		{"?name=x", "\xa1\xb2\xcd\x34\x00\x02\x00\x04", 422, "capture ends within its header"},
		{"?name=x", bomb.String(), 422, "no TCP connection with anything in it"},
		{"?name=x&name=y", "C: hello\n", 400, "more than once"},
		{"?file=x", "C: hello\n", 400, "unknown query parameter"},
	} {
		if status, text := r.post("/api/transcripts/import"+c.query, strings.NewReader(c.body)); status != c.status || !strings.Contains(text, c.words) {
			t.Errorf("%s %.40q: %d %q", c.query, c.body, status, text)
		}
	}
	large := func() io.Reader { return io.MultiReader(strings.NewReader("C: "), io.LimitReader(zeros{}, maxImport)) }
	if status, text := r.post("/api/transcripts/import?name=x", large()); status != 413 || !strings.Contains(text, "x: more than 64 MiB") {
		t.Errorf("without a length: %d %q", status, text)
	}
	if status, _ := r.post("/api/transcripts/import", strings.NewReader(aTranscript), "Sec-Fetch-Site", "cross-site"); status != 403 {
		t.Errorf("another page may import: %d", status)
	}
	if status, _ := r.post("/api/transcripts/import", strings.NewReader(aTranscript), "Origin", "http://evil.example"); status != 403 {
		t.Errorf("another origin may import: %d", status)
	}
	if response, _ := r.do("PUT", "/api/transcripts/import"); response.StatusCode != 405 {
		t.Errorf("PUT: %d", response.StatusCode)
	}
	if _, body := r.do("GET", "/api/transcripts"); body != "[]\n" {
		t.Errorf("something was kept: %s", body)
	}
}

// zeros are endless digits, a line of which is too long for an event.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) { return copy(p, manyZeros), nil }

var manyZeros = strings.Repeat("0", 64<<10)

// What is kept of one import has bounds.
func TestAnImportIsBounded(t *testing.T) {
	k := &keeper{ids: map[string]string{}}
	one, other := &kept{keeper: k}, &kept{keeper: k}
	if _, err := one.Write(make([]byte, maxWhole)); err != nil {
		t.Error(err)
	}
	if _, err := one.Write([]byte{0}); err == nil || !strings.Contains(err.Error(), "one connection has more than 64 MiB") {
		t.Error(err)
	}
	k.held = maxImportHeld
	if _, err := other.Write([]byte{0}); err == nil || !strings.Contains(err.Error(), "open at once have more than 128 MiB") {
		t.Error(err)
	}
	k.held, k.all = 0, maxImported
	if _, err := other.Write([]byte{0}); err == nil || !strings.Contains(err.Error(), "more than 256 MiB") {
		t.Error(err)
	}
}
