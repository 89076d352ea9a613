//go:build linux

package e2e

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// session returns what is typed in the session of a mode's page, and what is shown before
// the first line and after each.
func pageSession(t *testing.T, mode string) (lines, shown []string) {
	t.Helper()
	page, err := os.ReadFile("../docs/modes/" + mode + ".md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```session\n")
	session, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the page has no session")
	}
	shown = []string{""}
	for line := range strings.Lines(session) {
		if said, ok := strings.CutPrefix(line, "> "); ok {
			lines, shown = append(lines, strings.TrimSuffix(said, "\n")), append(shown, "")
			continue
		}
		shown[len(shown)-1] += line
	}
	return lines, shown
}

// The mode pop3 with Dovecot: the session of its page, and poplib through a watching tap,
// whose messages are as many as tshark's. Both recordings replay however they are cut.
func TestModePOP3(t *testing.T) {
	_, pop3 := startDovecot(t, "Subject: dots\r\n\r\n.\r\n..\r\n"+strings.Repeat("x", 20)+"\r\n")
	w, folder := keeper(t)
	c := w.mailTalk(t, "?mode=pop3", pop3)
	lines, shown := pageSession(t, "pop3")
	for i, want := range shown {
		if i > 0 {
			c.says(lines[i-1])
		}
		text, _ := json.Marshal(strings.TrimSuffix(want, "\n"))
		if i == 0 {
			text = []byte(`"+OK Dovecot `) // the rest is the system's
		}
		c.until(`"text":` + string(text))
	}
	c.linesToEnd()
	file := filepath.Join(folder, w.recorded(t)+".transcript")
	workbenchDoes(t, "replay", "--recut", "10", file)
	if text, _ := os.ReadFile(file); strings.Contains(string(text), "PASS secret") || !strings.Contains(string(text), `"PASS ***"`) {
		t.Errorf("the recording has the password:\n%s", text)
	}

	tap := tapTo(t, pop3, "--mode", "pop3")
	host, port, _ := strings.Cut(tap.address, ":")
	out, err := exec.Command("python3", "-c", `
import poplib, sys
box = poplib.POP3(sys.argv[1], int(sys.argv[2]))
box.user("joe"); box.pass_("secret")
print(box.stat(), box.retr(1)[1], box.uidl(), box.top(1, 0)[1], box.capa().get("TOP"))
box.quit()`, host, port).CombinedOutput()
	if want := `(1, 46) [b'Subject: dots', b'', b'.', b'..', b'xxxxxxxxxxxxxxxxxxxx']`; err != nil || !strings.HasPrefix(string(out), want) {
		t.Fatalf("poplib shows %s, %v; want %s", out, err, want)
	}
	for _, file := range tap.stop(t) {
		workbenchDoes(t, "replay", "--recut", "10", file)
		text, _ := os.ReadFile(file)
		var requests, replies int
		for line := range strings.Lines(string(text)) {
			switch {
			case strings.Contains(line, "<< message from-client"):
				requests++
			case strings.Contains(line, "<< message from-server"):
				replies++
			}
		}
		if requests != 8 || replies != 9 {
			t.Errorf("%d commands and %d replies:\n%s", requests, replies, text)
		}
		capture := filepath.Join(t.TempDir(), "c.pcapng")
		workbenchDoes(t, "transcript", "convert", "--to", "pcapng", file, "-o", capture)
		said, err := exec.Command("tshark", "-n", "-r", capture, "-d", "tcp.port=="+portOf(pop3)+",pop", "-Y", "pop.request.command", "-T", "fields", "-e", "pop.request.command").Output()
		if got := strings.Fields(string(said)); err != nil || !slices.Equal(got, []string{"USER", "PASS", "STAT", "RETR", "UIDL", "TOP", "CAPA", "QUIT"}) {
			t.Errorf("tshark sees %q, %v", got, err)
		}
	}
}
