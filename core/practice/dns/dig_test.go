package dns

import (
	"context"
	"net"
	"os/exec"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/protocol-workbench/workbench/core/practice"
)

// counted counts the connections that a listener accepts.
type counted struct {
	net.Listener
	n atomic.Int64
}

func (c *counted) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.n.Add(1)
	}
	return conn, err
}

// start serves on a loopback listener until the test ends.
func start(t *testing.T, s *Server) *counted {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	c := &counted{Listener: l}
	go func() { done <- practice.Serve(ctx, c, nil, s.Converse) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return c
}

// dig asks and returns what it prints. Its exit code must be 0.
func dig(t *testing.T, l net.Listener, args ...string) string {
	t.Helper()
	host, port, _ := net.SplitHostPort(l.Addr().String())
	out, err := exec.Command("dig", append([]string{"-r", "@" + host, "-p", port, "+tcp", "+tries=1", "+time=20"}, args...)...).CombinedOutput()
	if err != nil {
		t.Fatalf("dig %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

var spaces = regexp.MustCompile(`[ \t]+`)

// records returns the lines that are records, with single spaces.
func records(out string) []string {
	var lines []string
	for line := range strings.Lines(out) {
		if line = strings.TrimSpace(spaces.ReplaceAllString(line, " ")); line != "" && line[0] != ';' {
			lines = append(lines, line)
		}
	}
	return lines
}

func TestDig(t *testing.T) {
	l := start(t, &Server{Seed: "s"})
	student, text := Student("s")
	const denial = "example.test. 300 IN SOA ns1.example.test. hostmaster.example.test. 2026112901 7200 900 1209600 300"
	for _, c := range []struct {
		query, status string
		want          []string // answer and authority
	}{
		{"example.test SOA", "NOERROR", []string{strings.Replace(denial, "300", "3600", 1)}},
		{"example.test NS", "NOERROR", []string{"example.test. 3600 IN NS ns1.example.test.", "example.test. 3600 IN NS ns2.example.test."}},
		{"example.test A", "NOERROR", []string{"example.test. 3600 IN A 192.0.2.80"}},
		{"example.test AAAA", "NOERROR", []string{"example.test. 3600 IN AAAA 2001:db8::80"}},
		{"example.test MX", "NOERROR", []string{"example.test. 3600 IN MX 10 mail.example.test.", "example.test. 3600 IN MX 20 backup.example.test."}},
		{"example.test TXT", "NOERROR", []string{`example.test. 3600 IN TXT "v=spf1 mx -all"`}},
		{"_imap._tcp.example.test SRV", "NOERROR", []string{"_imap._tcp.example.test. 3600 IN SRV 0 1 143 mail.example.test."}},
		{"WWW.example.test A", "NOERROR", []string{"WWW.example.test. 3600 IN CNAME web.example.test.",
			"web.example.test. 3600 IN CNAME rack7.example.test.", "rack7.example.test. 3600 IN A 192.0.2.7"}},
		{"www.example.test CNAME", "NOERROR", []string{"www.example.test. 3600 IN CNAME web.example.test."}},
		{"www.example.test MX", "NOERROR", []string{"www.example.test. 3600 IN CNAME web.example.test.",
			"web.example.test. 3600 IN CNAME rack7.example.test.", denial}},
		{"partner.example.test A", "NOERROR", []string{"partner.example.test. 3600 IN CNAME www.example.net."}},
		{"nowhere.example.test A", "NXDOMAIN", []string{"nowhere.example.test. 3600 IN CNAME gone.example.test.", denial}},
		{"loop.example.test A", "NOERROR", []string{"loop.example.test. 3600 IN CNAME pool.example.test.", "pool.example.test. 3600 IN CNAME loop.example.test."}},
		{"anything.lab.example.test A", "NOERROR", []string{"anything.lab.example.test. 3600 IN A 192.0.2.99"}},
		{"a.b.lab.example.test A", "NOERROR", []string{"a.b.lab.example.test. 3600 IN A 192.0.2.99"}},
		{"anything.lab.example.test MX", "NOERROR", []string{denial}},
		{"printer.lab.example.test A", "NOERROR", []string{"printer.lab.example.test. 3600 IN A 192.0.2.9"}},
		{"printer.lab.example.test TXT", "NOERROR", []string{denial}},        // a wildcard stands only for names that do not exist
		{"below.printer.lab.example.test TXT", "NXDOMAIN", []string{denial}}, // and not below one that does
		{"lab.example.test A", "NOERROR", []string{denial}},
		{"_tcp.example.test SRV", "NOERROR", []string{denial}},
		{"missing.example.test A", "NXDOMAIN", []string{denial}},
		{"www.example.com A", "REFUSED", nil},
		{"wwwexample.test A", "REFUSED", nil},
		{"version.bind TXT CH", "REFUSED", nil},
		{"+edns=1 +noednsnegotiation example.test A", "BADVERS", nil},
		{student + " TXT", "NOERROR", []string{student + `. 3600 IN TXT "` + text + `"`}},
	} {
		out := dig(t, l, append(strings.Fields(c.query), "+noall", "+comments", "+answer", "+authority")...)
		if !strings.Contains(out, "status: "+c.status+",") || !slices.Equal(records(out), c.want) {
			t.Errorf("%s: want %s and\n%s\ndig says\n%s", c.query, c.status, strings.Join(c.want, "\n"), out)
		}
		if authoritative := strings.Contains(out, " aa"); authoritative != (c.status == "NOERROR" || c.status == "NXDOMAIN") {
			t.Errorf("%s: authoritative: %v", c.query, authoritative)
		}
	}
}

func TestDigGetsAddressesWithMX(t *testing.T) {
	out := dig(t, start(t, new(Server)), "example.test", "MX", "+noall", "+additional")
	want := []string{"mail.example.test. 3600 IN A 192.0.2.25", "mail.example.test. 3600 IN AAAA 2001:db8::25", "backup.example.test. 3600 IN A 192.0.2.26"}
	if got := records(out); !slices.Equal(got, want) {
		t.Errorf("%q", got)
	}
}

func TestDigGetsMoreThanUDPHolds(t *testing.T) {
	out := dig(t, start(t, new(Server)), "jabberwocky.example.test", "TXT", "+short")
	if len(out) < 512 || strings.Count(out, `" "`) != 19 || !strings.HasSuffix(out, "\"He went galumphing back.\"\n") {
		t.Errorf("%s", out)
	}
}

func TestDigTransfersTheZone(t *testing.T) {
	l := start(t, &Server{Seed: "s"})
	student, _ := Student("s")
	out := dig(t, l, "example.test", "AXFR")
	got := records(out)
	if first, last := got[0], got[len(got)-1]; first != last || !strings.Contains(first, " SOA ") {
		t.Errorf("a transfer begins with\n%s\nand ends with\n%s", first, last)
	}
	whole := newZone("s").records
	if len(got) != len(whole)+1 || !strings.Contains(out, student) {
		t.Errorf("%d records, want the zone's %d and the SOA again:\n%s", len(got), len(whole), out)
	}
	if out := dig(t, l, "example.test", "IXFR=2026112900"); len(records(out)) != len(got) {
		t.Errorf("an incremental transfer differs:\n%s", out)
	}
	if out := dig(t, l, "lab.example.test", "AXFR"); len(records(out)) > 0 || !strings.Contains(out, "Transfer failed") {
		t.Errorf("a transfer of what is not a zone:\n%s", out)
	}
}

func TestDigKeepsTheConnectionOpen(t *testing.T) {
	l := start(t, new(Server))
	out := dig(t, l, "+keepopen", "+short", "ns1.example.test", "A", "ns2.example.test", "A", "mail.example.test", "AAAA")
	if out != "192.0.2.53\n192.0.2.54\n2001:db8::25\n" || l.n.Load() != 1 {
		t.Errorf("over %d connections:\n%s", l.n.Load(), out)
	}
}
