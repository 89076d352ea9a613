package imap

import (
	"context"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/practice"
	"github.com/protocol-workbench/workbench/core/practice/mail"
)

// start serves on a loopback listener until the test ends, and returns host and port.
func start(t *testing.T, s *Server) (host, port string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- practice.Serve(ctx, l, nil, s.Converse) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	host, port, _ = net.SplitHostPort(l.Addr().String())
	return host, port
}

// run runs a program, whose exit code must be 0, and returns what it prints.
func run(t *testing.T, stdin, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

const imaplib = `
import imaplib, sys
with imaplib.IMAP4(sys.argv[1], int(sys.argv[2]), timeout=20) as m:
    try:
        m.login("alice", "builder")
    except imaplib.IMAP4.error as e:
        print("login:", e)
    print(*m.login("alice", "wonderland"))
    print(*m.list())
    print(*m.select("INBOX"))
    print(*m.search(None, "FROM", "bob"))
    kind, data = m.fetch("2", "(BODY[TEXT])")
    print(kind, data[0][1])
    print(*m.fetch("1:*", "(FLAGS)"))
    print(*m.store("1", "+FLAGS", r"(\Deleted)"))
    print(*m.expunge())
    print(*m.append("INBOX", r"(\Seen)", None, b"Subject: mine\r\n\r\nhello\r\n"))
    print(*m.uid("SEARCH", None, "SUBJECT", "mine"))
    print(*m.uid("FETCH", "4", "(RFC822.SIZE ENVELOPE BODYSTRUCTURE)"))
    print(*m.status("INBOX", "(MESSAGES UNSEEN)"))
    print(*m.close())
    kind, data = m.logout()
    print(kind)
`

func TestImaplib(t *testing.T) {
	host, port := start(t, New(newStore()))
	code := mail.Cast()[0].Code
	got := run(t, imaplib, "python3", "-", host, port)
	want := `login: b'[AUTHENTICATIONFAILED] Authentication failed'
OK [b'[CAPABILITY IMAP4rev1 SASL-IR LITERAL- UNSELECT ENABLE IDLE UTF8=ACCEPT APPENDLIMIT=262144] Logged in']
OK [b'(\\Noinferiors) NIL INBOX']
OK [b'3']
OK [b'3']
OK b'The code that you asked for is ` + code + `.\r\n\r\nAlice\r\n'
OK [b'1 (FLAGS ())', b'2 (FLAGS (\\Seen))', b'3 (FLAGS ())']
OK [b'1 (FLAGS (\\Deleted))']
OK [b'1']
OK [b'APPEND completed']
OK [b'4']
OK [b'3 (UID 4 RFC822.SIZE 24 ENVELOPE (NIL "mine" NIL NIL NIL NIL NIL NIL NIL NIL) BODYSTRUCTURE ("text" "plain" NIL NIL NIL "7bit" 7 1 NIL NIL NIL NIL))']
OK [b'INBOX (MESSAGES 3 UNSEEN 1)']
OK [b'CLOSE completed']
BYE
`
	if got != want {
		t.Errorf("imaplib prints\n%s\nwant\n%s", got, want)
	}
}

func TestCurl(t *testing.T) {
	store := newStore()
	host, port := start(t, New(store))
	inbox := "imap://" + host + ":" + port + "/INBOX"
	curl := func(args ...string) string {
		t.Helper()
		return run(t, "", "curl", append([]string{"-q", "-sS", "--max-time", "20", "-u", "bob:builder"}, args...)...)
	}
	if got, want := curl(inbox+";UID=3"), string(box(t, store, "bob").Messages()[2].Data); got != want {
		t.Errorf("message 3: %q, want %q", got, want)
	}
	file := filepath.Join(t.TempDir(), "mail")
	if err := os.WriteFile(file, []byte("Subject: by curl\r\n\r\nhello\r\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	curl("-T", file, inbox)
	if got := curl(inbox + "?SUBJECT%20curl"); got != "* SEARCH 4\r\n" {
		t.Errorf("search: %q", got)
	}
	if got := curl("-X", "STORE 4 +FLAGS (\\Deleted)", inbox); got != "* 4 FETCH (FLAGS (\\Seen \\Deleted))\r\n" {
		t.Errorf("store: %q", got)
	}
	if got := curl("-X", "EXPUNGE", inbox); got != "* 4 EXPUNGE\r\n" {
		t.Errorf("expunge: %q", got)
	}
}
