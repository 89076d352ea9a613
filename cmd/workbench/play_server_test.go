package main

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/play/report"
)

// serveOnce plays a server with --once and returns its address and, when it has
// ended, its exit code and what it printed.
func serveOnce(t *testing.T, args ...string) (address string, end func() (code int, stdout, stderr string)) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	stdout, stderr := newOutput(), newOutput()
	done := make(chan int, 1)
	go func() {
		done <- playRun(ctx, append([]string{"server", "--once", "--listen", "127.0.0.1:0", "--fast"}, args...), stdout, stderr)
	}()
	t.Cleanup(cancel)
	return stdout.find(t, `(127\.0\.0\.1:\d+)`), func() (int, string, string) { return <-done, stdout.String(), stderr.String() }
}

// probe connects and leaves, with a FIN or a reset, saying nothing.
func probe(t *testing.T, address string, reset bool) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	if reset {
		conn.(*net.TCPConn).SetLinger(0)
	} else {
		conn.(*net.TCPConn).CloseWrite()
		io.Copy(io.Discard, conn)
	}
	conn.Close()
}

func TestPlayServerOnce(t *testing.T) {
	for name, c := range map[string]struct {
		says string
		args []string
		code int
	}{
		"the same, verified":     {"QUIT\r\n", []string{"--verify"}, 0},
		"the same":               {"QUIT\r\n", nil, 0},
		"another, verified":      {"EXIT\r\n", []string{"--verify"}, 1},
		"another":                {"EXIT\r\n", nil, 0},
		"another, answered":      {"EXIT\r\n", []string{"--verify", "--on-mismatch", "continue"}, 1},
		"less, verified":         {"QU", []string{"--verify"}, 1},
		"the same in JSON":       {"QUIT\r\n", []string{"--verify", "--json"}, 0},
		"another in JSON":        {"EXIT\r\n", []string{"--verify", "--json"}, 1},
		"more than was recorded": {"QUIT\r\nQUIT\r\n", []string{"--verify"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			ready := filepath.Join(t.TempDir(), "ready")
			address, end := serveOnce(t, append(c.args, "--ready-file", ready, write(t, smtpTalk))...)
			probe(t, address, false)
			probe(t, address, true)
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			io.WriteString(conn, c.says)
			conn.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, conn)
			code, stdout, stderr := end()
			if code != c.code {
				t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
			}
			if same := strings.HasPrefix(name, "the same"); same && stderr != "" {
				t.Errorf("told %s", stderr)
			}
			if text, err := os.ReadFile(ready); err != nil || string(text) != address+"\n" {
				t.Errorf("the ready file: %q, %v", text, err)
			}
			if !strings.Contains(name, "JSON") {
				return
			}
			var events []report.Event
			for line := range strings.Lines(stdout) {
				var e report.Event
				if err := json.Unmarshal([]byte(line), &e); err != nil {
					t.Fatalf("%s: %v", line, err)
				}
				events = append(events, e)
			}
			last := events[len(events)-1]
			if len(events) != 2+c.code || events[0].Event != "listening" || events[0].Address != address || last.Event != "ended" || *last.Mismatches != c.code || stderr != "" {
				t.Errorf("%s%s", stdout, stderr)
			}
			if c.code == 1 && (events[1].Event != "mismatch" || events[1].Line != 10 || events[1].Got != `"E"` || last.Result != "different") {
				t.Errorf("%s", stdout)
			}
		})
	}
}

// Where the recorded client said nothing, a silent connection is a client.
func TestPlayServerOnceToASilentClient(t *testing.T) {
	address, end := serveOnce(t, "--verify", write(t, "workbench transcript v1\nmode raw\n\n>> server \"12:00\\n\"\n>> server eof\n"))
	probe(t, address, false)
	if code, stdout, stderr := end(); code != 0 || stderr != "" {
		t.Errorf("exit code %d\n%s%s", code, stdout, stderr)
	}
}

// Without --once the verdict comes when it is stopped.
func TestPlayServerVerifiesAll(t *testing.T) {
	for says, want := range map[string]int{"QUIT\r\n": 0, "EXIT\r\n": 1} {
		ctx, cancel := context.WithCancel(t.Context())
		stdout, stderr := newOutput(), newOutput()
		done := make(chan int, 1)
		go func() {
			done <- playRun(ctx, []string{"server", "--verify", "--json", "--listen", "127.0.0.1:0", "--fast", write(t, smtpTalk)}, stdout, stderr)
		}()
		address := stdout.find(t, `(127\.0\.0\.1:\d+)`)
		for _, said := range []string{says, "QUIT\r\n"} {
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			io.WriteString(conn, said)
			conn.(*net.TCPConn).CloseWrite()
			io.Copy(io.Discard, conn)
			conn.Close()
		}
		stdout.find(t, `(?s)"ended".*("ended")`)
		cancel()
		if code := <-done; code != want {
			t.Errorf("after %q: exit code %d\n%s%s", says, code, stdout, stderr)
		}
	}
}
