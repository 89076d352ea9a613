package gateway

import (
	"bytes"
	"compress/gzip"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strings"
	"sync"
)

// page serves the files of the page, compressed for those who accept that: the first
// visit is some three hundred kilobytes of text, a third of that in gzip.
type page struct {
	files fs.FS
	plain http.Handler

	mu     sync.Mutex
	packed map[string][]byte // by name; files do not change
}

func newPage(files fs.FS) *page {
	return &page{files: files, plain: http.FileServerFS(files), packed: map[string][]byte{}}
}

// packable are the kinds of file that are worth it.
var packable = map[string]bool{".html": true, ".js": true, ".css": true, ".svg": true}

func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	r.Header.Del("Range") // the files are small, and a thousand parts of one are not
	name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
	if r.URL.Path == "/" {
		name = "index.html"
	}
	w.Header().Add("Vary", "Accept-Encoding")
	if packable[path.Ext(name)] && (r.URL.Path == "/" || r.URL.Path == "/"+name && name != "index.html") && acceptsGzip(r.Header) {
		if packed := p.pack(name); packed != nil {
			w.Header().Set("Content-Type", mime.TypeByExtension(path.Ext(name)))
			w.Header().Set("Content-Encoding", "gzip")
			w.Write(packed)
			return
		}
	}
	p.plain.ServeHTTP(w, r)
}

// pack returns a file in gzip; nil if there is none.
func (p *page) pack(name string) []byte {
	p.mu.Lock()
	defer p.mu.Unlock()
	if packed, ok := p.packed[name]; ok {
		return packed
	}
	data, err := fs.ReadFile(p.files, name)
	if err != nil {
		return nil // and nothing is kept of names that do not exist
	}
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	z.Write(data)
	z.Close()
	p.packed[name] = b.Bytes()
	return b.Bytes()
}

// acceptsGzip reports whether a client takes gzip (RFC 9110, 12.5.3), as browsers say
// it; who says it in another way gets the files as they are.
func acceptsGzip(h http.Header) bool {
	for coding := range strings.SplitSeq(h.Get("Accept-Encoding"), ",") {
		if strings.TrimSpace(coding) == "gzip" {
			return true
		}
	}
	return false
}
