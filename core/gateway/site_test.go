package gateway

import (
	"context"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

// at makes a request that arrived at a port.
func at(r *http.Request, port int) *http.Request {
	addr := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: port}
	return r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, addr))
}

// asked is a request's head; empty fields are absent.
type asked struct {
	method, path string // GET, /api/modes
	host         string // 127.0.0.1:8000
	origin       []string
	site         []string // Sec-Fetch-Site
	mode, dest   string   // Sec-Fetch-Mode, Sec-Fetch-Dest
	upgrade      bool     // to a WebSocket
	worker       bool     // Service-Worker: script
}

func (a asked) request(port int) *http.Request {
	or := func(s, other string) string {
		if s == "" {
			return other
		}
		return s
	}
	r := &http.Request{Method: or(a.method, "GET"), Host: a.host, Header: http.Header{}, URL: &url.URL{Path: or(a.path, "/api/modes")}}
	add := func(name string, values ...string) {
		for _, v := range values {
			if v != "-" {
				r.Header.Add(name, v)
			}
		}
	}
	add("Origin", a.origin...)
	add("Sec-Fetch-Site", a.site...)
	add("Sec-Fetch-Mode", or(a.mode, "-"))
	add("Sec-Fetch-Dest", or(a.dest, "-"))
	if a.upgrade {
		add("Upgrade", "websocket")
	}
	if a.worker {
		add("Service-Worker", "script")
	}
	return at(r, port)
}

func list(s ...string) []string { return s }

func TestWhoMayAsk(t *testing.T) {
	const own = "127.0.0.1:8000"
	socket := func(host, origin, site string) asked {
		return asked{path: "/websocket/ws", host: host, origin: list(origin), site: list(site), mode: "websocket", dest: "empty", upgrade: true}
	}
	visit := asked{path: "/", host: own, site: list("cross-site"), mode: "navigate", dest: "document"}
	but := func(a asked, change func(*asked)) asked { change(&a); return a }
	for _, c := range []struct {
		asked
		want string // the header that is to blame; "" allows
	}{
		// Host.
		{asked{host: own}, ""},
		{asked{host: "localhost:8000"}, ""},
		{asked{host: "LOCALHOST:8000"}, ""},
		{asked{host: "page.localhost:8000"}, ""},
		{asked{host: "[::1]:8000"}, ""},
		{asked{host: "127.9.9.9:8000"}, ""},
		{asked{host: ""}, "Host"},
		{asked{host: "localhost"}, "Host"},
		{asked{host: "localhost:8001"}, "Host"},
		{asked{host: "localhost.:8000"}, "Host"},
		{asked{host: "localhost:08000"}, "Host"},
		{asked{host: "localhost:"}, "Host"},
		{asked{host: "localhost:0"}, "Host"},
		{asked{host: "localhost:+8000"}, "Host"},
		{asked{host: "localhost:73536"}, "Host"},
		{asked{host: "[::1]"}, "Host"},
		{asked{host: "::1:8000"}, "Host"},
		{asked{host: "[::1:8000"}, "Host"},
		{asked{host: "[::1]x:8000"}, "Host"},
		{asked{host: "[::1%25lo]:8000"}, "Host"},
		{asked{host: "[127.0.0.1]:8000"}, "Host"},
		{asked{host: "u@localhost:8000"}, "Host"},
		{asked{host: "example.com:8000"}, "Host"},
		{asked{host: "127.0.0.1.example.com:8000"}, "Host"},
		{asked{host: "localhost.example.com:8000"}, "Host"},
		{asked{host: "10.0.0.1:8000"}, "Host"},
		{asked{host: "0.0.0.0:8000"}, "Host"},
		{asked{host: "127.1:8000"}, "Host"},
		{asked{host: "2130706433:8000"}, "Host"},
		{asked{host: "127.0.0.1:8000:9"}, "Host"},

		// Origin, for each method and path alike.
		{asked{host: own, origin: list("http://127.0.0.1:8000")}, ""},
		{asked{host: own, origin: list("http://localhost:8000")}, ""},
		{asked{host: "localhost:8000", origin: list("http://127.0.0.1:8000")}, ""},
		{asked{host: "[::1]:8000", origin: list("http://[::1]:8000")}, ""},
		{asked{host: "127.0.0.2:8000", origin: list("http://127.0.0.2:8000")}, ""},
		{asked{host: "a.localhost:8000", origin: list("http://a.localhost:8000")}, ""},
		{asked{host: own, origin: list("http://127.0.0.2:8000")}, "Origin"},
		{asked{host: own, origin: list("http://[::1]:8000")}, "Origin"},
		{asked{host: "localhost:8000", origin: list("http://[::1]:8000")}, "Origin"},
		{asked{host: "[::1]:8000", origin: list("http://localhost:8000")}, "Origin"},
		{asked{host: "127.0.0.2:8000", origin: list("http://localhost:8000")}, "Origin"},
		{asked{host: own, origin: list("http://a.localhost:8000")}, "Origin"},
		{asked{host: own, origin: list("https://127.0.0.1:8000")}, "Origin"},
		{asked{host: own, origin: list("https://localhost:8000")}, "Origin"},
		{asked{host: own, origin: list("https://localhost")}, "Origin"},
		{asked{host: own, origin: list("ws://127.0.0.1:8000")}, "Origin"},
		{asked{host: own, origin: list("http://example.com:8000")}, "Origin"},
		{asked{host: own, origin: list("http://127.0.0.1:8001")}, "Origin"},
		{asked{host: own, origin: list("http://127.0.0.1")}, "Origin"},
		{asked{host: own, origin: list("http://127.0.0.1:")}, "Origin"},
		{asked{host: own, origin: list("http://127.0.0.1:8000/")}, "Origin"},
		{asked{host: own, origin: list("http://127.0.0.1:8000?")}, "Origin"},
		{asked{host: own, origin: list("http://127.0.0.1:8000.")}, "Origin"},
		{asked{host: own, origin: list("http://localhost.:8000")}, "Origin"},
		{asked{host: own, origin: list("http://LOCALHOST:8000")}, "Origin"},
		{asked{host: own, origin: list("HTTP://localhost:8000")}, "Origin"},
		{asked{host: own, origin: list(" http://localhost:8000")}, "Origin"},
		{asked{host: own, origin: list("127.0.0.1:8000")}, "Origin"},
		{asked{host: own, origin: list("null")}, "Origin"},
		{asked{host: own, origin: list("")}, "Origin"},
		{asked{host: own, origin: list("file://")}, "Origin"},
		{asked{host: own, origin: list("http://u@127.0.0.1:8000")}, "Origin"},
		{asked{host: own, origin: list("http://127.0.0.1:8000@example.com")}, "Origin"},
		{asked{host: own, origin: list("http://127.0.0.1:8000", "http://127.0.0.1:8000")}, "Origin"},
		{asked{host: own, origin: list("http://127.0.0.1:8000", "http://example.com")}, "Origin"},
		{asked{method: "OPTIONS", host: own, origin: list("http://example.com")}, "Origin"},
		{asked{method: "DELETE", path: "/api/transcripts/x", host: own, origin: list("null")}, "Origin"},

		// Hosts that the user has named: only by that name, and only at that port.
		{asked{host: "localhost:9000"}, ""},
		{asked{host: "localhost:9000", origin: list("http://localhost:9000")}, ""},
		{asked{host: "localhost:9000", origin: list("http://127.0.0.1:9000")}, "Origin"},
		{asked{host: "localhost:9000", origin: list("http://localhost:8000")}, "Origin"},
		{asked{host: "127.0.0.1:9000"}, "Host"},
		{asked{host: "bench.example"}, ""},
		{asked{host: "bench.example:80"}, ""},
		{asked{host: "bench.example", origin: list("http://bench.example")}, ""},
		{asked{host: "bench.example", origin: list("http://bench.example:80")}, ""},
		{asked{host: "bench.example", origin: list("https://bench.example")}, "Origin"},
		{asked{host: "bench.example:8000"}, "Host"},

		// Sec-Fetch-Site.
		{asked{host: own, site: list("same-origin")}, ""},
		{asked{host: own, site: list("none")}, ""},
		{asked{host: own, site: list("cross-site")}, "Sec-Fetch-Site"},
		{asked{host: own, site: list("same-site")}, "Sec-Fetch-Site"},
		{asked{host: own, site: list("")}, "Sec-Fetch-Site"},
		{asked{host: own, site: list("Same-Origin")}, "Sec-Fetch-Site"},
		{asked{host: own, site: list("same-origin", "cross-site")}, "Sec-Fetch-Site"},
		{asked{host: own, site: list("none", "none")}, "Sec-Fetch-Site"},
		{asked{host: own, site: list("cross-site"), mode: "no-cors", dest: "image"}, "Sec-Fetch-Site"},
		{asked{host: own, site: list("cross-site"), origin: list("http://localhost:8000"), mode: "cors"}, "Sec-Fetch-Site"},
		{asked{method: "HEAD", host: own, site: list("cross-site")}, "Sec-Fetch-Site"},
		{asked{method: "POST", path: "/api/compare", host: own, site: list("same-site")}, "Sec-Fetch-Site"},
		{asked{method: "POST", path: "/api/tls", host: own, site: list("cross-site"), mode: "no-cors"}, "Sec-Fetch-Site"},
		{asked{method: "POST", path: "/api/tls", host: own, origin: list("http://localhost:9000")}, "Origin"},
		{asked{method: "DELETE", path: "/api/tls/1", host: own, origin: list("https://evil.example")}, "Origin"},
		{asked{path: "/api/tls", host: "evil.example:8000"}, "Host"},
		{asked{path: "/metrics", host: own, site: list("cross-site"), mode: "navigate", dest: "document"}, "Sec-Fetch-Site"},

		// … except for opening the page …
		{visit, ""},
		{but(visit, func(a *asked) { a.site = list("same-site") }), ""},
		{but(visit, func(a *asked) { a.path = "/docs/tap" }), ""},
		{but(visit, func(a *asked) { a.path, a.dest, a.mode = "/docs/img/x.png", "image", "no-cors" }), "Sec-Fetch-Site"},
		{but(visit, func(a *asked) { a.path = "/docsx" }), "Sec-Fetch-Site"},
		{but(visit, func(a *asked) { a.path = "/api/transcripts" }), "Sec-Fetch-Site"},
		{but(visit, func(a *asked) { a.path = "/index.html" }), "Sec-Fetch-Site"},
		{but(visit, func(a *asked) { a.method = "POST" }), "Sec-Fetch-Site"},
		{but(visit, func(a *asked) { a.method = "HEAD" }), "Sec-Fetch-Site"},
		{but(visit, func(a *asked) { a.dest = "iframe" }), "Sec-Fetch-Site"},
		{but(visit, func(a *asked) { a.dest = "object" }), "Sec-Fetch-Site"},
		{but(visit, func(a *asked) { a.dest = "" }), "Sec-Fetch-Site"},
		{but(visit, func(a *asked) { a.mode = "no-cors" }), "Sec-Fetch-Site"},

		// … and for WebSockets, where the Origin counts.
		{socket(own, "http://localhost:8000", "cross-site"), ""},
		{socket("localhost:8000", "http://127.0.0.1:8000", "cross-site"), ""},
		{socket(own, "http://127.0.0.1:8000", "same-origin"), ""},
		{socket("[::1]:8000", "http://[::1]:8000", "same-origin"), ""},
		{socket(own, "-", "-"), ""},
		{socket(own, "http://localhost:8000", "-"), ""},
		{socket(own, "-", "cross-site"), "Sec-Fetch-Site"},
		{socket(own, "http://127.0.0.1:9000", "same-site"), "Origin"},
		{socket(own, "http://127.0.0.2:8000", "cross-site"), "Origin"},
		{socket(own, "http://[::1]:8000", "cross-site"), "Origin"},
		{socket(own, "https://localhost:8000", "cross-site"), "Origin"},
		{but(socket(own, "http://localhost:8000", "cross-site"), func(a *asked) { a.upgrade = false }), "Sec-Fetch-Site"},
		{but(socket(own, "http://localhost:8000", "cross-site"), func(a *asked) { a.path = "/api/modes" }), "Sec-Fetch-Site"},

		// Nothing here is a service worker.
		{asked{path: "/app.js", host: own, site: list("same-origin"), dest: "serviceworker"}, "service worker"},
		{asked{path: "/app.js", host: own, worker: true}, "service worker"},
	} {
		var hosts []Host
		for _, named := range []string{"localhost:9000", "bench.example:80"} {
			h, err := ParseHost(named)
			if err != nil {
				t.Fatal(err)
			}
			hosts = append(hosts, h)
		}
		got := (&Gateway{Config: Config{Hosts: hosts, Docs: http.NotFoundHandler()}}).refuse(c.request(8000))
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%+v: %q, want %q", c.asked, got, c.want)
		}
	}
}

// At port 80 browsers leave the port out.
func TestWhoMayAskAtPort80(t *testing.T) {
	for _, c := range []asked{
		{host: "localhost"}, {host: "localhost:80"}, {host: "[::1]"},
		{host: "127.0.0.1", origin: list("http://localhost")},
		{host: "[::1]", origin: list("http://[::1]")},
	} {
		if why := new(Gateway).refuse(c.request(80)); why != "" {
			t.Errorf("%+v: %s", c, why)
		}
	}
	if new(Gateway).refuse(asked{host: "localhost", origin: list("https://localhost")}.request(80)) == "" {
		t.Error("https is let in")
	}
}

// A request without a local address is refused.
func TestWhoMayAskWithoutAPort(t *testing.T) {
	if new(Gateway).refuse(&http.Request{Method: "GET", Host: "127.0.0.1:8000", URL: &url.URL{Path: "/"}}) == "" {
		t.Error("the request was accepted")
	}
}

func TestParseHost(t *testing.T) {
	for s, want := range map[string]Host{
		"localhost:9000":  {"localhost", 9000},
		"Bench.Example:1": {"bench.example", 1},
		"[0::1]:80":       {"[::1]", 80},
	} {
		if got, err := ParseHost(s); got != want || err != nil {
			t.Errorf("%s: %v, %v", s, got, err)
		}
	}
	for _, s := range []string{"", "localhost", ":9000", "localhost:", "localhost:0", "localhost:http", "localhost:99999", "http://localhost:9000", "localhost:9000/", "[::1]", "*:9000", "a..b:1", "a.:1", "ä:1"} {
		if got, err := ParseHost(s); err == nil || !strings.Contains(err.Error(), "NAME:PORT") {
			t.Errorf("%q: %v, %v", s, got, err)
		}
	}
}
