//go:build linux

package e2e

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

const startTLSTap = "../examples/starlark/starttls-tap"

// startTLSTapTo is a tap whose line mode upgrades both ends.
func startTLSTapTo(t testing.TB, target string, flags ...string) *tapped {
	t.Helper()
	return tapTo(t, target, append([]string{"--through", "--plugin-dir", startTLSTap, "--mode", "starttls-tap", "--tls-ca", authority.file, "--tls-name", "127.0.0.1"}, flags...)...)
}

// trusts returns how a client trusts the authority that a tap has made.
func trustsMade(t testing.TB) *x509.CertPool {
	t.Helper()
	pool := x509.NewCertPool()
	text, err := os.ReadFile(madeAuthority())
	if err != nil || !pool.AppendCertsFromPEM(text) {
		t.Fatal(err)
	}
	return pool
}

// mailClient speaks SMTP to a tap.
type mailClient struct {
	t     testing.TB
	conn  net.Conn
	lines *bufio.Reader
}

func (p *tapped) mailClient(t testing.TB) *mailClient {
	t.Helper()
	conn, err := net.Dial("tcp", p.address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(patience))
	return &mailClient{t, conn, bufio.NewReader(conn)}
}

func (c *mailClient) expect(want string) {
	c.t.Helper()
	if line, err := c.lines.ReadString('\n'); err != nil || strings.TrimSpace(line) != want {
		c.t.Errorf("the client heard %q, %v; want %q", line, err, want)
	}
}

func (c *mailClient) say(line string) { io.WriteString(c.conn, line+"\r\n") }

func (c *mailClient) upgrade() {
	c.t.Helper()
	over := tls.Client(c.conn, &tls.Config{ServerName: "127.0.0.1", RootCAs: trustsMade(c.t)})
	if err := over.Handshake(); err != nil {
		c.t.Error(err)
	}
	c.conn, c.lines = over, bufio.NewReader(over)
}

// Real clients upgrade, against a real server of IMAP and POP3 and a plain one of SMTP:
// both ends of the tap do, and what is said after it arrives. The recording has that in
// clear, and replays however it is cut.
func TestTapStartTLSWithRealClients(t *testing.T) {
	imap, pop3 := startDovecot(t)
	smtp := mailServer(t, "", func(string) {})
	mail := filepath.Join(t.TempDir(), "mail")
	writeFile(t, mail, "Subject: hi\n\nSTARTTLS\n")
	for _, c := range []struct {
		server, input string
		client        []string
		wants         string // of what the client shows
		crossed       string
	}{
		{imap, "", []string{"curl", "-sSv", "--ssl-reqd", "--user", "me:secret", "imap://HOST:PORT/INBOX?ALL"}, "SSL connection using TLSv1.3", "SEARCH"},
		{pop3, "", []string{"curl", "-sSv", "--ssl-reqd", "--user", "me:secret", "pop3://HOST:PORT/"}, "SSL connection using TLSv1.3", "LIST"},
		{smtp, "", []string{"curl", "-sSv", "--ssl-reqd", "smtp://HOST:PORT/curl", "--mail-from", "ann@example.test", "--mail-rcpt", "bob@example.test", "--upload-file", mail}, "250 it was read", "DATA"},
		{smtp, "NOOP\nQUIT\n", []string{"openssl", "s_client", "-starttls", "smtp", "-connect", "HOST:PORT", "-verify_return_error", "-crlf", "-ign_eof"}, "221 bye", "NOOP"},
		{imap, "b LOGOUT\n", []string{"openssl", "s_client", "-starttls", "imap", "-connect", "HOST:PORT", "-verify_return_error", "-crlf", "-ign_eof"}, "b OK", "LOGOUT"},
	} {
		tap := startTLSTapTo(t, c.server, "--tls")
		trusts := map[string]string{"curl": "--cacert", "openssl": "-CAfile"}[c.client[0]]
		if got := outputOf(t, tap.address, c.input, append(c.client, trusts, madeAuthority())...); !strings.Contains(got, c.wants) {
			t.Errorf("%s shows no %q:\n%s", strings.Join(c.client, " "), c.wants, got)
		}
		for _, file := range tap.stop(t) {
			text, _ := os.ReadFile(file)
			_, after, _ := strings.Cut(string(text), ">> client tls \"tls 1.3, ")
			if !strings.Contains(string(text), ">> server tls \"tls 1.3, ") || !strings.Contains(after, c.crossed) {
				t.Errorf("%s has no %s:\n%s", file, c.crossed, text)
			}
			workbenchDoes(t, "replay", "--plugin-dir", startTLSTap, "--recut", "10", file)
		}
	}
}

// What either side puts behind its part of STARTTLS in clear is dropped, and never
// comes across.
func TestTapStartTLSDropsPlaintext(t *testing.T) {
	heard := make(chan string, 20)
	tap := startTLSTapTo(t, mailServer(t, "250 evil\r\n", func(s string) { heard <- s }), "--tls")
	c := tap.mailClient(t)
	c.expect("220 mail.test")
	c.say("EHLO me\r\nSTARTTLS\r\nMAIL FROM:<evil>")
	c.expect("250 EHLO")
	c.expect("220 go ahead")
	c.upgrade()
	c.say("EHLO again")
	c.expect("250 s EHLO")
	c.say("QUIT")
	c.expect("221 bye")
	c.conn.Close()
	for _, want := range []string{"EHLO me", "STARTTLS", "s EHLO again", "s QUIT"} {
		if got := receive(t, heard, want); got != want {
			t.Errorf("the server heard %q, want %q", got, want)
		}
	}
	for _, file := range tap.stop(t) {
		workbenchDoes(t, "replay", "--plugin-dir", startTLSTap, "--recut", "20", file)
	}
}

// A tap without a certificate, and a client that distrusts its own, end with words.
func TestTapStartTLSFails(t *testing.T) {
	for name, c := range map[string]struct {
		flags []string
		words string
	}{
		"no certificate": {nil, "this tap has no certificate to show its clients: start it with --tls, or with --tls-cert and --tls-key"},
		"distrust":       {[]string{"--tls"}, "the client refuses the tap's certificate: bad certificate; it has to trust"},
	} {
		t.Run(name, func(t *testing.T) {
			tap := startTLSTapTo(t, mailServer(t, "", func(string) {}), c.flags...)
			client := tap.mailClient(t)
			client.expect("220 mail.test")
			client.say("STARTTLS")
			client.expect("220 go ahead")
			if over := tls.Client(client.conn, &tls.Config{ServerName: "127.0.0.1", RootCAs: x509.NewCertPool()}); over.Handshake() == nil {
				t.Error("the handshake succeeded")
			}
			client.conn.Close()
			text, _ := os.ReadFile(tap.stop(t)[0])
			if !strings.Contains(string(text), ">> client tls-failed \""+c.words) {
				t.Errorf("the recording is\n%s", text)
			}
		})
	}
}

// The plugin is killed at every event of a session, and each end is upgraded once.
func TestTapStartTLSKilledAtEveryEvent(t *testing.T) {
	for at := range 6 {
		heard := make(chan string, 20)
		tap := startTLSTapTo(t, mailServer(t, "", func(s string) { heard <- s }), "--tls")
		c := tap.mailClient(t)
		moment := 0
		strike := func() {
			if moment++; moment-1 == at {
				for _, pid := range children(t, tap.cmd.Process.Pid) {
					syscall.Kill(pid, syscall.SIGKILL)
				}
			}
		}
		c.expect("220 mail.test")
		strike()
		c.say("EHLO me")
		c.expect("250 EHLO")
		strike()
		c.say("STARTTLS")
		strike()
		c.expect("220 go ahead")
		strike()
		c.upgrade()
		strike()
		c.say("EHLO again")
		c.expect("250 s EHLO")
		strike()
		c.say("QUIT")
		c.expect("221 bye")
		c.conn.Close()
		for _, want := range []string{"EHLO me", "STARTTLS", "s EHLO again", "s QUIT"} {
			if got := receive(t, heard, want); got != want {
				t.Errorf("killed at %d, the server heard %q, want %q", at, got, want)
			}
		}
		text, _ := os.ReadFile(tap.stop(t)[0])
		if n := strings.Count(string(text), "<< start-tls "); n != 2 || !strings.Contains(string(text), "-- recovered the plugin") {
			t.Errorf("killed at %d, the recording is\n%s", at, text)
		}
	}
}

// children returns a process's children.
func children(t testing.TB, pid int) (pids []int) {
	t.Helper()
	threads, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid))
	if err != nil {
		t.Fatal(err)
	}
	for _, file := range threads {
		text, _ := os.ReadFile(file) // a thread may have ended
		for s := range strings.FieldsSeq(string(text)) {
			child, _ := strconv.Atoi(s)
			pids = append(pids, child)
		}
	}
	return pids
}
