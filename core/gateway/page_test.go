package gateway

import (
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

// A file comes in gzip to who accepts that, and as it is to all others.
func TestPagePacks(t *testing.T) {
	text := strings.Repeat("let x;\n", 1000)
	p := newPage(fstest.MapFS{"index.html": {Data: []byte("<p>" + text)}, "a/b.js": {Data: []byte(text)}, "c.png": {Data: []byte(text)}})
	for _, c := range []struct {
		path, accepts string
		packed        bool
		want          string
		status        int
	}{
		{"/", "gzip, deflate, br", true, "<p>" + text, 200},
		{"/a/b.js", "br,gzip", true, text, 200},
		{"/a/b.js", "", false, text, 200},
		{"/a/b.js", "gzip;q=0", false, text, 200},
		{"/c.png", "gzip", false, text, 200},
		{"/none.js", "gzip", false, "404 page not found\n", 404},
		{"/a/../a/b.js", "gzip", false, text, 200},
	} {
		r := httptest.NewRequest(http.MethodGet, "http://h"+c.path, nil)
		r.Header.Set("Accept-Encoding", c.accepts)
		r.Header.Set("Range", "bytes=0-1")
		w := httptest.NewRecorder()
		p.ServeHTTP(w, r)
		body := io.Reader(w.Body)
		packed := w.Header().Get("Content-Encoding") == "gzip"
		if packed {
			z, err := gzip.NewReader(body)
			if err != nil {
				t.Fatal(err)
			}
			body = z
		}
		got, err := io.ReadAll(body)
		if packed != c.packed || string(got) != c.want || w.Code != c.status || err != nil {
			t.Errorf("%s %q: packed %v, status %d, %d bytes, %v", c.path, c.accepts, packed, w.Code, len(got), err)
		}
		if kind := w.Header().Get("Content-Type"); c.packed && !strings.Contains(kind, "html") && !strings.Contains(kind, "javascript") {
			t.Errorf("%s: content type %q", c.path, kind)
		}
	}
}
