package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// Every combination of what matters: what may be served is what these rules in other
// words say, and a refusal names a flag to add or to change.
func TestExposure(t *testing.T) {
	both := []bool{false, true}
	served, refused := 0, 0
	for _, local := range both {
		for _, browsers := range both {
			if !local && !browsers {
				continue // a Unix socket is this machine's
			}
			for bits := range 1 << 6 {
				has := func(i int) bool { return bits&(1<<i) != 0 }
				for hosts := range 2 {
					for _, auth := range []string{authToken, authNone} {
						for _, policy := range [][]string{nil, {"local"}, {"public"}, {"practice"}, {"allow 10.0.0.0/8:5432"}, {"deny *:25", "local"}} {
							e := exposure{
								named: "0.0.0.0:8443", local: local, browsers: browsers, hosts: hosts, auth: auth, policy: policy,
								certificate: has(0), key: has(1), auto: has(2), proxied: has(3), plain: has(4), open: has(5),
							}
							ways := 0 // of saying who on the way can read along
							for _, b := range []bool{e.certificate || e.key, e.auto, e.plain} {
								if b {
									ways++
								}
							}
							may := e.certificate == e.key && ways <= 1 &&
								!(e.proxied && e.plain) && (!e.proxied || hosts > 0) &&
								(!e.open || e.browsers || e.proxied)
							if !local || e.proxied {
								may = may && (ways == 1 || e.proxied) && auth == authToken && !slices.Contains(policy, "local")
							}
							err := e.check()
							if (err == nil) != may {
								t.Fatalf("%+v: %v", e, err)
							}
							if err != nil {
								refused++
								if !strings.Contains(err.Error(), "--") {
									t.Errorf("%+v: %v", e, err)
								}
								continue
							}
							served++
							if words, _ := e.targets(); e.reached() && !slices.ContainsFunc(words, func(w string) bool { return w == "public" || w == "practice" }) || !e.reached() && fmt.Sprint(words) != fmt.Sprint(policy) {
								t.Errorf("%+v: the policy is %q", e, words)
							}
						}
					}
				}
			}
		}
	}
	if served < 100 || refused < 100 {
		t.Errorf("%d are served, %d refused", served, refused)
	}
}

// What a refusal advises.
func TestWhatToAdd(t *testing.T) {
	out := exposure{named: "0.0.0.0:8443", browsers: true, auth: authToken}
	but := func(change func(*exposure)) exposure { e := out; change(&e); return e }
	for want, e := range map[string]exposure{
		"add --tls auto or --tls-cert FILE --tls-key FILE, or --behind-proxy": out,
		"use --auth token":     but(func(e *exposure) { e.auto, e.auth = true, authNone }),
		"use --policy public":  but(func(e *exposure) { e.plain, e.policy = true, []string{"local"} }),
		"add --tls-key FILE":   but(func(e *exposure) { e.certificate = true }),
		"add --tls-cert FILE":  but(func(e *exposure) { e.key = true }),
		"add --host NAME:PORT": but(func(e *exposure) { e.proxied = true }),
		"leave --open out":     {named: "unix:/x", local: true, auth: authToken, open: true},
	} {
		if err := e.check(); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("want %q: %v", want, err)
		}
	}
	tells := func(e exposure) string { return strings.Join(e.notices(), "\n") }
	for _, c := range []struct {
		exposure
		has, lacks string
	}{
		{but(func(e *exposure) { e.plain = true }), "--plain-http", "workbench ca"},
		{but(func(e *exposure) { e.plain = true }), "(--policy public)", "workbench ca"},
		{but(func(e *exposure) { e.auto = true }), "workbench ca", "--plain-http"},
		{but(func(e *exposure) { e.auto, e.policy = true, []string{"public"} }), "workbench ca", "--policy"},
		{exposure{local: true, plain: true}, "", "-"},
	} {
		if got := tells(c.exposure); !strings.Contains(got, c.has) || strings.Contains(got, c.lacks) {
			t.Errorf("%+v: %q", c.exposure, got)
		}
	}
}

func TestParseProxies(t *testing.T) {
	for _, c := range []struct {
		named  []string
		socket bool
		want   string
	}{
		{nil, false, "[] nil"},
		{nil, true, "[] nil"},
		{[]string{"10.0.0.5", " 10.1.0.0/16", "::1", "::ffff:10.0.0.6"}, false, "[10.0.0.5/32 10.1.0.0/16 ::1/128 10.0.0.6/32]"},
		{[]string{"unix"}, true, "[]"},
		{[]string{"unix"}, false, "name the proxy's address"},
		{[]string{"10.0.0.5"}, true, "write --behind-proxy unix"},
		{[]string{"0.0.0.0/0"}, false, "believe everyone"},
		{[]string{"10.0.0.5", "::/0"}, false, "believe everyone"},
		{[]string{"proxy.example"}, false, "it must be addresses"},
		{[]string{""}, false, "it must be addresses"},
	} {
		all, err := parseProxies(c.named, c.socket)
		got := fmt.Sprint(all)
		if all == nil {
			got += " nil"
		}
		if err != nil {
			got = err.Error()
		}
		if !strings.Contains(got, c.want) {
			t.Errorf("%q: %s, want %s", c.named, got, c.want)
		}
	}
}

func TestParsePlace(t *testing.T) {
	for named, want := range map[string]string{
		"": "local", "127.0.0.1:0": "local", "localhost:80": "local", "[::1]:80": "local", "127.0.0.2:80": "local",
		":8443": "[::]:8443", "0.0.0.0:8443": "0.0.0.0:8443", "[::]:0": "[::]:0", "192.0.2.1:80": "192.0.2.1:80", "[::ffff:192.0.2.1]:80": "192.0.2.1:80", "[fe80::1%eth0]:80": "[fe80::1%eth0]:80",
		"unix:/run/x": "socket /run/x", "unix:x/../y": "socket y",
		"unix:": "names no file", "bench.example:80": "names are not looked up", "8000": "is no address", "127.0.0.1:x": "is no address", "systemd": "passed no socket",
	} {
		p, err := parsePlace(named)
		got := p.addr.String()
		switch {
		case err != nil:
			got = err.Error()
		case p.isSocket():
			got = "socket " + p.socket
		case p.isLocal():
			got = "local"
		}
		if !strings.Contains(got, want) || p.isSocket() && !p.isLocal() {
			t.Errorf("%s: %s, want %s", named, got, want)
		}
	}
}
