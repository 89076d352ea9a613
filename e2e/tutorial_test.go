//go:build linux

package e2e

import (
	"crypto/tls"
	"crypto/x509"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gorilla/websocket"
)

// These clients are those of 2012: no subprotocol and no query.

func TestTutorialEcho(t *testing.T) {
	t.Parallel()
	c := shared.join(t, "", cmdEcho(t))
	for _, line := range []string{"hello", "", "  two  spaces ", "žluťoučký 🐎", "not quit yet"} {
		c.say(line)
		c.hears(line)
	}
	c.say("quit")
	c.closes(websocket.CloseNormalClosure, "the server closed")
}

// The workbench's own practice server behaves in the same way.
func TestTutorialPracticeServer(t *testing.T) {
	t.Parallel()
	c := shared.join(t, "", shared.echo)
	c.say("hello")
	c.hears("hello")
	c.say("quit")
	c.closes(websocket.CloseNormalClosure, "the server closed")
}

func TestTutorialHTTP(t *testing.T) {
	t.Parallel()
	walk(t, goHTTP(t, nil), "HTTP/1.0 200 OK")
}

func TestTutorialHTTPOverTLS(t *testing.T) {
	t.Parallel()
	cert := newCertificate(t, authority, "127.0.0.1")
	walk(t, "tls://"+goHTTP(t, cert.Certificate), "HTTP/1.0 200 OK")
}

// A name is sent as SNI, and the certificate must be for it.
func TestTutorialTLSByName(t *testing.T) {
	t.Parallel()
	asked := make(chan string, 1)
	cert := newCertificate(t, authority, "localhost")
	s := tlsServer(t, &tls.Config{GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
		asked <- hello.ServerName
		return cert.Certificate, nil
	}})
	_, port, _ := net.SplitHostPort(s.address)
	c := shared.join(t, "", "tls://localhost:"+port)
	c.say("hello")
	c.hears("hello")
	if name := receive(t, asked, "the name in SNI"); name != "localhost" {
		t.Errorf("SNI names %q", name)
	}
}

func TestTutorialNginx(t *testing.T) {
	t.Parallel()
	plain, secure := nginx(t)
	walk(t, plain, "HTTP/1.1 200 OK")
	walk(t, "tls://"+secure, "HTTP/1.1 200 OK")
}

// walk asks for a page as the tutorial does: a request line, an empty line.
// Each line of the answer is a message.
func walk(t *testing.T, target, status string) {
	t.Helper()
	c := shared.join(t, "", target)
	c.say("GET / HTTP/1.0", "")
	lines, closed := c.linesToEnd()
	c.checkClose(closed, websocket.CloseNormalClosure, "the server closed")
	if lines[0] != status {
		t.Errorf("the first line is %q, want %q", lines[0], status)
	}
	end := slices.Index(lines, "")
	if end < 0 {
		t.Fatalf("no empty line after the header: %q", lines)
	}
	if !slices.Contains(lines[:end], "Content-Type: text/html") {
		t.Errorf("no Content-Type in the header: %q", lines[:end])
	}
	if body := strings.Join(lines[end+1:], "\n") + "\n"; body != homePage {
		t.Errorf("the page is %q, want %q", body, homePage)
	}
}

// Spaces in the target were always allowed.
func TestTutorialTrimsTheTarget(t *testing.T) {
	t.Parallel()
	host, port, _ := net.SplitHostPort(shared.echo)
	c := shared.join(t, "", "  "+host+" : "+port+" \n")
	c.say("hello")
	c.hears("hello")
}

func TestTLSRefusals(t *testing.T) {
	t.Parallel()
	stranger, err := newAuthority(t.TempDir() + "/stranger.pem")
	if err != nil {
		t.Fatal(err)
	}
	issued := func(by *tls.Certificate, name string, change func(*x509.Certificate)) *tls.Config {
		cert, err := issue(by, name, change)
		if err != nil {
			t.Fatal(err)
		}
		return &tls.Config{Certificates: []tls.Certificate{*cert}}
	}
	yesterday := time.Now().Add(-24 * time.Hour)
	old := issued(authority.Certificate, "127.0.0.1", nil)
	old.MinVersion, old.MaxVersion = tls.VersionTLS10, tls.VersionTLS11

	for name, c := range map[string]struct {
		config *tls.Config
		words  string
	}{
		"unknown authority": {issued(stranger.Certificate, "127.0.0.1", nil), "signed by an authority that is not trusted here"},
		"self-signed":       {issued(nil, "127.0.0.1", nil), "is self-signed: no authority vouches for it"},
		"wrong name":        {issued(authority.Certificate, "elsewhere.example", nil), "is not for 127.0.0.1, but for elsewhere.example"},
		"expired": {issued(authority.Certificate, "127.0.0.1", func(c *x509.Certificate) { c.NotAfter = yesterday }),
			"expired on " + yesterday.UTC().Format("2006-01-02")},
		"old versions only": {old, "speaks none of the TLS versions that were offered: 1.2 and later; to go on, add to the query tls.min=1.0"},
	} {
		t.Run(name, func(t *testing.T) {
			s := tlsServer(t, c.config)
			session := shared.open(t, "")
			session.say("tls://" + s.address)
			session.refused(c.words)
		})
	}
	t.Run("not TLS", func(t *testing.T) {
		s := serve(t, func(conn net.Conn) { conn.Write([]byte("220 mail.example ESMTP\r\n")) })
		session := shared.open(t, "")
		session.say("tls://" + s.address)
		session.refused(s.address, "does not speak TLS")
	})
	t.Run("broken off", func(t *testing.T) {
		s := serve(t, func(conn net.Conn) { conn.Read(make([]byte, 1)) })
		session := shared.open(t, "")
		session.say("tls://" + s.address)
		session.refused(s.address, "does it speak TLS?")
	})
}

// tlsServer echoes over TLS.
func tlsServer(t testing.TB, config *tls.Config) *server {
	t.Helper()
	return serve(t, func(conn net.Conn) { echo(tls.Server(conn, config)) })
}

// tlsServerAfter shakes hands only when allowed.
func tlsServerAfter(t testing.TB, may <-chan struct{}, handle func(net.Conn)) *server {
	t.Helper()
	cert := newCertificate(t, authority, "127.0.0.1")
	config := &tls.Config{Certificates: []tls.Certificate{*cert.Certificate}}
	return serve(t, func(conn net.Conn) {
		<-may
		handle(tls.Server(conn, config))
	})
}
