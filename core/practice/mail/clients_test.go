//go:build linux

package mail_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/practice"
	"github.com/protocol-workbench/workbench/core/practice/mail"
	"github.com/protocol-workbench/workbench/core/practice/pop3"
	"github.com/protocol-workbench/workbench/core/practice/smtp"
)

// serve serves a discipline on loopback until the test ends, and returns its port.
func serve(t *testing.T, s *mail.Store, d core.Discipline, manner practice.Manner) (port string) {
	t.Helper()
	return serveWith(t, d, map[string]string{"seed": "anna"}, practice.Machine{World: s, Manner: manner})
}

// serveWith is serve of a machine that says how, with options of the discipline.
func serveWith(t *testing.T, d core.Discipline, with map[string]string, how practice.Machine) (port string) {
	t.Helper()
	options, err := d.Manifest.ParseOptions(with)
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &how
	m.Discipline, m.Options = d, options
	ctx, stop := context.WithCancel(context.Background())
	done := make(chan error)
	go func() { done <- practice.Serve(ctx, l, nil, m.Converse) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	_, port, _ = net.SplitHostPort(l.Addr().String())
	return port
}

// run runs a client, and returns what it printed and its exit code.
func run(t *testing.T, stdin, name string, args ...string) (out string, code int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	all, err := cmd.CombinedOutput()
	if err != nil && cmd.ProcessState == nil {
		t.Fatalf("%v; scripts/deps.sh installs it", err)
	}
	return string(all), cmd.ProcessState.ExitCode()
}

// newest returns the text of a mailbox's last message.
func newest(t *testing.T, s *mail.Store, name string) string {
	t.Helper()
	b, err := s.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	all := b.Messages()
	return string(all[len(all)-1].Data)
}

func TestSwaks(t *testing.T) {
	s := mail.New(nil)
	port := serve(t, s, smtp.Discipline(), practice.Manner{})
	for name, c := range map[string]struct {
		args string
		code int    // as swaks(1), EXIT CODES, has them
		says string // what it prints
	}{
		"plain":              {"--to bob@example.test", 0, "<-  250 delivered"},
		"helo":               {"--to bob@example.test --protocol SMTP", 0, "-> HELO laptop.example.test"},
		"several recipients": {"--to bob@example.test,alice@example.test,student-otter@example.test", 0, "<-  250 recipient <student-otter@example.test> taken"},
		"pipelined":          {"--to bob@example.test,alice@example.test --pipeline", 0, "<-  250 delivered"},
		"AUTH PLAIN":         {"--to bob@example.test --auth PLAIN --auth-user alice --auth-password wonderland", 0, "<-  235 signed in"},
		"AUTH LOGIN":         {"--to bob@example.test --auth LOGIN --auth-user alice@example.test --auth-password wonderland --pipeline", 0, "<-  235 signed in"},
		"wrong password":     {"--to bob@example.test --auth PLAIN --auth-user alice --auth-password builder", 28, "<** 535 wrong name or password"},
		"nothing leaves":     {"--to someone@elsewhere.example", 24, "<** 550 <someone@elsewhere.example>: nothing leaves this room"},
		"one of two leaves":  {"--to bob@example.test,someone@elsewhere.example --pipeline", 0, "<-  250 delivered"},
		"nobody":             {"--to mallory@example.test", 24, "no such mailbox"},
		"all but the mail":   {"--to bob@example.test --quit-after RCPT", 0, "<-  221 "},
	} {
		t.Run(name, func(t *testing.T) {
			args := append([]string{"--server", "127.0.0.1", "--port", port, "--helo", "laptop.example.test",
				"--from", "king@elsewhere.example", "--header", "Subject: " + name, "--body", `.\n..\nArise.`}, strings.Fields(c.args)...)
			out, code := run(t, "", "swaks", args...)
			if code != c.code || !strings.Contains(out, c.says) {
				t.Fatalf("exit code %d, want %d and %q in\n%s", code, c.code, c.says, out)
			}
			if !strings.Contains(c.says, "250 delivered") {
				return
			}
			got := newest(t, s, "bob")
			if !strings.HasPrefix(got, "Return-Path: <king@elsewhere.example>\r\nReceived: from laptop.example.test by ") ||
				!strings.Contains(got, "\r\nSubject: "+name+"\r\n") || !strings.Contains(got, "\r\n.\r\n..\r\nArise.\r\n") {
				t.Errorf("bob got\n%s", got)
			}
		})
	}
}

// In whatever manner the server sends, the client understands it.
func TestSwaksInPieces(t *testing.T) {
	port := serve(t, mail.New(nil), smtp.Discipline(), practice.Manner{Fragment: true})
	if out, code := run(t, "", "swaks", "--server", "127.0.0.1", "--port", port, "--helo", "laptop.example.test",
		"--from", "a@b.example", "--to", "bob@example.test", "--pipeline"); code != 0 {
		t.Errorf("exit code %d\n%s", code, out)
	}
}

const smtplib = `
import smtplib, sys
from email.message import EmailMessage

with smtplib.SMTP("127.0.0.1", int(sys.argv[1]), local_hostname="laptop.example.test") as s:
    assert s.ehlo()[0] == 250
    assert s.has_extn("size") and s.has_extn("8bitmime") and s.has_extn("pipelining"), s.esmtp_features
    assert s.esmtp_features["auth"].split() == ["PLAIN", "LOGIN"], s.esmtp_features
    try:
        s.login("carol", "wrong")
        raise SystemExit("signed in by a wrong password")
    except smtplib.SMTPAuthenticationError as e:
        assert e.smtp_code == 535, e
    assert s.login("carol", "songbook")[0] == 235
    assert s.noop()[0] == 250 and s.vrfy("bob")[0] == 252 and s.expn("staff")[0] == 502
    assert b"student-" in s.help(), s.help()
    m = EmailMessage()
    m["From"], m["To"], m["Subject"] = "The King <king@elsewhere.example>", "carol@example.test", "Grüße"
    m.set_content(".\n..\nwith ümlauts, and a long line: " + "x" * 500 + "\n")
    assert s.send_message(m) == {}
    refused = s.sendmail("", ["carol@example.test", "a@elsewhere.example"], b"Subject: raw \xe4\r\n\r\n.\r\n", mail_options=["BODY=8BITMIME"])
    assert list(refused) == ["a@elsewhere.example"] and refused["a@elsewhere.example"][0] == 550, refused
    try:
        s.sendmail("a@b.example", "carol@example.test", "x" * 300000)
        raise SystemExit("a message that is too large was taken")
    except smtplib.SMTPSenderRefused as e:
        assert e.smtp_code == 552, e
    s.mail("a@b.example")
    assert s.docmd("DATA")[0] == 503
    assert s.rset()[0] == 250
    assert s.quit()[0] == 221
with smtplib.SMTP("127.0.0.1", int(sys.argv[1])) as s:
    s.ehlo()
    s.user, s.password = "carol", "songbook"
    assert s.auth("PLAIN", s.auth_plain, initial_response_ok=False)[0] == 235
print("ok")
`

const poplib = `
import poplib, sys
from email import message_from_bytes, policy

port = int(sys.argv[1])
def sign_in(name="carol", password="songbook"):
    p = poplib.POP3("127.0.0.1", port)
    p.user(name)
    p.pass_(password)
    return p

p = poplib.POP3("127.0.0.1", port)
welcome = p.getwelcome()
assert welcome.startswith(b"+OK mail-"), welcome
assert "TOP" in p.capa() and "UIDL" in p.capa(), p.capa()
p.user("carol")
try:
    p.pass_("wrong")
    raise SystemExit("signed in by a wrong password")
except poplib.error_proto as e:
    assert b"[AUTH]" in e.args[0], e
p.user("carol")
p.pass_("songbook")
try:
    sign_in()
    raise SystemExit("two sessions have one mailbox")
except poplib.error_proto as e:
    assert b"[IN-USE]" in e.args[0], e
count, size = p.stat()
assert count == 5, count
listed = p.list()[1]
assert size == sum(int(one.split()[1]) for one in listed), (size, listed)
assert len(set(p.uidl()[1])) == 5 and p.uidl(1).endswith(b" carol-1"), p.uidl()
m = message_from_bytes(b"\r\n".join(p.retr(4)[1]), policy=policy.default)
assert m["Subject"] == "Grüße" and m["From"] == "The King <king@elsewhere.example>", m
assert m["Return-Path"] == "<king@elsewhere.example>" and "with ESMTPA" in m["Received"], m
assert m.get_content().splitlines()[:2] == [".", ".."] and "ümlauts" in m.get_content(), m.get_content()
raw = p.retr(5)[1]
assert raw[-3:] == [b"Subject: raw \xe4", b"", b"."], raw
top = p.top(4, 1)[1]
assert top[-2] == b"" and len(top) < len(p.retr(4)[1]), top
assert p.noop().startswith(b"+OK")
p.dele(1)
p.dele(2)
assert p.stat()[0] == 3
p.rset()
assert p.stat()[0] == 5
p.dele(1)
p.close()                       # gone without QUIT: nothing is deleted

import time
for attempt in range(600):      # until the server has noticed
    try:
        p = sign_in()
        break
    except poplib.error_proto as e:
        assert b"[IN-USE]" in e.args[0], e
        time.sleep(0.05)
assert p.stat()[0] == 5
p.dele(1)
p.dele(5)
p.quit()
p = sign_in()
assert [one.split()[1] for one in p.uidl()[1]] == [b"carol-2", b"carol-3", b"carol-4"], p.uidl()
p.quit()
p = poplib.POP3("127.0.0.1", int(sys.argv[1]), timeout=60)
assert p.apop("carol", "songbook").startswith(b"+OK"), "APOP"
try:
    p = poplib.POP3("127.0.0.1", int(sys.argv[1]), timeout=60)
    assert p.getwelcome() != welcome, welcome
    p.apop("bob", "songbook")
    raise SystemExit("a wrong password opens a mailbox")
except poplib.error_proto as e:
    assert b"[AUTH]" in e.args[0], e
name, password = welcome.split(b"mailbox is ")[1].decode().split(", its password ")
p = sign_in(name, password)
assert p.stat()[0] == 3
p.quit()
print("ok")
`

// What smtplib sends, poplib reads.
func TestPython(t *testing.T) {
	s := mail.New(nil)
	out, code := run(t, smtplib, "python3", "-", serve(t, s, smtp.Discipline(), practice.Manner{}))
	if code != 0 || out != "ok\n" {
		t.Fatalf("smtplib: exit code %d\n%s", code, out)
	}
	out, code = run(t, poplib, "python3", "-", serve(t, s, pop3.Discipline(), practice.Manner{}))
	if code != 0 || out != "ok\n" {
		t.Fatalf("poplib: exit code %d\n%s", code, out)
	}
}

// A client that sends a whole session at once and half-closes, as nc does with a file,
// gets all answers.
func TestAtOnceAndHalfClosed(t *testing.T) {
	s := mail.New(nil)
	for name, c := range map[string]struct {
		d    core.Discipline
		send string
		want string
	}{
		"smtp": {smtp.Discipline(), "EHLO a\r\nMAIL FROM:<a@b.example>\r\nRCPT TO:<bob@example.test>\r\nDATA\r\nHi.\r\n.\r\nQUIT\r\n", "\r\n221 "},
		"pop3": {pop3.Discipline(), "USER alice\r\nPASS wonderland\r\nLIST\r\nRETR 1\r\nQUIT\r\n", "\r\n+OK goodbye"},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := net.Dial("tcp4", "127.0.0.1:"+serve(t, s, c.d, practice.Manner{}))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(30 * time.Second))
			io.WriteString(conn, c.send)
			conn.(*net.TCPConn).CloseWrite()
			got, err := io.ReadAll(conn)
			if err != nil || !bytes.Contains(got, []byte(c.want)) {
				t.Errorf("%v, %q", err, got)
			}
		})
	}
}
