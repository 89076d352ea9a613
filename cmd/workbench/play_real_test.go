package main

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// turn is what is said to a real server, and what its answer ends with. said
// may be empty where the server speaks first.
type turn struct {
	said, until string
	rules       []string // above what is said
	about       []string // above the answer
}

// realServer is a server and the talk that is held with it.
type realServer struct {
	name   string
	start  func(t *testing.T, port string) *exec.Cmd
	turns  []turn
	answer string // of which a byte is changed
}

// Recorded with a real server, played to it later: it passes with rules where
// dates and ids differ, and fails without them or when a byte is changed.
func TestPlayRealServers(t *testing.T) {
	for _, s := range []realServer{
		{"nginx", startNginx, []turn{
			{said: "GET / HTTP/1.1\r\nHost: a\r\n\r\n", until: "hello\n", about: []string{`match "Date: [^\r\n]*\r\n"`, `match "ETag: [^\r\n]*\r\n"`}},
			{said: "GET /none HTTP/1.1\r\nHost: a\r\n\r\n", until: "</html>\r\n", about: []string{`match "Date: [^\r\n]*\r\n"`}},
		}, "hello"},
		{"redis-server", startRedis, []turn{
			{said: "SET a 1\r\n", until: "OK\r\n"},
			{said: "CLIENT ID\r\n", until: "\r\n", about: []string{`match ":(?P<id>[0-9]+)\r\n"`}},
			{said: "ECHO id-ID.\r\n", until: ".\r\n", rules: []string{"use id"}, about: []string{`match "\\$[0-9]+\r\n"`, "use id"}},
			{said: "TIME\r\n", until: "*2", about: []string{`match "(?s)\\*2(\r\n\\$[0-9]+\r\n[0-9]+){2}\r\n"`}},
		}, "OK"},
	} {
		t.Run(s.name, s.play)
	}
}

// smtpd wants root.
func TestRootPlaySMTP(t *testing.T) {
	realServer{"smtpd", startSMTP, []turn{
		{until: "\r\n", about: []string{`match "220 [^\r\n]*\r\n"`}},
		{said: "EHLO a\r\n", until: "250 HELP\r\n"},
		{said: "MAIL FROM:<root@localhost>\r\n", until: "\r\n"},
		{said: "RCPT TO:<root@localhost>\r\n", until: "\r\n"},
		{said: "DATA\r\n", until: "\r\n"},
		{said: "Subject: x\r\n\r\nhello\r\n.\r\n", until: "\r\n", about: []string{`match "250 2.0.0 [0-9a-f]+ "`}},
		{said: "QUIT\r\n", until: "\r\n"},
	}, "accepted"}.play(t)
}

// play records a talk with the server and plays it to the server.
func (s realServer) play(t *testing.T) {
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin") // where servers are, which not every user looks into
	if _, err := exec.LookPath(s.name); err != nil {
		t.Fatalf("%s is not installed; scripts/deps.sh installs what the tests need", s.name)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(address)
	runServer(t, s.start(t, port), address)

	with := recordTalk(t, address, s.turns)
	without := *with
	without.Entries = nil
	for _, e := range with.Entries {
		e.Rules = nil
		without.Entries = append(without.Entries, e)
	}
	file, bare := write(t, earlier(string(with.Append(nil)))), write(t, earlier(string(without.Append(nil))))
	if code, stdout, stderr := playClientRun(t, file, "--to", address); code != 0 {
		t.Errorf("with rules: code %d\n%s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := playClientRun(t, bare, "--to", address, "--timeout", "2s"); code != 1 {
		t.Errorf("without rules: code %d\n%s%s", code, stdout, stderr)
	}
	recorded := string(with.Append(nil))
	changed := write(t, earlier(replaceLast(recorded, s.answer, strings.ToUpper(s.answer[:1])+"#"+s.answer[2:])))
	if code, stdout, _ := playClientRun(t, changed, "--to", address, "--timeout", "2s"); code != 1 || !strings.Contains(stdout, "\n+") {
		t.Errorf("a changed answer: code %d\n%s", code, stdout)
	}

	// And without the real server: the recording in its place.
	played, told := startPlayServer(t, "--fast", file)
	if code, stdout, stderr := playClientRun(t, file, "--to", played); code != 0 {
		t.Errorf("with itself: code %d\n%s%s%s", code, stdout, stderr, told)
	}
}

// earlier makes dates and ids of a recording those of another day.
func earlier(text string) string {
	text = regexp.MustCompile(`Date: [A-Z][^\\]*`).ReplaceAllString(text, "Date: Mon, 01 Jan 2024 00:00:00 GMT")
	return regexp.MustCompile(`"250 2.0.0 [0-9a-f]{8} `).ReplaceAllString(text, `"250 2.0.0 0123abcd `)
}

func replaceLast(s, old, with string) string {
	i := strings.LastIndex(s, old)
	return s[:i] + with + s[i+len(old):]
}

// recordTalk holds the turns with a server and writes down what was said.
func recordTalk(t *testing.T, address string, turns []turn) *transcript.Transcript {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	tr := &transcript.Transcript{Mode: "raw", Target: address}
	id := ""
	buf := make([]byte, 4096)
	for _, turn := range turns {
		if turn.said != "" {
			said := strings.ReplaceAll(turn.said, "ID.", id+".")
			if _, err := conn.Write([]byte(said)); err != nil {
				t.Fatal(err)
			}
			tr.Entries = append(tr.Entries, transcript.Entry{
				Dir: transcript.Action, Rules: parseRules(t, turn.rules),
				Action: core.Action{Kind: core.SendServer, Data: []byte(said)},
			})
		}
		var answer []byte
		for !bytes.Contains(answer, []byte(turn.until)) || !bytes.HasSuffix(answer, []byte("\n")) || turn.until == "*2" && bytes.Count(answer, []byte("\n")) < 5 {
			n, err := conn.Read(buf)
			if err != nil {
				t.Fatalf("after %q: %q, %v", turn.said, answer, err)
			}
			answer = append(answer, buf[:n]...)
		}
		if strings.HasPrefix(string(answer), ":") {
			id = strings.Trim(string(answer), ":\r\n")
		}
		tr.Entries = append(tr.Entries, transcript.Entry{
			Dir: transcript.Event, Rules: parseRules(t, turn.about),
			Event: core.Event{Kind: core.ServerBytes, Data: answer},
		})
	}
	return tr
}

// parseRules reads rules as they stand in a transcript.
func parseRules(t *testing.T, rules []string) []transcript.Rule {
	t.Helper()
	text := "workbench transcript v1\nmode raw\n"
	for _, r := range rules {
		text += "~~ " + r + "\n"
	}
	tr, err := transcript.Parse("rules", []byte(text+">> server \"\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return tr.Entries[0].Rules
}

// runServer starts a server, waits until it can be reached, and stops it at the end.
func runServer(t *testing.T, cmd *exec.Cmd, address string) {
	t.Helper()
	said := newOutput()
	cmd.Stdout, cmd.Stderr = said, said
	cmd.WaitDelay = time.Second // a child of it may hold the pipe
	must(t, cmd.Start())
	ended := make(chan struct{})
	go func() { cmd.Wait(); close(ended) }()
	t.Cleanup(func() {
		cmd.Process.Signal(syscall.SIGTERM)
		select {
		case <-ended:
		case <-time.After(5 * time.Second):
			cmd.Process.Kill()
			<-ended
		}
	})
	for {
		if conn, err := net.Dial("tcp", address); err == nil {
			conn.Close()
			return
		}
		select {
		case <-ended:
			t.Fatalf("the server did not start:\n%s", said)
		case <-time.After(10 * time.Millisecond):
		}
	}
}

func startNginx(t *testing.T, port string) *exec.Cmd {
	dir := t.TempDir()
	os.Chmod(filepath.Dir(dir), 0o755)
	os.Chmod(dir, 0o755)
	must(t, os.WriteFile(filepath.Join(dir, "index.html"), []byte("hello\n"), 0o644))
	config := fmt.Sprintf("daemon off; master_process off; pid %s/pid; error_log %s/log; events {}\n"+
		"http { access_log off; client_body_temp_path %s/b; proxy_temp_path %s/p; fastcgi_temp_path %s/f; uwsgi_temp_path %s/u; scgi_temp_path %s/s;\n"+
		"server { listen 127.0.0.1:%s; root %s; } }\n", dir, dir, dir, dir, dir, dir, dir, port, dir)
	must(t, os.WriteFile(filepath.Join(dir, "conf"), []byte(config), 0o644))
	return exec.Command("nginx", "-e", filepath.Join(dir, "log"), "-c", filepath.Join(dir, "conf"))
}

func startRedis(t *testing.T, port string) *exec.Cmd {
	return exec.Command("redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", t.TempDir(), "--save", "", "--daemonize", "no")
}

// startSMTP runs OpenSMTPD with a run and spool folder of its own: its control
// socket is one to a machine.
func startSMTP(t *testing.T, port string) *exec.Cmd {
	if os.Getuid() != 0 {
		t.Fatal("smtpd wants root, which scripts/test.sh asks sudo for")
	}
	config := filepath.Join(t.TempDir(), "conf")
	text := fmt.Sprintf("listen on 127.0.0.1 port %s\naction \"drop\" mda \"/bin/true\"\nmatch from any for local action \"drop\"\n", port)
	must(t, os.WriteFile(config, []byte(text), 0o644))
	return exec.Command("unshare", "--mount", "--propagation", "unchanged", "sh", "-c", `{ ! mountpoint -q / || mount --make-rprivate /; } && # in a chroot it need not be one
		mount -t tmpfs -o mode=755 tmpfs /run && mount -t tmpfs -o mode=755 tmpfs /var/spool &&
		mkdir -m 711 /var/spool/smtpd && exec smtpd -d -f "$0"`, config)
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
