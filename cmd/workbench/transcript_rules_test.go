package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// say says something to a server and returns its answer up to the given bytes,
// with which it ends.
type say func(said, until string) (answer string)

// record holds a talk with a server and writes it into a file.
func record(t *testing.T, address string, talk func(say)) (file string) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	must(t, err)
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	tr := &transcript.Transcript{Mode: "raw", Target: address}
	buf := make([]byte, 4096)
	talk(func(said, until string) string {
		if said != "" {
			if _, err := conn.Write([]byte(said)); err != nil {
				t.Fatal(err)
			}
			tr.Entries = append(tr.Entries, transcript.Entry{Dir: transcript.Action, Action: core.Action{Kind: core.SendServer, Data: []byte(said)}})
		}
		var answer []byte
		for !bytes.HasSuffix(answer, []byte(until)) {
			n, err := conn.Read(buf)
			if err != nil {
				t.Fatalf("after %q: %q, %v", said, answer, err)
			}
			answer = append(answer, buf[:n]...)
		}
		tr.Entries = append(tr.Entries, transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ServerBytes, Data: answer}})
		return string(answer)
	})
	return write(t, string(tr.Append(nil)))
}

// group returns what the first group of a regexp finds.
func group(t *testing.T, re, text string) string {
	t.Helper()
	m := regexp.MustCompile(re).FindStringSubmatch(text)
	if m == nil {
		t.Fatalf("no %s in %q", re, text)
	}
	return m[1]
}

// rulesRun runs transcript rules.
func rulesRun(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	var out, errOut bytes.Buffer
	code = run(t.Context(), append([]string{"transcript", "rules"}, args...), &out, &errOut)
	return code, out.String(), errOut.String()
}

// Two recordings of a real server, made at different times, become one with
// rules: it plays to the server, and to another one, where the first recording
// without rules does not.
func TestRulesRealServers(t *testing.T) {
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin") // where servers are
	for _, s := range []struct {
		name  string
		start func(t *testing.T, port string) *exec.Cmd
		talk  func(t *testing.T) func(say)
	}{
		{"nginx", startNginx, func(t *testing.T) func(say) {
			return func(say say) {
				answer := say("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "hello\n")
				say("GET / HTTP/1.1\r\nHost: a\r\nIf-None-Match: "+group(t, `ETag: (.*)\r`, answer)+"\r\n\r\n", "\r\n\r\n")
				say("GET /none HTTP/1.1\r\nHost: a\r\n\r\n", "</html>\r\n")
			}
		}},
		{"redis-server", startRedis, func(t *testing.T) func(say) {
			return func(say say) {
				say("SET a 1\r\n", "OK\r\n")
				id := group(t, `([0-9a-f]{64})\r`, say("ACL GENPASS\r\n", "\r\n"))
				say("ECHO "+id+".\r\n", ".\r\n")
				say("SET "+id[:8]+" b\r\n", "OK\r\n")
			}
		}},
		{"python3", startCookies, func(t *testing.T) func(say) {
			return func(say say) {
				sid := group(t, `sid=([0-9a-f]+)`, say("GET / HTTP/1.1\r\nHost: a\r\n\r\n", "end\n"))
				say("GET / HTTP/1.1\r\nHost: a\r\nCookie: sid="+sid+"\r\n\r\n", "end\n")
			}
		}},
	} {
		t.Run(s.name, func(t *testing.T) {
			address, other := startAt(t, s.start), startAt(t, s.start)
			a := record(t, address, s.talk(t))
			b := record(t, other, s.talk(t))
			date := regexp.MustCompile(`[0-9]{2}:[0-9]{2}:[0-9]{2} GMT|[0-9a-f]{64}`)
			for before := date.Find(readFile(t, a)); bytes.Equal(date.Find(readFile(t, b)), before); {
				b = record(t, other, s.talk(t))
			}
			out := filepath.Join(t.TempDir(), "walk.golden")
			if code, stdout, stderr := rulesRun(t, a, b, "-o", out); code != 0 || stdout != "" {
				t.Fatalf("code %d\n%s%s\n%s", code, stdout, stderr, readFile(t, out))
			}
			if code, stdout, _ := playClientRun(t, a, "--to", other, "--timeout", "2s"); code != 1 {
				t.Errorf("without rules: code %d\n%s", code, stdout)
			}
			for _, to := range []string{address, other} {
				if code, stdout, stderr := playClientRun(t, out, "--to", to); code != 0 {
					t.Errorf("code %d\n%s%s\n%s", code, stdout, stderr, readFile(t, out))
				}
			}
			played, told := startPlayServer(t, "--fast", out)
			record(t, played, s.talk(t)) // a client that says what it was told
			if told.String() != "" {
				t.Errorf("%s\n%s", told, readFile(t, out))
			}
		})
	}
}

// smtpd wants root.
func TestRootRulesSMTP(t *testing.T) {
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin")
	address := startAt(t, startSMTP)
	talk := func(say say) {
		for _, said := range []string{"", "EHLO a\r\n", "MAIL FROM:<root@localhost>\r\n", "RCPT TO:<root@localhost>\r\n", "DATA\r\n", "Subject: x\r\n\r\nhello\r\n.\r\n", "QUIT\r\n"} {
			if until := "\r\n"; strings.HasPrefix(said, "EHLO") {
				say(said, "250 HELP\r\n")
			} else {
				say(said, until)
			}
		}
	}
	out := filepath.Join(t.TempDir(), "mail.golden")
	if code, stdout, stderr := rulesRun(t, record(t, address, talk), record(t, address, talk), "-o", out); code != 0 {
		t.Fatalf("code %d\n%s%s", code, stdout, stderr)
	}
	if code, stdout, stderr := playClientRun(t, out, "--to", address); code != 0 || !bytes.Contains(readFile(t, out), []byte("~~ match ")) {
		t.Errorf("code %d\n%s%s\n%s", code, stdout, stderr, readFile(t, out))
	}
}

// startAt starts a server at a free port and returns its address.
func startAt(t *testing.T, start func(t *testing.T, port string) *exec.Cmd) (address string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	address = l.Addr().String()
	l.Close()
	_, port, _ := net.SplitHostPort(address)
	runServer(t, start(t, port), address)
	return address
}

// startCookies runs a web server of Python's that gives each client a session.
func startCookies(t *testing.T, port string) *exec.Cmd {
	return exec.Command("python3", "-u", "-c", `
import http.server, http.cookies, secrets, sys
sessions = set()
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    def do_GET(self):
        sid = http.cookies.SimpleCookie(self.headers.get("Cookie", "")).get("sid")
        text = "you are new" if sid is None else "you are " + sid.value if sid.value in sessions else "who are you?"
        text += ", request %d\nend\n" % (10 ** 5 + secrets.randbelow(9 * 10 ** 5))
        self.send_response(200)
        if sid is None:
            new = secrets.token_hex(8)
            sessions.add(new)
            self.send_header("Set-Cookie", "sid=%s; Path=/" % new)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
`, port)
}

func readFile(t *testing.T, file string) []byte {
	t.Helper()
	data, err := os.ReadFile(file)
	must(t, err)
	return data
}

func TestTranscriptRules(t *testing.T) {
	a := write(t, smtpTalk)
	later := write(t, strings.ReplaceAll(strings.Replace(smtpTalk, "Mon", "Tuesday", 2), "221 bye", "221 bye 12"))
	earlier := write(t, strings.ReplaceAll(smtpTalk, "221 bye", "221 bye 7"))
	more := write(t, smtpTalk+"# a remark\n>> client text \"x\"\n")
	less := write(t, strings.Replace(smtpTalk, "<< server \"QUIT\\r\\n\"\n", "", 1))
	for name, c := range map[string]struct {
		args           []string
		code           int
		stdout, stderr string
	}{
		"the same":        {[]string{a, a}, 0, "mode http-line", "0 rules written; " + a + " fits\n"},
		"its own rules":   {[]string{earlier, later}, 0, "~~ match \"ESMTP [^\\r\\n]*\\r\\n\"\n", "1 rule written; "},
		"explained":       {[]string{earlier, later}, 0, "~~ match \"221 bye [0-9]+\\r\\n\"\n>> server \"221 bye 7\\r\\n\"\n", " fits\n"},
		"behind the end":  {[]string{a, more}, 0, "mode", " fits\n"},
		"not explained":   {[]string{a, less}, 1, "mode", a + ":10: the client's \"QUIT\\r\\n\" is only here\n"},
		"the other way":   {[]string{less, a}, 1, "mode", a + ":10: the client's \"QUIT\\r\\n\" is only in " + a},
		"one alone":       {[]string{a}, 2, "", "name two transcripts of one talk, as in: workbench transcript rules monday.golden"},
		"no transcript":   {[]string{a, write(t, "x\n")}, 2, "", ":1: expected "},
		"not there":       {[]string{a, "nowhere"}, 2, "", "there is no file nowhere"},
		"a rule is wrong": {[]string{write(t, strings.Replace(smtpTalk, "ESMTP [", "NONE [", 1)), a}, 2, "", ":6: expected a rule that finds something"},
		"twice to stdout": {[]string{a, a, "--json", "-o", "-"}, 2, "", "name a file with -o"},
	} {
		t.Run(name, func(t *testing.T) {
			code, stdout, stderr := rulesRun(t, c.args...)
			if code != c.code || !strings.Contains(stdout, c.stdout) || !strings.Contains(stderr, c.stderr) || c.code == 2 && stdout != "" {
				t.Errorf("code %d\n%s%s", code, stdout, stderr)
			}
		})
	}
	code, stdout, stderr := rulesRun(t, "--json", less, later)
	var all struct {
		Explained bool
		Rules     []struct {
			Line int
			Rule string
		}
		Unexplained []map[string]any
	}
	if err := json.Unmarshal([]byte(stdout), &all); err != nil || code != 1 || stderr != "" || all.Explained || len(all.Unexplained) != 1 || fmt.Sprint(all.Unexplained[0]["code"], all.Unexplained[0]["lineB"]) != "only-in-b10" {
		t.Errorf("code %d, %v\n%s%s", code, err, stdout, stderr)
	}
}
