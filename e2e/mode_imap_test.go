//go:build linux

package e2e

import (
	"encoding/json"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// deliverByIMAP puts a mail into the INBOX, by a connection of its own.
func deliverByIMAP(t *testing.T, server string) {
	t.Helper()
	conn, err := net.Dial("tcp", server)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	io.WriteString(conn, "a LOGIN joe secret\r\nb APPEND INBOX {16+}\r\nSubject: new\r\n\r\n\r\nc LOGOUT\r\n")
	if said, err := io.ReadAll(conn); err != nil || !strings.Contains(string(said), "b OK") {
		t.Fatalf("the mail was not delivered: %s, %v", said, err)
	}
}

// The mode imap with Dovecot: the session of its page, with a literal that looks like a
// response, and IDLE until a mail comes; and imaplib through a watching tap, whose commands
// tshark finds too. Both recordings replay however they are cut.
func TestModeIMAP(t *testing.T) {
	server, _ := startDovecot(t, "Subject: first\r\n\r\n")
	w, folder := keeper(t)
	c := w.mailTalk(t, "?mode=imap", server)
	at := 0 // in the entries, up to where the session was found
	lines, shown := pageSession(t, "imap")
	for i, block := range shown {
		if i > 0 {
			c.says(lines[i-1])
		}
		for line := range strings.Lines(block) {
			for i, part := range strings.Split(strings.TrimSuffix(line, "\n"), "…") { // which stands for anything
				text, _ := json.Marshal(part)
				part = strings.Trim(string(text), `"`)
				if starts := strings.HasPrefix(line, "A") || strings.HasPrefix(line, "*") || strings.HasPrefix(line, "+"); i == 0 && starts && !strings.HasPrefix(line, "A1 OK\n") {
					part = `"text":"` + part
				}
				for found := false; !found; {
					all := strings.Join(c.all, "\n")
					n := strings.Index(all[at:], part)
					if found = n >= 0; found {
						at += n + len(part)
					} else {
						c.until("") // or what comes next
					}
				}
			}
			if line == "+ idling\n" {
				deliverByIMAP(t, server)
			}
		}
	}
	c.linesToEnd()
	file := filepath.Join(folder, w.recorded(t)+".transcript")
	workbenchDoes(t, "replay", "--recut", "10", file)
	if text, _ := os.ReadFile(file); strings.Contains(string(text), "secret\"") || !strings.Contains(string(text), `"AUTHENTICATE PLAIN joe ******"`) {
		t.Errorf("the recording has the password:\n%s", text)
	}

	tap := tapTo(t, server, "--mode", "imap")
	host, port, _ := strings.Cut(tap.address, ":")
	out, err := exec.Command("python3", "-c", `
import imaplib, sys
box = imaplib.IMAP4(sys.argv[1], int(sys.argv[2]))
box.login("joe", "secret")
print(box.append("INBOX", "", None, b"Subject: x\r\n\r\nA1 OK\r\n")[0], box.select()[1])
print(box.search(None, "SUBJECT", "tags")[1], box.fetch("2", "(BODY.PEEK[TEXT])")[1])
tag = box._new_tag()
box.send(tag + b" IDLE\r\n")
print(box.readline())
other = imaplib.IMAP4(sys.argv[3], int(sys.argv[4]))
other.login("joe", "secret")
other.append("INBOX", "", None, b"Subject: y\r\n\r\n")
other.logout()
print(box.readline())
box.send(b"DONE\r\n")
while not box.readline().startswith(tag): pass
box.logout()`, host, port, "127.0.0.1", portOf(server)).CombinedOutput()
	if want := `OK [b'4']
[b'2'] [(b'2 (BODY[TEXT] {7}', b'A1 OK\r\n'), b')']
b'+ idling\r\n'
b'* 5 EXISTS\r\n'
`; err != nil || string(out) != want {
		t.Fatalf("imaplib shows %s, %v; want %s", out, err, want)
	}
	for _, file := range tap.stop(t) {
		workbenchDoes(t, "replay", "--recut", "10", file)
		text, _ := os.ReadFile(file)
		var commands []string
		completed := 0
		for line := range strings.Lines(string(text)) {
			if name, ok := strings.CutPrefix(line, "  imap.command "); ok {
				_, name, _ = strings.Cut(name, " ")
				commands = append(commands, strings.Trim(strings.TrimSpace(name), `"`))
			}
			if strings.Contains(line, " answers from-client ") && strings.Contains(line, " completed") || strings.Contains(line, "Logged in") {
				completed++
			}
		}
		if want := []string{"CAPABILITY", "LOGIN", "APPEND", "SELECT", "SEARCH", "FETCH", "IDLE", "DONE", "LOGOUT"}; !slices.Equal(commands, want) || completed < 8 {
			t.Errorf("the commands are %q, and %d are completed:\n%s", commands, completed, text)
		}
		capture := filepath.Join(t.TempDir(), "c.pcapng")
		workbenchDoes(t, "transcript", "convert", "--to", "pcapng", file, "-o", capture)
		said, err := exec.Command("tshark", "-n", "-r", capture, "-d", "tcp.port=="+portOf(server)+",imap", "-Y", "imap.request.command", "-T", "fields", "-e", "imap.request.command").Output()
		found := slices.DeleteFunc(strings.Fields(string(said)), func(s string) bool { return strings.Contains(s, ",") }) // lines of the literal
		if want := slices.DeleteFunc(commands, func(s string) bool { return s == "DONE" }); err != nil || !slices.Equal(found, want) {
			t.Errorf("tshark sees %q, %v; want %q", said, err, want)
		}
		if out := workbenchDoes(t, "decode", "--fields", "--mode", "imap", capture); strings.Count(out, "imap.command") != 9 || !strings.Contains(out, " 0 of them wrong; 0 of ") {
			t.Errorf("decoded is\n%s", out)
		}
	}
}
