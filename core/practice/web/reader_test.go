package web

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"
)

// taken is a request that the reader took, and how many bytes of the stream it was.
type taken struct {
	request
	size int
}

// read takes a stream in pieces of at most n bytes, and returns its requests and what was
// refused.
func read(stream []byte, lenient bool, n int) (all []taken, bad *answer) {
	r, size := reader{lenient: lenient}, 0
	for {
		used, what, bad := r.next(stream[:min(n, len(stream))])
		stream = stream[used:]
		size += used
		switch {
		case bad != nil:
			return all, bad
		case what == end:
			all = append(all, taken{r.req, size})
			r.reset()
			size = 0
		case what == nothing && len(stream) == 0:
			return all, r.cut()
		}
	}
}

// Where a stream is cut changes nothing, and what is taken is what net/http takes: the
// same method and body, from the same bytes. It may take more than this reader does.
func FuzzRequest(f *testing.F) {
	const post = "POST /echo HTTP/1.1\r\nHost: h\r\n"
	for _, stream := range []string{
		"\r\nGET /a%20b?c HTTP/1.1\r\nHost: h:80\r\nConnection: close\r\n\r\nHEAD http://h/ HTTP/1.0\r\n\r\n",
		post + "Content-Length: 5\r\nContent-Type: text/plain\r\n\r\nHELLOGET / HTTP/1.1\r\n",
		post + "Transfer-Encoding: chunked\r\nExpect: 100-continue\r\n\r\n5;a=\"b\"\r\nHELLO\r\n0\r\nA: b\r\n\r\nOPTIONS * HTTP/1.1\r\nHost: [::1]\r\n\r\n",
		post + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
		post + "Transfer-Encoding: chunked\r\n\r\n0\r\nContent-Length: 5\r\n\r\nGET /\r\n",
		"GET / HTTP/1.1\nHost: h\n\nGET / HTTP/1.1\rHost: h\r\n folded\r\nA : b\r\n",
		"HEAD http://0000000% HTTP/1.0\r\n\r\n",
		"HEAD http://[1::2::3]:80/ HTTP/1.0\r\n\r\n",
		"\x16\x03\x01\x02\x00",
	} {
		f.Add([]byte(stream), false, uint8(1))
		f.Add([]byte(stream), true, uint8(7))
	}
	f.Fuzz(func(t *testing.T, stream []byte, lenient bool, n uint8) {
		whole, bad := read(stream, lenient, len(stream)+1)
		pieces, piecesBad := read(stream, lenient, int(n)+1)
		if len(whole) != len(pieces) || (bad == nil) != (piecesBad == nil) || bad != nil && bad.body != piecesBad.body {
			t.Fatalf("whole: %d requests and %+v; in pieces: %d and %+v", len(whole), bad, len(pieces), piecesBad)
		}
		if bad != nil && (!bad.closes || bad.status < 400 || reason(bad.status) == "" || strings.Count(bad.body, "\n") != 1) {
			t.Errorf("refused by %+v", bad)
		}
		for i, r := range whole {
			if r.size != pieces[i].size || r.method != pieces[i].method || r.path != pieces[i].path || !bytes.Equal(r.body, pieces[i].body) {
				t.Fatalf("request %d whole: %+v; in pieces: %+v", i+1, r, pieces[i])
			}
			if !lenient || r.coding == "" { // net/http takes no LF alone between chunks
				agrees(t, stream[:r.size], r)
			}
			stream = stream[r.size:]
		}
	})
}

// agrees holds a request to what net/http makes of its bytes.
func agrees(t *testing.T, data []byte, r taken) {
	data = bytes.TrimLeft(data, "\r\n")
	rest := bufio.NewReader(io.MultiReader(bytes.NewReader(data), strings.NewReader("next")))
	other, err := http.ReadRequest(rest)
	if err != nil {
		t.Fatalf("%q was taken; net/http: %v", data, err)
	}
	body, err := io.ReadAll(other.Body)
	if err != nil {
		t.Fatalf("%q was taken; net/http, of its body: %v", data, err)
	}
	if other.Method != r.method || !bytes.Equal(body, r.body) {
		t.Errorf("%q: %s with the body %q; net/http has %s with %q", data, r.method, r.body, other.Method, body)
	}
	if path := other.URL.Path; path != r.path && !(path == "" && (r.path == "/" || r.path == "*")) {
		t.Errorf("%q: path %q; net/http has %q", data, r.path, path)
	}
	if left, _ := io.ReadAll(rest); string(left) != "next" {
		t.Errorf("%q: net/http leaves %q", data, left)
	}
}
