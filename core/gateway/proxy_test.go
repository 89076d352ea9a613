package gateway

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"strings"
	"testing"
)

// arrived makes a request that has come to a local address, with TLS or without.
func (a asked) arrived(local net.Addr, encrypted bool) *http.Request {
	r := a.request(0)
	r = r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, local))
	if encrypted {
		r.TLS = &tls.ConnectionState{}
	}
	return r
}

func hostsNamed(t *testing.T, named ...string) (hosts []Host) {
	t.Helper()
	for _, s := range named {
		h, err := ParseHost(s)
		if err != nil || h.String() != s {
			t.Fatalf("%s: %v, %v", s, h, err)
		}
		hosts = append(hosts, h)
	}
	return hosts
}

// Where others can reach the listener: by its own address, by loopback names and by
// what --host names, and with the scheme that it has.
func TestWhoMayAskElsewhere(t *testing.T) {
	at := func(s string) net.Addr { return net.TCPAddrFromAddrPort(netip.MustParseAddrPort(s)) }
	four, six, mapped, linked, usual := at("192.0.2.2:8443"), at("[2001:db8::2]:8443"), at("[::ffff:192.0.2.2]:8443"), at("[fe80::2%eth0]:8443"), at("192.0.2.2:443")
	socket := net.Addr(&net.UnixAddr{Name: "/run/workbench", Net: "unix"})
	g := &Gateway{Config: Config{Hosts: hostsNamed(t, "bench.example:443", "bench.example:8443")}}
	for _, c := range []struct {
		local     net.Addr
		encrypted bool
		asked
		want string // the header that is to blame; "" allows
	}{
		{four, true, asked{host: "192.0.2.2:8443"}, ""},
		{mapped, true, asked{host: "192.0.2.2:8443"}, ""},
		{mapped, true, asked{host: "[::ffff:192.0.2.2]:8443"}, ""},
		{six, true, asked{host: "[2001:db8::2]:8443", origin: list("https://[2001:db8::2]:8443")}, ""},
		{linked, true, asked{host: "[fe80::2]:8443"}, ""},
		{four, true, asked{host: "localhost:8443"}, ""},
		{four, true, asked{host: "192.0.2.3:8443"}, "Host"},
		{four, true, asked{host: "192.0.2.2"}, "Host"},
		{four, true, asked{host: "rebound.example:8443"}, "Host"},
		{four, true, asked{host: "192.0.2.2.example:8443"}, "Host"},
		{usual, true, asked{host: "192.0.2.2", origin: list("https://192.0.2.2")}, ""},
		{usual, false, asked{host: "192.0.2.2"}, "Host"},

		{four, true, asked{host: "192.0.2.2:8443", origin: list("https://192.0.2.2:8443")}, ""},
		{four, true, asked{host: "192.0.2.2:8443", origin: list("http://192.0.2.2:8443")}, "Origin"},
		{four, true, asked{host: "192.0.2.2:8443", origin: list("https://192.0.2.2")}, "Origin"},
		{four, true, asked{host: "192.0.2.2:8443", origin: list("https://localhost:8443")}, "Origin"},
		{four, true, asked{host: "192.0.2.2:8443", origin: list("wss://192.0.2.2:8443")}, "Origin"},
		{four, true, asked{host: "192.0.2.2:8443", origin: list("null")}, "Origin"},
		{four, false, asked{host: "192.0.2.2:8443", origin: list("http://192.0.2.2:8443")}, ""},
		{four, false, asked{host: "192.0.2.2:8443", origin: list("https://192.0.2.2:8443")}, "Origin"},

		{four, true, asked{host: "bench.example", origin: list("https://bench.example")}, ""},
		{four, true, asked{host: "bench.example:443", origin: list("https://bench.example")}, ""},
		{four, true, asked{host: "bench.example:8443", origin: list("https://bench.example:8443")}, ""},
		{four, true, asked{host: "bench.example:8443", origin: list("https://bench.example")}, "Origin"},
		{four, true, asked{host: "bench.example:80"}, "Host"},
		{four, false, asked{host: "bench.example"}, "Host"},

		{socket, false, asked{host: "localhost"}, ""},
		{socket, false, asked{host: "127.0.0.1:9000", origin: list("http://127.0.0.1:9000")}, ""},
		{socket, false, asked{host: "localhost:9000", origin: list("http://localhost:9001")}, "Origin"},
		{socket, false, asked{host: "rebound.example:9000"}, "Host"},
		{socket, false, asked{host: "192.0.2.2:9000"}, "Host"},
		{nil, false, asked{host: "localhost:8000"}, "Host"},
	} {
		got := g.refuse(c.arrived(c.local, c.encrypted))
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) {
			t.Errorf("%v %v %+v: %q, want %q", c.local, c.encrypted, c.asked, got, c.want)
		}
	}
}

// Behind a proxy all requests come from there, by a name of --host, and what the last
// hop says of the client is believed; elsewhere nothing of that is.
func TestWhoMayAskBehindAProxy(t *testing.T) {
	hosts := hostsNamed(t, "bench.example:443", "bench.example:80")
	behind := &Gateway{Config: Config{Hosts: hosts, Proxies: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/24"), netip.MustParsePrefix("::1/128")}}}
	direct := &Gateway{Config: Config{Hosts: hosts}}
	for _, c := range []struct {
		from  string
		host  string
		For   []string // X-Forwarded-For
		proto []string // X-Forwarded-Proto
		more  []string // Origin
		want  string   // what is to blame; "" allows
		peer  string
	}{
		{"10.0.0.9:1", "bench.example", list("198.51.100.7"), list("https"), list("https://bench.example"), "", "198.51.100.7"},
		{"[::ffff:10.0.0.9]:1", "bench.example", list("198.51.100.7"), list("https"), nil, "", "198.51.100.7"},
		{"[::1]:1", "bench.example", list("[2001:db8::7]:99"), list("https"), nil, "", "2001:db8::7"},
		{"", "bench.example", list("198.51.100.7"), list("https"), nil, "", "198.51.100.7"}, // through a Unix socket
		{"10.0.0.9:1", "bench.example", list("127.0.0.1, 198.51.100.7"), list("https"), nil, "", "198.51.100.7"},
		{"10.0.0.9:1", "bench.example", list("127.0.0.1", "8.8.8.8,198.51.100.7"), list("http", "http, https"), nil, "", "198.51.100.7"},
		{"10.0.0.9:1", "bench.example", list("198.51.100.7"), list("http"), list("http://bench.example"), "", "198.51.100.7"},
		{"10.0.0.9:1", "bench.example", list("198.51.100.7"), list("https", "http"), list("https://bench.example"), "Origin", "198.51.100.7"},
		{"10.0.0.9:1", "bench.example", list("198.51.100.7"), list("https"), list("http://bench.example"), "Origin", "198.51.100.7"},
		{"10.0.1.9:1", "bench.example", list("198.51.100.7"), list("https"), nil, "--behind-proxy", "10.0.1.9:1"},
		{"127.0.0.1:1", "bench.example", list("198.51.100.7"), list("https"), nil, "--behind-proxy", "127.0.0.1:1"},
		{"10.0.0.9:1", "127.0.0.1:8000", list("198.51.100.7"), list("https"), nil, "Host", "198.51.100.7"},
		{"10.0.0.9:1", "localhost", list("198.51.100.7"), list("https"), nil, "Host", "198.51.100.7"},
		{"10.0.0.9:1", "bench.example", nil, list("https"), nil, "X-Forwarded-For", "10.0.0.9:1"},
		{"10.0.0.9:1", "bench.example", list("unknown"), list("https"), nil, "X-Forwarded-For", "10.0.0.9:1"},
		{"10.0.0.9:1", "bench.example", list("198.51.100.7,"), list("https"), nil, "X-Forwarded-For", "10.0.0.9:1"},
		{"10.0.0.9:1", "bench.example", list("198.51.100.7"), nil, nil, "X-Forwarded-Proto", "198.51.100.7"},
		{"10.0.0.9:1", "bench.example", list("198.51.100.7"), list("wss"), nil, "X-Forwarded-Proto", "198.51.100.7"},
	} {
		local := net.Addr(&net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8000})
		if c.from == "" {
			local = &net.UnixAddr{Name: "/run/workbench", Net: "unix"}
		}
		r := asked{host: c.host, origin: c.more}.arrived(local, false)
		r.RemoteAddr = c.from
		r.Header["X-Forwarded-For"], r.Header["X-Forwarded-Proto"] = c.For, c.proto
		got := behind.refuse(r)
		if (got == "") != (c.want == "") || !strings.Contains(got, c.want) || behind.peer(r) != c.peer {
			t.Errorf("%+v: %q from %s", c, got, behind.peer(r))
		}
		if direct.isTLS(r) || c.from != "" && direct.peer(r) != c.from {
			t.Errorf("%+v: believed without --behind-proxy", c)
		}
	}
}
