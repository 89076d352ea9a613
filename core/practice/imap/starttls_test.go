package imap

import (
	"crypto/tls"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/target"
)

const imaplibTLS = `
import imaplib, ssl, sys
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
with imaplib.IMAP4(sys.argv[1], int(sys.argv[2]), timeout=20) as m:
    assert "STARTTLS" in m.capabilities, m.capabilities
    print(m.starttls(context)[0])
    assert "STARTTLS" not in m.capabilities, m.capabilities
    print(m.login("alice", "wonderland")[0], *m.select("INBOX"))
`

// secured returns a server that offers STARTTLS.
func secured(t *testing.T) *Server {
	t.Helper()
	own, err := target.SelfSigned("practice")
	if err != nil {
		t.Fatal(err)
	}
	s := New(newStore())
	s.TLS = &tls.Config{Certificates: []tls.Certificate{own.Pair()}}
	return s
}

func TestImaplibWithStartTLS(t *testing.T) {
	host, port := start(t, secured(t))
	if got, want := run(t, imaplibTLS, "python3", "-", host, port), "OK\nOK OK [b'3']\n"; got != want {
		t.Errorf("imaplib prints\n%s\nwant\n%s", got, want)
	}
	if got := run(t, "", "curl", "-q", "-sS", "--max-time", "20", "--insecure", "--ssl-reqd", "-u", "bob:builder", "imap://"+host+":"+port+"/INBOX?ALL"); got != "* SEARCH 1 2 3\r\n" {
		t.Errorf("curl prints %q", got)
	}
}

// A command that came in clear with STARTTLS is not done: it breaks the handshake.
func TestNothingInClearIsDoneAfterStartTLS(t *testing.T) {
	near := connect(t, secured(t))
	near.conn.Write([]byte("a STARTTLS\r\nb CAPABILITY\r\n"))
	if got := near.line(); got != "a OK Begin TLS negotiation now" {
		t.Errorf("%q", got)
	}
	rest, _ := near.r.ReadString(0)
	if strings.Contains(rest, "CAPABILITY") {
		t.Errorf("it was answered: %q", rest)
	}
	if err := <-near.ended; err == nil {
		t.Error("the connection ended without an error")
	}
}
