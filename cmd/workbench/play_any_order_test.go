package main

import (
	"encoding/json"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/play/report"
)

// connections writes transcripts of one connection each into a folder, and
// returns their paths.
func connections(t *testing.T, entries map[string]string) (files []string) {
	t.Helper()
	dir := t.TempDir()
	for name, text := range entries {
		file := filepath.Join(dir, name)
		must(t, os.WriteFile(file, []byte("workbench transcript v1\nmode raw\n\n"+text), 0o600))
		files = append(files, file)
	}
	slices.Sort(files)
	return files
}

// client runs a real client, which must succeed, and returns its output.
func client(t *testing.T, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(name, args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", name, err, out, stderr.String())
	}
	return string(out)
}

// hadOf returns the files that the clients had, and other events than these.
func hadOf(t *testing.T, stdout string) (had, others []string) {
	t.Helper()
	for line := range strings.Lines(stdout) {
		var e report.Event
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if e.Event == "ended" && e.Result == "same" {
			had = append(had, filepath.Base(e.File))
		} else if e.Event != "listening" {
			others = append(others, line)
		}
	}
	slices.Sort(had)
	return had, others
}

// curl asks for three documents at once: each of its connections gets the
// recording of its request, whichever comes first.
func TestPlayAnyOrderCurl(t *testing.T) {
	entries := map[string]string{}
	for _, name := range []string{"one", "two", "three"} {
		entries[name] = fmt.Sprintf(`<< server "GET /%s HTTP/1.1\r\n"
~~ match "Host: [^\\r\\n]*\\r\\n"
<< server "Host: 127.0.0.1:80\r\n"
~~ match "User-Agent: [^\\r\\n]*\\r\\n"
<< server "User-Agent: curl/1\r\n"
<< server "Accept: */*\r\n"
          "\r\n"
>> server "HTTP/1.1 200 OK\r\n"
          "Content-Length: %d\r\n"
          "\r\n"
          "%s\n"
`, name, len(name)+1, name)
	}
	address, end := serveOnce(t, append([]string{"--any-order", "--verify", "--json"}, connections(t, entries)...)...)
	out := client(t, "curl", "--silent", "--fail", "--parallel", "--parallel-immediate", "http://"+address+"/three", "http://"+address+"/one", "http://"+address+"/two")
	lines := strings.Fields(out)
	slices.Sort(lines)
	if !slices.Equal(lines, []string{"one", "three", "two"}) {
		t.Errorf("curl got %q", out)
	}
	code, stdout, stderr := end()
	had, others := hadOf(t, stdout)
	if code != 0 || !slices.Equal(had, []string{"one", "three", "two"}) || len(others) > 0 || stderr != "" {
		t.Errorf("code %d\n%s%s", code, stdout, stderr)
	}
}

// redis-cli connects again for each command; two of the recordings begin alike.
func TestPlayAnyOrderRedis(t *testing.T) {
	files := connections(t, map[string]string{
		"a": "<< server \"*2\\r\\n$3\\r\\nGET\\r\\n$1\\r\\na\\r\\n\"\n>> server \"$1\\r\\n1\\r\\n\"\n",
		"b": "<< server \"*2\\r\\n$3\\r\\nGET\\r\\n$1\\r\\nb\\r\\n\"\n>> server \"$1\\r\\n2\\r\\n\"\n",
		"c": "<< server \"*2\\r\\n$3\\r\\nGET\\r\\n$1\\r\\nb\\r\\n\"\n>> server \"$1\\r\\n3\\r\\n\"\n",
	})
	address, end := serveOnce(t, append([]string{"--any-order", "--verify", "--json"}, files...)...)
	_, port, _ := net.SplitHostPort(address)
	got := ""
	for _, key := range []string{"b", "a", "b"} {
		got += client(t, "redis-cli", "-p", port, "GET", key)
	}
	code, stdout, stderr := end()
	if had, others := hadOf(t, stdout); code != 0 || got != "2\n1\n3\n" || !slices.Equal(had, []string{"a", "b", "c"}) || len(others) > 0 {
		t.Errorf("code %d, redis-cli got %q\n%s%s", code, got, stdout, stderr)
	}
}

// A mail server speaks first, and Python's clients come at once.
func TestPlayAnyOrderSMTP(t *testing.T) {
	entries := map[string]string{}
	for _, who := range []string{"ann", "bob"} {
		entries[who] = fmt.Sprintf(`>> server "220 mail ESMTP\r\n"
<< server "helo %s\r\n"
>> server "250 hello %s\r\n"
<< server "quit\r\n"
>> server "221 bye\r\n"
>> server eof
`, who, who)
	}
	address, end := serveOnce(t, append([]string{"--any-order", "--verify", "--json"}, connections(t, entries)...)...)
	host, port, _ := net.SplitHostPort(address)
	out := client(t, "python3", "-c", `
import smtplib, sys
bob, ann = (smtplib.SMTP(sys.argv[1], int(sys.argv[2])) for _ in range(2))
for c, name in (bob, "bob"), (ann, "ann"):
    print(c.helo(name)[1].decode())
for c in ann, bob:
    c.quit()
`, host, port)
	code, stdout, stderr := end()
	if had, others := hadOf(t, stdout); code != 0 || strings.ReplaceAll(out, "\r", "") != "hello bob\nhello ann\n" || !slices.Equal(had, []string{"ann", "bob"}) || len(others) > 0 {
		t.Errorf("code %d, python got %q\n%s%s", code, out, stdout, stderr)
	}
}

// With --verify a client that fits none and a recording that nobody had fail.
func TestPlayAnyOrderVerifies(t *testing.T) {
	entries := map[string]string{"a": "<< server \"GET a\\r\\n\"\n>> server \"1\\r\\n\"\n", "b": "<< server \"GET b\\r\\n\"\n>> server \"2\\r\\n\"\n"}
	for name, c := range map[string]struct {
		says   []string
		code   int
		stderr []string
	}{
		"all":      {[]string{"GET b\r\n", "GET a\r\n"}, 0, nil},
		"fits":     {[]string{"GET b\r\n", "GET c\r\n"}, 1, []string{": fits no recording that is left; the nearest: ", "/a:4: byte 4 of the client's stream: expected \"GET a\\r\\n\", got \"GET c\"", "/a: never played"}},
		"is twice": {[]string{"GET b\r\n", "GET b\r\n"}, 1, []string{"fits no recording that is left", "all such recordings are taken", "/a: never played"}},
	} {
		t.Run(name, func(t *testing.T) {
			address, end := serveOnce(t, append([]string{"--any-order", "--verify"}, connections(t, entries)...)...)
			for _, said := range c.says {
				conn, err := net.DialTimeout("tcp", address, time.Minute)
				must(t, err)
				fmt.Fprint(conn, said)
				conn.(*net.TCPConn).CloseWrite()
				readAll(conn)
			}
			code, stdout, stderr := end()
			if code != c.code || (stderr == "") != (c.stderr == nil) {
				t.Errorf("code %d\n%s%s", code, stdout, stderr)
			}
			for _, want := range c.stderr {
				if !strings.Contains(stderr, want) {
					t.Errorf("%q is missing in\n%s", want, stderr)
				}
			}
		})
	}
}

// readAll reads until the peer ends, and closes.
func readAll(conn net.Conn) {
	buf := make([]byte, 1024)
	for {
		if _, err := conn.Read(buf); err != nil {
			conn.Close()
			return
		}
	}
}
