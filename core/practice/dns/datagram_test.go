package dns

import (
	"context"
	"net"
	"os/exec"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"github.com/protocol-workbench/workbench/core/practice"
)

// listenBoth serves by TCP and UDP at one port until the test ends.
func listenBoth(t *testing.T, s *Server) *counted {
	t.Helper()
	c := start(t, s)
	conn, err := net.ListenPacket("udp", c.Addr().String())
	for tries := 0; err != nil; tries++ { // another program may have the port for UDP
		if tries == 10 {
			t.Fatal(err)
		}
		c = start(t, s)
		conn, err = net.ListenPacket("udp", c.Addr().String())
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- practice.ServeDatagrams(ctx, conn, nil, s.Datagrams()) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("ServeDatagrams: %v", err)
		}
	})
	return c
}

// dig asks by UDP, and by TCP for what was truncated.
func TestDigByUDP(t *testing.T) {
	c := listenBoth(t, &Server{Seed: "s"})
	host, port, _ := net.SplitHostPort(c.Addr().String())
	for _, d := range []struct {
		args string
		want []string
		tcp  int64 // connections
	}{
		{"ns1.example.test A", []string{"status: NOERROR", "192.0.2.53", "(UDP)"}, 0},
		{"gone.example.test A", []string{"status: NXDOMAIN", "(UDP)"}, 0},
		{"+noedns jabberwocky.example.test TXT", []string{";; Truncated, retrying in TCP mode.", "galumphing", "(TCP)"}, 1},
		{"+noedns +ignore jabberwocky.example.test TXT", []string{" tc ", "ANSWER: 0", "(UDP)"}, 0},
		{"+bufsize=1232 jabberwocky.example.test TXT", []string{"galumphing", "(UDP)", "udp: 1232"}, 0},
		{"+bufsize=600 jabberwocky.example.test TXT", []string{";; Truncated, retrying in TCP mode."}, 1},
	} {
		before := c.n.Load()
		args := append([]string{"-r", "@" + host, "-p", port, "+notcp", "+tries=1", "+time=20"}, strings.Fields(d.args)...)
		out, err := exec.Command("dig", args...).CombinedOutput()
		if err != nil {
			t.Fatalf("dig %s: %v\n%s", d.args, err, out)
		}
		for _, want := range d.want {
			if !strings.Contains(string(out), want) {
				t.Errorf("dig %s: no %q in\n%s", d.args, want, out)
			}
		}
		if n := c.n.Load() - before; n != d.tcp {
			t.Errorf("dig %s made %d connections, want %d", d.args, n, d.tcp)
		}
	}
}

// What is not a query has no answer, so that two servers never talk to each other; what is
// not understood has one that says so, and a zone is left to TCP.
func TestDatagrams(t *testing.T) {
	answer := new(Server).Datagrams()
	said := func(packed []byte) *dns.Msg {
		t.Helper()
		m := new(dns.Msg)
		if err := m.Unpack(packed); err != nil {
			t.Fatal(err)
		}
		return m
	}
	response := new(dns.Msg).SetQuestion("example.test.", dns.TypeA)
	response.Response = true
	packed, _ := response.Pack()
	for _, nothing := range [][]byte{nil, []byte("short"), packed} {
		if got := answer(nothing); got != nil {
			t.Errorf("%q was answered by %q", nothing, got)
		}
	}
	if m := said(answer(query("example.test.", dns.TypeAXFR))); !m.Truncated || len(m.Answer) > 0 {
		t.Errorf("a transfer was answered by\n%v", m)
	}
	long := append(query("example.test.", dns.TypeA), make([]byte, MaxQuery)...)
	for _, wrong := range [][]byte{long, long[:headerSize]} {
		if m := said(answer(wrong)); m.Rcode != dns.RcodeFormatError {
			t.Errorf("%d bytes were answered by\n%v", len(wrong), m)
		}
	}
	if m := said(answer(query("example.test.", dns.TypeNS))); len(m.Answer) != 2 || !m.Authoritative {
		t.Errorf("got\n%v", m)
	}
}
