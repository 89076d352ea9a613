package smtp

import (
	"bufio"
	"bytes"
	"crypto/tls"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// mailServer starts a server of testdata/server.py, and returns the file that it writes mails to.
func mailServer(t *testing.T, protocol string) (address, mails string) {
	t.Helper()
	dir := t.TempDir()
	script := exec.Command("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-keyout", "key", "-out", "cert", "-days", "2", "-subj", "/CN=mail.example.org")
	script.Dir = dir
	if out, err := script.CombinedOutput(); err != nil {
		t.Fatalf("openssl: %v\n%s", err, out)
	}
	mails = filepath.Join(dir, "mails")
	var log bytes.Buffer
	cmd := exec.Command("/usr/bin/python3", "testdata/server.py", filepath.Join(dir, "cert"), filepath.Join(dir, "key"), mails, protocol) // Debian's, which has its packages
	cmd.Stderr = &log
	said, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
		if t.Failed() {
			t.Logf("the server wrote:\n%s", log.Bytes())
		}
	})
	port, err := bufio.NewReader(said).ReadString('\n')
	if err != nil {
		t.Fatalf("%v; scripts/deps.sh installs what the tests need", err)
	}
	return "127.0.0.1:" + strings.TrimSpace(port), mails
}

// byHand types lines in a session with the server, each once there are no answers to wait for,
// and returns what is shown before the first and after each.
func byHand(t *testing.T, address string, lines []string) (shown []string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { conn.Close() }()
	conn.SetDeadline(time.Now().Add(time.Minute))
	m, buf := open(t, core.Messages), make([]byte, 64<<10)
	shown = []string{""}
	handle := func(ev core.Event) {
		var out core.Out
		if err := m.Handle(ev, &out); err != nil || out.Err() != nil {
			t.Fatal(string(ev.Data), err, out.Err())
		}
		for i := range out.Len() {
			switch a := out.Action(i); a.Kind {
			case core.SendServer:
				if _, err := conn.Write(a.Data); err != nil {
					t.Fatal(err)
				}
			case core.SendText:
				shown[len(shown)-1] += string(a.Data) + "\n"
			case core.StartTLS:
				conn = tls.Client(conn, &tls.Config{InsecureSkipVerify: true})
				if err := conn.(*tls.Conn).Handshake(); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	waits := func() bool {
		return !m.Greeted || len(m.Pending) > 0 && m.Phase != responding
	}
	for i := 0; ; i++ {
		for waits() {
			n, err := conn.Read(buf)
			if err != nil {
				t.Fatalf("no reply after %q: %v", shown, err)
			}
			handle(core.Event{Kind: core.ServerBytes, Data: buf[:n]})
		}
		if i == len(lines) {
			return shown
		}
		shown = append(shown, "")
		handle(typed(lines[i]))
	}
}

// The session in the mode's page goes as it says there, and the mail arrives byte for byte.
func TestDocumentedSession(t *testing.T) {
	page, err := os.ReadFile("../../docs/modes/smtp.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```session\n")
	session, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the page has no session")
	}
	lines, want := []string{""}, []string{""}
	for line := range strings.Lines(session) {
		if said, ok := strings.CutPrefix(strings.TrimSuffix(line, "\n"), ">"); ok {
			lines, want = append(lines, strings.TrimPrefix(said, " ")), append(want, "")
			continue
		}
		want[len(want)-1] += line
	}
	address, mails := mailServer(t, "smtp")
	got := byHand(t, address, lines[1:])
	for i := range want {
		if want[i] != got[i] {
			t.Errorf("> %s\nshows\n%s\nand the page says\n%s", lines[i], got[i], want[i])
		}
	}
	arrived(t, mails, "Subject: dots\r\n\r\n..\r\n.\r\n")
}

// arrived checks that the server has got what the person has typed.
func arrived(t *testing.T, mails, want string) {
	t.Helper()
	if got, err := os.ReadFile(mails); err != nil || string(got) != want {
		t.Errorf("%q arrived, %v; want %q", got, err, want)
	}
}

// An LMTP server replies once for each recipient that it has accepted, and all of these replies
// are to the mail.
func TestRealLMTP(t *testing.T) {
	address, mails := mailServer(t, "lmtp")
	got := byHand(t, address, []string{"LHLO me", "MAIL joe@example.org", "RCPT ann@example.org", "RCPT nobody@example.org", "RCPT bob@example.org", "DATA", "several lines:\n.\n..\n.x", ".", "NOOP"})
	if want := "250 <ann@example.org> OK\n250 <bob@example.org> OK\n"; got[8] != want || got[9] != "250 OK\n" {
		t.Errorf("the server replied %q", got)
	}
	arrived(t, mails, "several lines:\r\n.\r\n..\r\n.x\r\n")
}
