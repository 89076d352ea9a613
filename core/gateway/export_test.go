package gateway

import (
	"strings"
	"testing"
)

func TestATranscriptIsExported(t *testing.T) {
	r := newRecorded(t)
	id := r.ended("<script>alert(1)</script>\r\n")
	for as, want := range map[string]struct{ kind, suffix, holds string }{
		"pcapng":    {"application/x-pcapng", ".pcapng", "\n\r\r\n"}, // its magic
		"jsonl":     {"application/x-ndjson", ".jsonl", `{"kind":"header"`},
		"asciicast": {"application/x-asciicast", ".cast", `{"version":3`},
		"rfc":       {"text/plain; charset=utf-8", ".txt", "S: <script>"},
		"html":      {"text/html; charset=utf-8", ".html", "&lt;script&gt;"},
	} {
		response, body := r.do("GET", "/api/transcripts/"+id+"/export?as="+as)
		if response.StatusCode != 200 || !strings.Contains(body, want.holds) {
			t.Errorf("%s: %d %.200q", as, response.StatusCode, body)
		}
		for name, value := range map[string]string{
			"Content-Type": want.kind, "Content-Disposition": `attachment; filename="` + id + want.suffix + `"`,
			"X-Content-Type-Options": "nosniff", "Cache-Control": "no-store",
		} {
			if got := response.Header.Get(name); got != value {
				t.Errorf("%s: %s is %q", as, name, got)
			}
		}
	}
}

func TestAnExportIsRefused(t *testing.T) {
	r := newRecorded(t)
	id := r.ended("hello\r\n")
	torn := "20260102-150405-123-s1-raw"
	w, err := r.Create(torn)
	if err != nil {
		t.Fatal(err)
	}
	w.Write([]byte("workbench transcript v1\nmode raw\n\nno entry\n"))
	w.Close()
	for _, c := range []struct {
		method, path string
		status       int
		words        string
	}{
		{"GET", id + "/export", 400, `as is ""; it must be one of pcapng,`},
		{"GET", id + "/export?as=csv", 400, `as is "csv"`},
		{"GET", id + "/export?as=html&as=rfc", 400, "more than once"},
		{"GET", id + "/export?as=html&to=x", 400, "unknown query parameter"},
		{"POST", id + "/export?as=html", 405, ""},
		{"GET", "20260102-150405-123-s2-raw/export?as=html", 404, "no such transcript"},
		{"GET", "..%2f..%2fetc/export?as=html", 404, "no such transcript"},
		{"GET", torn + "/export?as=html", 422, torn + ":4"},
	} {
		response, body := r.do(c.method, "/api/transcripts/"+c.path)
		if response.StatusCode != c.status || !strings.Contains(body, c.words) || response.Header.Get("Content-Disposition") != "" {
			t.Errorf("%s %s: %d %q", c.method, c.path, response.StatusCode, body)
		}
	}
	if response, _ := r.do("GET", "/api/transcripts/"+id+"/export?as=html", "Sec-Fetch-Site", "cross-site"); response.StatusCode != 403 {
		t.Errorf("another page may export: %d", response.StatusCode)
	}
}
