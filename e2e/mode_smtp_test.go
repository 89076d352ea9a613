//go:build linux

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// The mode smtp by hand: what is typed after STARTTLS arrives by TLS, and the password is not
// in the recording. And swaks and smtplib through a watching tap, whose messages are as many
// as tshark's. All recordings replay however they are cut.
func TestModeSMTP(t *testing.T) {
	heard := make(chan string, 20)
	w, folder := keeper(t)
	c := w.mailTalk(t, "?mode=smtp", mailServer(t, "250 evil\r\n", func(s string) { heard <- s }))
	c.until(`"text":"220 mail.test"`)
	for _, step := range [][2]string{
		{"STARTTLS", `"kind":"tls"`}, {"EHLO me", "250 s EHLO"}, {"AUTH PLAIN joe secret", "250 s AUTH"}, {"MAIL ann@example.test", "250 s MAIL"},
		{"RCPT bob@example.test", "250 s RCPT"}, {"DATA", "354 go on"}, {".", "250 it was read"}, {"QUIT", "221 bye"},
	} {
		c.says(step[0])
		c.until(step[1])
	}
	for _, want := range []string{"STARTTLS", "s EHLO me", "s AUTH PLAIN AGpvZQBzZWNyZXQ=", "s MAIL FROM:<ann@example.test>", "s RCPT TO:<bob@example.test>"} {
		if got := receive(t, heard, want); got != want {
			t.Errorf("the server heard %q, want %q", got, want)
		}
	}
	c.linesToEnd()
	file := filepath.Join(folder, w.recorded(t)+".transcript")
	workbenchDoes(t, "replay", "--recut", "10", file)
	if text, _ := os.ReadFile(file); strings.Contains(string(text), "secret\"") || strings.Contains(string(text), "AGpvZQ") || !strings.Contains(string(text), `"AUTH PLAIN ***"`) {
		t.Errorf("the recording has the password:\n%s", text)
	}

	server, to := "", "alice@example.test"
	if os.Getuid() == 0 { // which OpenSMTPD wants
		server, to = openSMTPD(t), "root@localhost"
	} else {
		server = practising(t, "smtp", "--listen", "127.0.0.1:0")["smtp"]
	}
	tap := tapTo(t, server, "--mode", "smtp")
	outputOf(t, tap.address, "", "swaks", "--server", "HOST:PORT", "--pipeline", "--helo", "here", "--from", "ann@example.test", "--to", to, "--body", "a line\n.\n..")
	checkMail(t, tap, portOf(server), "EHLO", "MAIL", "RCPT", "DATA", "QUIT")
	tap = tapTo(t, server, "--mode", "smtp")
	outputOf(t, tap.address, "", "python3", "-c", `
import smtplib, sys
box = smtplib.SMTP(sys.argv[1], int(sys.argv[2]), "here")
box.sendmail("ann@example.test", [sys.argv[3]], "Subject: x\r\n\r\n.\r\n..\r\n")
box.noop()
box.quit()`, "HOST", "PORT", to)
	checkMail(t, tap, portOf(server), "ehlo", "mail", "rcpt", "data", "noop", "quit")
}

// checkMail checks what a tap has recorded of a client that has sent a mail by these commands.
func checkMail(t *testing.T, tap *tapped, port string, commands ...string) {
	t.Helper()
	for _, file := range tap.stop(t) {
		workbenchDoes(t, "replay", "--recut", "10", file)
		text, _ := os.ReadFile(file)
		var got []string
		var replies, unasked int
		for line := range strings.Lines(string(text)) {
			words := strings.Fields(line)
			switch {
			case strings.HasPrefix(line, "  smtp.command "):
				got = append(got, strings.Trim(words[2], `"`))
			case strings.Contains(line, "<< message from-server") && strings.Contains(line, " answers from-client "):
				replies++
			case strings.Contains(line, "<< message from-server"):
				unasked++
			}
		}
		// The mail is answered too; the greeting answers nothing.
		if !slices.Equal(got, commands) || replies != len(commands)+1 || unasked != 1 || strings.Contains(string(text), " ! ") || !strings.Contains(string(text), `.\r\n..\r\n`) {
			t.Errorf("%q, %d replies and %d more:\n%s", got, replies, unasked, text)
		}
		capture := filepath.Join(t.TempDir(), "c.pcapng")
		workbenchDoes(t, "transcript", "convert", "--to", "pcapng", file, "-o", capture)
		said, err := exec.Command("tshark", "-n", "-r", capture, "-d", "tcp.port=="+port+",smtp", "-Y", "smtp.req.command", "-T", "fields", "-E", "aggregator= ", "-e", "smtp.req.command").Output()
		if seen := strings.Fields(string(said)); err != nil || !slices.Equal(seen, commands) {
			t.Errorf("tshark sees %q, %v", seen, err)
		}
	}
}
