//go:build linux

package e2e

import (
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// TARGET stands for an address that must not be dialled.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		query, first string
		words        []string
	}{
		"no port":           {"", "127.0.0.1", []string{"no port", "host:port"}},
		"nothing after :":   {"", "127.0.0.1:", []string{"no port", "host:port"}},
		"port 0":            {"", "127.0.0.1:0", []string{"port 0", "1 to 65535"}},
		"port 99999":        {"", "127.0.0.1:99999", []string{"port 99999", "1 to 65535"}},
		"unknown service":   {"", "127.0.0.1:nosuchservice", []string{"nosuchservice"}},
		"empty":             {"", "", []string{"no target", "host:port"}},
		"spaces":            {"", "  ", []string{"no target", "host:port"}},
		"a URL":             {"", "http://TARGET/", []string{"ends with its port", "leave out the path"}},
		"two colons":        {"", "a:b:1", []string{"colons"}},
		"long":              {"", strings.Repeat("a", 1020) + ":800", []string{"bytes"}},
		"too long":          {"", strings.Repeat("a", 1<<20), []string{"1024 bytes", "host:port"}},
		"not UTF-8":         {"", "TARGET\xff", []string{"UTF-8", "host:port"}},
		"unresolvable":      {"", "no-such-host.invalid:80", []string{"no-such-host.invalid"}},
		"unknown mode":      {"?mode=nosuch", "TARGET", []string{`"nosuch"`, "http-line, raw, echo-quit"}},
		"empty mode":        {"?mode=", "TARGET", []string{`unknown mode ""`}},
		"mode twice":        {"?mode=raw&mode=raw", "TARGET", []string{`query parameter "mode" given more than once`}},
		"unknown option":    {"?option.color=red", "TARGET", []string{`"color"`, "eol, charset"}},
		"bad option value":  {"?option.eol=crcr", "TARGET", []string{"eol", `"crcr"`, "crlf, lf, cr, none"}},
		"option twice":      {"?option.eol=lf&option.eol=cr", "TARGET", []string{`query parameter "option.eol" given more than once`}},
		"option of another": {"?mode=raw&option.eol=lf", "TARGET", []string{"raw", `"eol"`}},
		"unknown parameter": {"?target=TARGET", "TARGET", []string{`"target"`, "elsewhere, fault, keep, mode, option.NAME, record, server-eof, starttls, tls.NAME, via, window, with.NAME and ws.NAME"}},
	} {
		t.Run(name, func(t *testing.T) {
			s := untouched(t)
			at := strings.NewReplacer("TARGET", s.address)
			session := shared.open(t, at.Replace(c.query))
			session.say(at.Replace(c.first))
			session.refused(c.words...)
			s.nobodyCame(t)
		})
	}
}

func TestRefusedByTheServer(t *testing.T) {
	t.Parallel()
	address := freePort(t)
	c := shared.open(t, "")
	c.say(address)
	c.refused("connection refused by "+address, "nothing listens there")
}

func TestBinaryFirstFrame(t *testing.T) {
	t.Parallel()
	s := untouched(t)
	c := shared.open(t, "")
	c.send(websocket.BinaryMessage, []byte(s.address))
	c.refused("binary", "must be text, host:port")
	s.nobodyCame(t)
}

// The three waits of 10 s run at the same time.
func TestNothingIsWaitedForForever(t *testing.T) {
	t.Parallel()
	noTLS := serve(t, hold)
	began := time.Now()
	silent := shared.open(t, "")
	hanging := shared.open(t, "")
	hanging.say(deaf(t))
	handshaking := shared.open(t, "")
	handshaking.say("tls://" + noTLS.address)

	silent.refused("no first message within 10 s")
	hanging.refused("no answer from", "within 10 s")
	handshaking.refused(noTLS.address, "did not answer in TLS within 10 s")
	if took := time.Since(began); took < 9*time.Second { // at most patience, which is what a busy machine needs
		t.Errorf("they took %v, not 10 s", took)
	}
}

// Requests must come from a page of this workbench, under a loopback name. What has an
// Origin may come from a browser, so it brings the token too.
func TestStrangersAreForbidden(t *testing.T) {
	t.Parallel()
	_, port, _ := net.SplitHostPort(shared.address)
	for name, c := range map[string]struct {
		host, origin string
		header       string // that the answer names; empty: it is let in
	}{
		"no origin":             {"127.0.0.1:PORT", "", ""},
		"own page":              {"127.0.0.1:PORT", "http://127.0.0.1:PORT", ""},
		"page says localhost":   {"127.0.0.1:PORT", "http://localhost:PORT", ""},
		"script says localhost": {"localhost:PORT", "http://127.0.0.1:PORT", ""},
		"page under [::1]":      {"[::1]:PORT", "http://[::1]:PORT", ""},
		"host in capitals":      {"LOCALHOST:PORT", "", ""},
		"forwarded port":        {"localhost:9999", "http://localhost:9999", "Host"},
		"no port in host":       {"localhost", "", "Host"},
		"foreign host":          {"workbench.example:PORT", "", "Host"},
		"rebound name":          {"evil.example:PORT", "http://evil.example:PORT", "Host"},
		"loopback as a label":   {"127.0.0.1.evil.example:PORT", "", "Host"},
		"another machine":       {"192.0.2.1:PORT", "", "Host"},
		"unspecified":           {"0.0.0.0:PORT", "", "Host"},
		"foreign origin":        {"127.0.0.1:PORT", "https://evil.example", "Origin"},
		"origin null":           {"127.0.0.1:PORT", "null", "Origin"},
		"other port":            {"127.0.0.1:PORT", "http://127.0.0.1:1", "Origin"},
		"no port":               {"127.0.0.1:PORT", "http://127.0.0.1", "Origin"},
		"other scheme":          {"127.0.0.1:PORT", "file://localhost:PORT", "Origin"},
		"TLS":                   {"localhost:PORT", "https://localhost:PORT", "Origin"},
		"TLS without a port":    {"127.0.0.1:PORT", "https://localhost", "Origin"},
		"another loopback page": {"127.0.0.1:PORT", "http://127.0.0.2:PORT", "Origin"},
		"page of [::1]":         {"127.0.0.1:PORT", "http://[::1]:PORT", "Origin"},
		"page of localhost":     {"[::1]:PORT", "http://localhost:PORT", "Origin"},
		"origin in capitals":    {"127.0.0.1:PORT", "http://LOCALHOST:PORT", "Origin"},
		"user in origin":        {"127.0.0.1:PORT", "http://127.0.0.1:PORT@evil.example", "Origin"},
	} {
		at := strings.NewReplacer("PORT", port)
		host, origin := at.Replace(c.host), at.Replace(c.origin)
		for _, path := range []string{"/", "/app.js", "/healthz", "/api/modes", "/api/tls"} {
			t.Run(name+path, func(t *testing.T) {
				req := &http.Request{Host: host, Header: http.Header{}, URL: &url.URL{Scheme: "http", Host: shared.address, Path: path}}
				if origin != "" {
					req.Header.Set("Origin", origin)
					req.Header.Set("Authorization", ownBearer(t))
				}
				resp, err := httpClient.Do(req)
				if err != nil {
					t.Fatal(err)
				}
				checkAdmission(t, resp, http.StatusOK, c.header)
			})
		}
		t.Run(name+"/websocket", func(t *testing.T) {
			header := http.Header{"Host": {host}}
			if origin != "" {
				header.Set("Origin", origin)
				header.Set("Authorization", ownBearer(t))
			}
			ws, resp, err := dialer.Dial("ws://"+shared.address+"/websocket/ws", header)
			if err == nil {
				ws.Close()
			}
			if resp == nil {
				t.Fatal(err)
			}
			checkAdmission(t, resp, http.StatusSwitchingProtocols, c.header)
		})
	}
}

// Where browsers say that a request comes from. All of these bring the token: no
// credential makes up for another site.
func TestOtherSitesAreForbidden(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		path, headers string
		status        int
	}{
		"own page":               {"/api/modes", "Sec-Fetch-Site: same-origin\nSec-Fetch-Mode: cors\nSec-Fetch-Dest: empty", 200},
		"typed":                  {"/api/modes", "Sec-Fetch-Site: none\nSec-Fetch-Mode: navigate\nSec-Fetch-Dest: document", 200},
		"link":                   {"/", "Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: navigate\nSec-Fetch-Dest: document", 200},
		"frame":                  {"/", "Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: navigate\nSec-Fetch-Dest: iframe", 403},
		"link to the API":        {"/api/modes", "Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: navigate\nSec-Fetch-Dest: document", 403},
		"image":                  {"/api/transcripts?text=x", "Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: no-cors\nSec-Fetch-Dest: image", 403},
		"image on another port":  {"/api/transcripts?text=x", "Sec-Fetch-Site: same-site\nSec-Fetch-Mode: no-cors\nSec-Fetch-Dest: image", 403},
		"script":                 {"/app.js", "Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: no-cors\nSec-Fetch-Dest: script", 403},
		"metrics":                {"/metrics", "Sec-Fetch-Site: same-site", 403},
		"certificates":           {"/api/tls", "Sec-Fetch-Site: same-site", 403},
		"nothing here":           {"/nothing", "Sec-Fetch-Site: cross-site", 403},
		"WebSocket of 2012":      {"/websocket/ws", "Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: websocket\nOrigin: http://localhost:PORT\n" + upgrade, 101},
		"WebSocket of elsewhere": {"/websocket/ws", "Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: websocket\nOrigin: http://localhost:1\n" + upgrade, 403},
		"no Origin":              {"/websocket/ws", "Sec-Fetch-Site: cross-site\nSec-Fetch-Mode: websocket\n" + upgrade, 403},
		"service worker":         {"/app.js", "Sec-Fetch-Site: same-origin\nService-Worker: script", 403},
	} {
		t.Run(name, func(t *testing.T) {
			_, port, _ := net.SplitHostPort(shared.address)
			req, err := http.NewRequest("GET", "http://"+shared.address+c.path, nil)
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", ownBearer(t))
			for _, line := range strings.Split(strings.ReplaceAll(c.headers, "PORT", port), "\n") {
				name, value, _ := strings.Cut(line, ": ")
				req.Header.Set(name, value)
			}
			resp, err := httpClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			h := resp.Header
			if resp.StatusCode != c.status || c.status != 101 && (h.Get("Cross-Origin-Resource-Policy") != "same-origin" || h.Get("Vary") == "") {
				t.Errorf("answered %s with %v, want %d", resp.Status, h, c.status)
			}
		})
	}
}

const upgrade = "Upgrade: websocket\nConnection: Upgrade\nSec-WebSocket-Version: 13\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA=="

// --host admits requests through a tunnel, and no others.
func TestANamedHost(t *testing.T) {
	t.Parallel()
	w := start(t, "--host", "localhost:9999", "--host", "bench.example:80")
	for host, status := range map[string]int{"localhost:9999": 200, "bench.example": 200, w.address: 200, "127.0.0.1:9999": 403, "bench.example:9999": 403} {
		resp, err := httpClient.Do(&http.Request{Host: host, URL: &url.URL{Scheme: "http", Host: w.address, Path: "/"}, Header: http.Header{"Origin": {"http://" + host}, "Authorization": {ownBearer(t)}}})
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		if resp.StatusCode != status {
			t.Errorf("%s: %s, want %d", host, resp.Status, status)
		}
	}
	for _, wrong := range []string{"localhost", "http://localhost:1", "a b:1", ":1"} {
		fails(t, 1, []string{"--host", wrong}, "--host", "NAME:PORT")
	}
}

func checkAdmission(t *testing.T, resp *http.Response, admitted int, header string) {
	t.Helper()
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	switch {
	case header == "" && resp.StatusCode != admitted:
		t.Errorf("answered %s %q, want %d", resp.Status, body, admitted)
	case header != "" && (resp.StatusCode != http.StatusForbidden || !strings.Contains(string(body), "the "+header+" header")):
		t.Errorf("answered %s %q, want 403 that names the %s header", resp.Status, body, header)
	}
}
