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
		"nothing behind :":  {"", "127.0.0.1:", []string{"no port", "host:port"}},
		"port 0":            {"", "127.0.0.1:0", []string{"port 0", "1 to 65535"}},
		"port 99999":        {"", "127.0.0.1:99999", []string{"port 99999", "1 to 65535"}},
		"unknown service":   {"", "127.0.0.1:nosuchservice", []string{"nosuchservice"}},
		"empty":             {"", "", []string{"no target", "host:port"}},
		"spaces":            {"", "  ", []string{"no target", "host:port"}},
		"a URL":             {"", "http://TARGET/", []string{"host:port", "tls://"}},
		"two colons":        {"", "a:b:1", []string{"colons"}},
		"long":              {"", strings.Repeat("a", 1020) + ":800", []string{"bytes"}},
		"too long":          {"", strings.Repeat("a", 1<<20), []string{"1024 bytes", "host:port"}},
		"not UTF-8":         {"", "TARGET\xff", []string{"UTF-8", "host:port"}},
		"unresolvable":      {"", "no-such-host.invalid:80", []string{"no-such-host.invalid"}},
		"unknown mode":      {"?mode=telnet", "TARGET", []string{`"telnet"`, "http-line, raw, echo-quit"}},
		"empty mode":        {"?mode=", "TARGET", []string{`there is no mode ""`}},
		"mode twice":        {"?mode=raw&mode=raw", "TARGET", []string{`"mode" is there twice`}},
		"unknown option":    {"?option.color=red", "TARGET", []string{`"color"`, "eol, charset"}},
		"bad option value":  {"?option.eol=crcr", "TARGET", []string{"eol", `"crcr"`, "crlf, lf, cr, none"}},
		"option twice":      {"?option.eol=lf&option.eol=cr", "TARGET", []string{`"option.eol" is there twice`}},
		"option of another": {"?mode=raw&option.eol=lf", "TARGET", []string{"raw", `"eol"`}},
		"unknown parameter": {"?target=TARGET", "TARGET", []string{`"target"`, "mode, option.NAME and record"}},
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

// The three waits of 10 s, at the same time.
func TestNothingIsWaitedForForever(t *testing.T) {
	t.Parallel()
	noTLS := serve(t, hold)
	began := time.Now()
	silent := shared.open(t, "")
	hanging := shared.open(t, "")
	hanging.say(deaf(t))
	handshaking := shared.open(t, "")
	handshaking.say("tls://" + noTLS.address)

	silent.refused("no first message came within 10 s")
	hanging.refused("no answer from", "within 10 s")
	handshaking.refused(noTLS.address, "did not answer in TLS within 10 s")
	if took := time.Since(began); took < 9*time.Second || took > 15*time.Second {
		t.Errorf("they took %v, not 10 s", took)
	}
}

// Whoever asks must be a page of this workbench, under a loopback name.
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
		"forwarded port":        {"localhost:9999", "http://localhost:9999", ""},
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
		"user in origin":        {"127.0.0.1:PORT", "http://127.0.0.1:PORT@evil.example", "Origin"},
	} {
		at := strings.NewReplacer("PORT", port)
		host, origin := at.Replace(c.host), at.Replace(c.origin)
		for _, path := range []string{"/", "/app.js", "/healthz", "/api/modes"} {
			t.Run(name+path, func(t *testing.T) {
				req := &http.Request{Host: host, Header: http.Header{}, URL: &url.URL{Scheme: "http", Host: shared.address, Path: path}}
				if origin != "" {
					req.Header.Set("Origin", origin)
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
