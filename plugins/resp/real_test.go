package resp

import (
	"bytes"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/protocol-workbench/workbench/core"
)

// redisServer starts a server without anything in it and returns its socket.
func redisServer(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "resp") // t.TempDir's name may be too long for a socket's
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	socket := filepath.Join(dir, "s")
	cmd := exec.Command("redis-server", "--port", "0", "--unixsocket", socket, "--save", "", "--dir", dir, "--daemonize", "no")
	said, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v; scripts/deps.sh installs what the tests need", err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	var log []byte
	for buf := make([]byte, 4096); !bytes.Contains(bytes.ToLower(log), []byte("ready to accept connections")); {
		n, err := said.Read(buf)
		if log = append(log, buf[:n]...); err != nil {
			t.Fatalf("redis-server ended: %v\n%s", err, log)
		}
	}
	go io.Copy(io.Discard, said) // until it ends
	return socket
}

// byHand types lines in a session with the server, one after the answer to the one before,
// and returns what is shown for each.
func byHand(t *testing.T, socket string, lines []string) (shown []string) {
	t.Helper()
	conn, err := net.Dial("unix", socket)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Minute))
	m, buf := open(t, core.Messages), make([]byte, 64<<10)
	for _, line := range lines {
		ev := typed(line)
		for said := false; !said; {
			var out core.Out
			if err := m.Handle(ev, &out); err != nil || out.Err() != nil {
				t.Fatal(line, err, out.Err())
			}
			for i := range out.Len() {
				switch a := out.Action(i); a.Kind {
				case core.SendServer:
					if _, err := conn.Write(a.Data); err != nil {
						t.Fatal(err)
					}
				case core.SendText:
					shown, said = append(shown, string(a.Data)), true
				}
			}
			if said {
				break
			}
			n, err := conn.Read(buf)
			if err != nil {
				t.Fatalf("no reply to %s: %v", line, err)
			}
			ev = core.Event{Kind: core.ServerBytes, Data: buf[:n]}
		}
	}
	return shown
}

// What is shown is what redis-cli shows, byte for byte.
func TestShownAsByRedisCLI(t *testing.T) {
	for _, c := range []struct {
		file string
		args []string
	}{{"resp2.txt", nil}, {"resp3.txt", []string{"-3"}}} {
		t.Run(c.file, func(t *testing.T) {
			text, err := os.ReadFile("testdata/" + c.file)
			if err != nil {
				t.Fatal(err)
			}
			lines := strings.Split(strings.TrimSpace(string(text)), "\n")
			typed := lines
			if c.args != nil { // redis-cli says so by itself, and does not show it
				typed = append([]string{"HELLO 3"}, lines...)
			}
			mine := byHand(t, redisServer(t), typed)
			cli := exec.Command("redis-cli", append([]string{"--no-raw", "-s", redisServer(t)}, c.args...)...)
			cli.Stdin = strings.NewReader(string(text))
			want, err := cli.CombinedOutput()
			if err != nil {
				t.Fatalf("%v: %s", err, want)
			}
			got := strings.Join(mine[len(typed)-len(lines):], "\n") + "\n"
			got, ref := strings.ReplaceAll(got, "\n\n", "\n"), strings.ReplaceAll(string(want), "\n\n", "\n")
			if diff := cmp.Diff(strings.Split(ref, "\n"), strings.Split(got, "\n")); diff != "" {
				t.Errorf("(-redis-cli +shown):\n%s", diff)
			}
		})
	}
}

// The session in the mode's page goes as it says there.
func TestDocumentedSession(t *testing.T) {
	page, err := os.ReadFile("../../docs/modes/resp.md")
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(string(page), "```session\n")
	session, _, ok := strings.Cut(rest, "```")
	if !ok {
		t.Fatal("the page has no session")
	}
	var lines, want []string
	for line := range strings.Lines(session) {
		if said, ok := strings.CutPrefix(line, "> "); ok {
			lines, want = append(lines, strings.TrimSuffix(said, "\n")), append(want, "")
			continue
		}
		want[len(want)-1] += line
	}
	got := byHand(t, redisServer(t), lines)
	for i, line := range lines {
		if strings.TrimSuffix(want[i], "\n") != got[i] {
			t.Errorf("> %s\nshows\n%s\nand the page says\n%s", line, got[i], want[i])
		}
	}
}
