package target

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

func proxyAt(t *testing.T, s string) Proxy {
	t.Helper()
	p, err := ParseProxy(s)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestParseProxy(t *testing.T) {
	for in, want := range map[string]Proxy{
		"socks5://h":                         {"socks5", "h", 1080, "", ""},
		" SOCKS5H://me:a%40b@[::1]:9 ":       {"socks5h", "::1", 9, "me", "a@b"},
		"http://me@h:3128/":                  {"http", "h", 3128, "me", ""},
		"httph://b\u00fccher.example:1":      {"httph", "xn--bcher-kva.example", 1, "", ""},
		"socks5://me:x:y@127.0.0.1:service1": {},
	} {
		got, err := ParseProxy(in)
		if got != want || (err == nil) != (want != Proxy{}) {
			t.Errorf("%q is %#v, %v", in, got, err)
		}
	}
	for in, want := range map[string]string{
		"":                                      "begins with its scheme",
		"h:1080":                                "begins with its scheme",
		"me:secret@h:1":                         "begins with its scheme",
		"https://me:secret@h:1":                 "unknown kind of proxy https://",
		"socks4://h:1":                          "unknown kind of proxy socks4://",
		"ssh://h:1":                             "unknown kind of proxy ssh://",
		"http://h":                              "the proxy's port: no port",
		"http://h:0":                            "port 0 does not exist",
		"http://":                               "the proxy's host",
		"http://me:secret@h h:1":                "cannot be read",
		"http://me:sec%zzret@h:1":               "cannot be read",
		"http://:secret@h:1":                    "a user has one at least",
		"http://h:1/path":                       "ends with its port",
		"http://h:1?secret":                     "ends with its port",
		"socks5://" + strings.Repeat("u", 2000): "at most 1024 fit",
		"socks5://" + strings.Repeat("u", 256) + ":secret@h": "at most 255 bytes each",
	} {
		p, err := ParseProxy(in)
		if err == nil || p != (Proxy{}) {
			t.Errorf("%q is %v", in, p)
			continue
		}
		checkWords(t, err)
		if !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "secret") {
			t.Errorf("%q: %q; want %q", in, err, want)
		}
	}
}

func FuzzParseProxy(f *testing.F) {
	for _, s := range []string{"socks5://me:secret@h:1080", "http://[::1]:1/", "httph://%41@h:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		p, err := ParseProxy(s)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || len(e.Words) > MaxWords {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		again, err := ParseProxy(p.String())
		if p.user, p.password = "", ""; err != nil || again != p || p.host == "" || p.port == 0 {
			t.Fatalf("%q is %#v, which is printed %q: %v", s, p, p, err)
		}
	})
}

// saying returns a proxy that has heard a message when it answers, by turns.
func saying(t *testing.T, scheme string, turns ...string) string {
	t.Helper()
	to := listen(t, func(c *net.TCPConn) {
		buf := make([]byte, 4096)
		for _, answer := range turns {
			if n, err := c.Read(buf); n == 0 || err != nil {
				return
			}
			io.WriteString(c, answer)
		}
		io.Copy(io.Discard, c)
	})
	return scheme + "://me:secret@" + to.String()
}

// Whatever a proxy answers, its failure has a code and words, which say nothing of
// the password.
func TestTroubleWithProxies(t *testing.T) {
	nobody := listen(t, func(*net.TCPConn) {})
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	for name, c := range map[string]struct {
		proxy string
		code  Code
		words string
	}{
		"nothing listens":       {"http://me:secret@" + l.Addr().String(), CodeProxy, "the proxy PROXY cannot be reached: connection refused by"},
		"closes":                {"http://me:secret@" + nobody.String(), CodeProxyFailed, "the proxy PROXY closed the connection without an answer"},
		"is silent":             {saying(t, "http"), CodeNoAnswer, "the proxy PROXY did not answer"},
		"wants another user":    {saying(t, "http", "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n"), CodeProxyAuth, "PROXY refused the user or the password"},
		"wants it as a server":  {saying(t, "http", "HTTP/1.1 401 Unauthorized\r\n\r\n"), CodeProxyAuth, "PROXY refused the user or the password"},
		"forbids":               {saying(t, "http", "HTTP/1.0 403 Filtered\r\nX: y\r\n\r\nbody"), CodeProxyDenied, "PROXY does not allow the connection: 127.0.0.1:1"},
		"cannot":                {saying(t, "http", "HTTP/1.1 502 Bad\x1b[31m Gateway\n\n"), CodeProxyFailed, "PROXY did not connect to 127.0.0.1:1: 502 Bad?[31m Gateway"},
		"is SSH":                {saying(t, "http", "SSH-2.0-x\r\n"), CodeProxyFailed, "does not speak HTTP"},
		"never ends its head":   {saying(t, "http", "HTTP/1.1 200 OK\r\nX: "+strings.Repeat("x", maxConnectHead)), CodeProxyFailed, "more than 16384 bytes"},
		"SOCKS4":                {saying(t, "socks5", "\x00\x5b"), CodeProxyFailed, "does not speak SOCKS5"},
		"no method":             {saying(t, "socks5", "\x05\xff"), CodeProxyAuth, "takes neither a user's password nor none"},
		"wrong password":        {saying(t, "socks5", "\x05\x02", "\x01\x01"), CodeProxyAuth, "PROXY refused the user or the password"},
		"SOCKS ruleset":         {saying(t, "socks5", "\x05\x00", "\x05\x02\x00\x01"), CodeProxyDenied, "PROXY does not allow the connection: 127.0.0.1:1"},
		"SOCKS refused":         {saying(t, "socks5", "\x05\x00", "\x05\x05\x00\x01"), CodeRefused, "PROXY says that the connection was refused: 127.0.0.1:1"},
		"SOCKS new reply":       {saying(t, "socks5", "\x05\x00", "\x05\x77\x00\x01"), CodeProxyFailed, "PROXY failed to connect to 127.0.0.1:1"},
		"SOCKS unknown address": {saying(t, "socks5", "\x05\x00", "\x05\x00\x00\x09"), CodeProxyFailed, "an address of an unknown kind"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			to := parse(t, "127.0.0.1:1")
			to.Via = proxyAt(t, c.proxy)
			limit := time.Minute
			if c.code == CodeNoAnswer {
				limit = 500 * time.Millisecond
			}
			conn, err := (&Dialer{Timeout: limit}).Dial(t.Context(), to, Security{})
			if err == nil {
				conn.Close()
				t.Fatal("dialled")
			}
			checkWords(t, err)
			e := err.(*Error)
			if want := strings.ReplaceAll(c.words, "PROXY", to.Via.String()); e.Code != c.code || !strings.Contains(e.Words, want) {
				t.Errorf("%s %q; want %s %q", e.Code, e.Words, c.code, want)
			}
			if s := fmt.Sprint(e.Words, errors.Unwrap(e), to, to.Via); strings.Contains(s, "secret") {
				t.Errorf("the password is told: %s", s)
			}
		})
	}
}

// What comes after the proxy's answer is the target's, and a half-close arrives.
func TestThroughProxies(t *testing.T) {
	for scheme, turns := range map[string][]string{
		"socks5":  {"\x05\x00", "\x05\x00\x00\x03\x01h\x00\x01hello "},
		"socks5h": {"\x05\x00", "\x05\x00\x00\x04" + strings.Repeat("x", 18) + "hello "},
		"http":    {"HTTP/1.1 200 Connected\r\nX: y\r\n\r\nhello "},
		"httph":   {"HTTP/1.0 200\r\n\r\nhello "},
	} {
		t.Run(scheme, func(t *testing.T) {
			var asked bytes.Buffer
			proxy := listen(t, func(c *net.TCPConn) {
				buf := make([]byte, 4096)
				for _, answer := range turns {
					n, _ := c.Read(buf)
					asked.Write(buf[:n])
					io.WriteString(c, answer)
				}
				sent, _ := io.ReadAll(c)
				c.Write(sent)
			})
			to := parse(t, "secure.example:443")
			to.Via = proxyAt(t, scheme+"://"+proxy.String())
			c, err := (&Dialer{Resolver: nameServer(answerLoopback)}).Dial(t.Context(), to, Security{})
			if err != nil {
				t.Fatal(err)
			}
			if want := "through the proxy " + to.Via.String(); c.Through() != want {
				t.Errorf("%q; want %q", c.Through(), want)
			}
			resolved := map[bool]string{false: "127.0.0.1:443", true: "secure.example:443"}[to.Via.Resolves()]
			if c.Resolved() != resolved {
				t.Errorf("resolved to %s", c.Resolved())
			}
			talk(t, c)
			told := strings.Contains(asked.String(), "secure.example")
			if told != to.Via.Resolves() {
				t.Errorf("the proxy was asked %q", asked.String())
			}
		})
	}
}

// A policy of addresses holds through a proxy, and for one that a user names.
func TestPolicyThroughProxies(t *testing.T) {
	canary := listen(t, func(*net.TCPConn) { t.Error("a proxy was dialled") })
	d := &Dialer{Policy: policy(t, "deny 127.0.0.0/8", "public"), Resolver: nameServer(answerLoopback)}
	for _, c := range []struct{ target, proxy, by string }{
		{"secure.example:443", "socks5://proxy.example:1", "secure.example:443 (127.0.0.1) may not be dialled: denied by the rule"},
		{"127.0.0.1:443", "socks5h://93.184.216.34:1", "127.0.0.1:443 may not be dialled: denied by the rule"},
		{"secure.example:443", "httph://93.184.216.34:1", "may not be dialled by its name through a proxy"},
		{"93.184.216.34:443", "http://" + canary.String(), canary.String() + " may not be dialled: denied by the rule"},
	} {
		to := parse(t, c.target)
		to.Via = proxyAt(t, c.proxy)
		if _, err := d.Dial(t.Context(), to, Security{}); !errors.Is(err, ErrDenied) || !strings.Contains(err.Error(), c.by) || err.(*Error).Code != CodeDenied {
			t.Errorf("%s through %s: %v; want %q", c.target, c.proxy, err, c.by)
		}
	}
	local := &Dialer{Policy: Policy{}.Own(netip.MustParseAddrPort("127.0.0.1:8000"))}
	to := parse(t, "127.0.0.1:8000")
	to.Via = proxyAt(t, "socks5h://"+canary.String())
	if _, err := local.Dial(t.Context(), to, Security{}); !errors.Is(err, ErrDenied) {
		t.Errorf("the workbench itself: %v", err)
	}
}

// The workbench's proxy is for what is elsewhere.
func TestWhatGoesThroughTheProxy(t *testing.T) {
	d := &Dialer{Proxy: proxyAt(t, "socks5://proxy.example:1")}
	for target, want := range map[string]bool{
		"h:1": true, "10.0.0.1:1": true, "tls://h:1": true, "localhost.example:1": true,
		":1": false, "0.0.0.0:1": false, "127.0.0.1:1": false, "[::1]:1": false, "localhost:1": false, "a.localhost.:1": false, "unix:///run/x": false,
	} {
		if p, named := d.via(parse(t, target)); (p != Proxy{}) != want || named {
			t.Errorf("%s goes through %q", target, p)
		}
	}
}
