package web

import (
	"strings"
	"testing"
)

// What is in none of the goldens, whole or a piece of a request.
func TestRequests(t *testing.T) {
	const get, post = "GET / HTTP/1.1\r\n", "POST / HTTP/1.1\r\nHost: h\r\n"
	const cut = 0 // no more than that the client sends no more is wrong
	for _, tt := range []struct {
		stream string
		status int // 200: the reader takes it
	}{
		{"GET\r\n", 400},
		{"GET HTTP/1.1\r\n", 400},
		{"GET  HTTP/1.1\r\n", 400},
		{" GET / HTTP/1.1\r\n", 400},
		{"GET\t/ HTTP/1.1\r\n", 400},
		{"GE(T / HTTP/1.1\r\n", 400},
		{"GET / HTTP/1.1 \r\n", 400},
		{"GET / HTTP/1\r\n", 400},
		{"GET / HTTP/1.10\r\n", 400},
		{"GET / http/1.1\r\n", 400},
		{"GET / HTTP/0.9\r\n", 505},
		{"GET / HTTP/3\r\n", 505},
		{"CONNECT h:443 HTTP/1.1\r\n", 501},
		{"GET /\t HTTP/1.1\r\n", 400},
		{"GET /é HTTP/1.1\r\n", 400},
		{"GET /#top HTTP/1.1\r\n", 400},
		{"GET /%2 HTTP/1.1\r\n", 400},
		{"GET /%zz HTTP/1.1\r\n", 400},
		{"GET http:/// HTTP/1.1\r\n", 400},
		{"GET http://me@h/ HTTP/1.1\r\n", 400},
		{"GET https://h/ HTTP/1.1\r\n", 400},
		{"GET * HTTP/1.1\r\n", 400},
		{get + "Host:\r\n", 400},
		{get + "Host: a b\r\n", 400},
		{get + "Host: h:port\r\n", 400},
		{get + "Host: [::1\r\n", 400},
		{get + "Host: [:::]\r\n", 400},
		{get + "Host: [127.0.0.1]\r\n", 400},
		{get + "Host: h%41\r\n", 400},
		{"HEAD http://0000000% HTTP/1.0\r\n", 400},
		{"HEAD http://[1]/ HTTP/1.0\r\n", 400},
		{get + ": value\r\n", 400},
		{get + "A b: c\r\n", 400},
		{get + "A\t: c\r\n", 400},
		{get + "A: b\x00\r\n", 400},
		{get + "A: b\x7f\r\n", 400},
		{get + "A: b\rc\r\n", 400},
		{get + " A: b\r\n", 400},
		{post + "Content-Length:\r\n", 400},
		{post + "Content-Length: 5, 5\r\n", 400},
		{post + "Content-Length: 0x5\r\n", 400},
		{post + "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n", 400},
		{post + "Transfer-Encoding:\r\n\r\n", 400},
		{post + "Transfer-Encoding: identity\r\n\r\n", 400},
		{post + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n", 400},
		{post + "Transfer-Encoding: chunked, chunked\r\n\r\n", 501},
		{post + "Transfer-Encoding: chunked\r\n\r\n0x1\r\n", 400},
		{post + "Transfer-Encoding: chunked\r\n\r\n1 \r\n", 400},
		{post + "Transfer-Encoding: chunked\r\n\r\n-1\r\n", 400},
		{post + "Transfer-Encoding: chunked\r\n\r\n1;\rb\r\na\r\n0\r\n\r\n", 400},
		{post + "Transfer-Encoding: chunked\r\n\r\n\r\n", 400},
		{post + "Transfer-Encoding: chunked\r\n\r\n1\n", 400},
		{post + "Transfer-Encoding: chunked\r\n\r\n1\r\na\n", 400},
		{post + "Transfer-Encoding: chunked\r\n\r\n0\r\n\n", 400},
		{post + "Transfer-Encoding: chunked\r\n\r\n0\r\nA\r\n", 400},
		{"PUT / HTTP/1.1\r\nHost: h\r\n\r\n", 411},
		{get + "Host: h\r\nA: b", cut},
		{post + "Content-Length: 2\r\n\r\na", cut},
		{post + "Transfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n", cut},

		{"GET / HTTP/1.2\r\nHost: h\r\n\r\n", 200},
		{get + "Host: [::1]:80\r\nA:\r\nB:\tc \xff\r\n\r\n", 200},
		{get + "hOST: h:\r\nContent-Length: 00\r\n\r\n", 200},
		{"GET / HTTP/1.0\r\nExpect: gifts\r\n\r\n", 200},
		{post + "Transfer-Encoding: CHUNKED\r\n\r\n1 ;a\r\nb\r\n00\r\nHost:\r\n\r\n", 200},
	} {
		all, bad := read([]byte(tt.stream), false, len(tt.stream))
		if bad != nil && strings.Contains(bad.body, "your side of the connection ended") {
			bad.status = cut
		}
		switch {
		case tt.status == 200 && (bad != nil || len(all) != 1):
			t.Errorf("%q: refused by %+v", tt.stream, bad)
		case tt.status != 200 && (bad == nil || bad.status != tt.status || !strings.Contains(bad.body, ": ")):
			t.Errorf("%q: %+v, want %d", tt.stream, bad, tt.status)
		}
	}
}
