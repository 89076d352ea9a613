//go:build linux

package mail_test

import (
	"crypto/tls"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/practice"
	"github.com/protocol-workbench/workbench/core/practice/mail"
	"github.com/protocol-workbench/workbench/core/practice/pop3"
	"github.com/protocol-workbench/workbench/core/practice/smtp"
	"github.com/protocol-workbench/workbench/core/target"
)

// serveTLS is serve of a server that offers STARTTLS.
func serveTLS(t *testing.T, s *mail.Store, d core.Discipline) (port string) {
	t.Helper()
	own, err := target.SelfSigned("practice")
	if err != nil {
		t.Fatal(err)
	}
	return serveWith(t, d, map[string]string{"starttls": "true"}, practice.Machine{
		World: s,
		TLS:   &tls.Config{Certificates: []tls.Certificate{own.Pair()}},
	})
}

const poplibTLS = `
import poplib, ssl, sys
context = ssl.create_default_context()
context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
p = poplib.POP3("127.0.0.1", int(sys.argv[1]))
assert "STLS" in p.capa(), p.capa()
assert p.stls(context).startswith(b"+OK")
assert "STLS" not in p.capa(), p.capa()
p.user("alice")
p.pass_("wonderland")
print(p.stat()[0], "messages")
p.quit()
`

// Clients upgrade their connections, and go on.
func TestClientsWithStartTLS(t *testing.T) {
	store := mail.New(nil)
	submit, fetch := serveTLS(t, store, smtp.Discipline()), serveTLS(t, store, pop3.Discipline())
	for name, c := range map[string]struct{ stdin, command, says string }{
		"swaks":        {"", "swaks --server 127.0.0.1 --port " + submit + " --tls --helo laptop --from a@b.example --to bob@example.test --auth PLAIN --auth-user alice --auth-password wonderland", "<~  235 signed in; TLS kept"},
		"curl SMTP":    {"Subject: hi\r\n\r\nHi.\r\n", "curl -sSv --insecure --ssl-reqd smtp://127.0.0.1:" + submit + "/laptop --mail-from a@b.example --mail-rcpt bob@example.test --upload-file -", "250 delivered"},
		"openssl SMTP": {"EHLO laptop\r\nquit\r\n", "openssl s_client -quiet -ign_eof -starttls smtp -connect 127.0.0.1:" + submit, "250 HELP"},
		"curl POP3":    {"", "curl -sS --insecure --ssl-reqd --user carol:songbook pop3://127.0.0.1:" + fetch + "/", "1 "},
		"openssl POP3": {"USER bob\r\nquit\r\n", "openssl s_client -quiet -ign_eof -starttls pop3 -connect 127.0.0.1:" + fetch, "+OK now PASS"},
		"poplib":       {poplibTLS, "python3 - " + fetch, " messages\n"},
	} {
		t.Run(name, func(t *testing.T) {
			words := strings.Fields(c.command)
			if out, code := run(t, c.stdin, words[0], words[1:]...); code != 0 || !strings.Contains(out, c.says) {
				t.Errorf("exit code %d, want %q in\n%s", code, c.says, out)
			}
		})
	}
	if got := newest(t, store, "bob"); !strings.Contains(got, " with ESMTPS") {
		t.Errorf("bob got\n%s", got)
	}
}
