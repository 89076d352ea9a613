//go:build linux

package e2e

import (
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
)

// awaits opens a session that waits for a client, and returns where it does.
func (w *workbench) awaits(t testing.TB, query, target string) (*client, string) {
	t.Helper()
	c := w.open(t, query)
	c.say(target)
	_, told := c.next()
	at, ok := strings.CutPrefix(string(told), "WAIT:")
	if !ok {
		t.Fatalf("told %q; want where it waits", told)
	}
	return c, at
}

// reads reads a whole answer of a client that was waited for, up to an empty line.
func (c *client) readsRequest() (lines []string) {
	for {
		_, line := c.next()
		if len(line) == 0 {
			return lines
		}
		lines = append(lines, string(line))
	}
}

// curl is the client, and the person the server. What was recorded is the same in a
// replay, and can be played to curl again.
func TestPersonServesCurl(t *testing.T) {
	t.Parallel()
	w, folder := keeper(t)
	c, at := w.awaits(t, "", "listen://127.0.0.1:0")
	ask := func(at string) func() string {
		curl := exec.Command("curl", "-sS", "--max-time", "60", "--noproxy", "*", "http://"+at+"/greeting")
		var out strings.Builder
		curl.Stdout, curl.Stderr = &out, &out
		if err := curl.Start(); err != nil {
			t.Fatal(err)
		}
		return func() string {
			if err := curl.Wait(); err != nil {
				out.WriteString(err.Error())
			}
			return out.String()
		}
	}
	answer := ask(at)
	c.hears("SUCC")
	if lines := c.readsRequest(); lines[0] != "GET /greeting HTTP/1.1" {
		t.Errorf("curl says %q", lines)
	}
	if _, err := net.Dial("tcp", at); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a second client: %v; want connection refused", err)
	}
	c.say("HTTP/1.1 200 OK", "Content-Length: 6", "", "hello")
	// 6 bytes would be "hello\n"; the mode ends lines with CR LF, and curl takes what was promised.
	if got := answer(); got != "hello\r" {
		t.Errorf("curl got %q", got)
	}
	c.linesToEnd()
	file := filepath.Join(folder, w.recorded(t)+".transcript")
	text, err := os.ReadFile(file)
	if err != nil || !strings.Contains(string(text), `target "listen://127.0.0.1:0"`) || !strings.Contains(string(text), "-- waited at "+at) {
		t.Errorf("recorded, %v:\n%s", err, text)
	}
	for _, args := range [][]string{{"replay", file}, {"replay", "--recut", "5", file}} {
		if out, err := exec.Command(workbenchBinary, args...).CombinedOutput(); err != nil {
			t.Errorf("%v: %v\n%s", args, err, out)
		}
	}
}

// A client that half-closes hears the answer; one that resets is told of as such.
func TestPersonServesPython(t *testing.T) {
	t.Parallel()
	w, folder := keeper(t)
	for _, how := range []string{"half-close", "reset"} {
		c, at := w.awaits(t, "?mode=raw&server-eof=stay", "listen://localhost:0")
		_, port, _ := net.SplitHostPort(at)
		script := `
import socket, struct, sys
s = socket.create_connection(("127.0.0.1", int(sys.argv[1])), 60)
s.sendall(b"hello\x00")
if sys.argv[2] == "reset":
    s.recv(1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()
else:
    s.shutdown(socket.SHUT_WR)
    print(s.makefile("rb").read())
`
		python := exec.Command("python3", "-c", script, port, how)
		var out strings.Builder
		python.Stdout, python.Stderr = &out, &out
		if err := python.Start(); err != nil {
			t.Fatal(err)
		}
		c.hears("SUCC")
		c.hearsBytes("hello\x00")
		if how == "half-close" {
			eventually(t, "the workbench has read the end", func() bool {
				_, soFar := w.ask(t, "", "GET", "/api/transcripts/"+w.transcripts(t, "")[0].ID, nil)
				return strings.Contains(soFar, ">> server eof")
			})
		}
		c.say("yes")
		if how == "half-close" {
			c.ws.Close()
		} else {
			c.linesToEnd()
		}
		if err := python.Wait(); err != nil || how == "half-close" && strings.TrimSpace(out.String()) != "b'yes'" {
			t.Errorf("%s: %v, %s", how, err, &out)
		}
		text, err := os.ReadFile(filepath.Join(folder, w.recorded(t)+".transcript"))
		want := map[string]string{"half-close": ">> server eof", "reset": `>> server failed "connection reset`}[how]
		if err != nil || !strings.Contains(string(text), want) {
			t.Errorf("%s: recorded, %v; want %s:\n%s", how, err, want, text)
		}
		os.Remove(filepath.Join(folder, w.recorded(t)+".transcript"))
	}
}

// Where the next one waits, it is the next session's.
func TestNextClientWaits(t *testing.T) {
	t.Parallel()
	w := start(t)
	c, at := w.awaits(t, "?mode=raw", "listen://127.0.0.1:0?next=wait")
	first, second := dialTCP(t, at), dialTCP(t, at)
	c.hears("SUCC")
	io.WriteString(second, "second")
	c.ws.Close()
	c, _ = w.awaits(t, "?mode=raw", "listen://127.0.0.1:0?next=wait")
	c.hears("SUCC")
	c.hearsBytes("second")
	first.Close()
}

// Who leaves waits no longer, at once; and what cannot be listened on is said.
func TestWaitingInVain(t *testing.T) {
	t.Parallel()
	users := filepath.Join(t.TempDir(), "users")
	anna := addUser(t, users, "anna")
	out, err := exec.Command(workbenchBinary, "user", "add", "tess", "--role", "teacher", "--users", users).Output()
	if err != nil {
		t.Fatal(err)
	}
	w := start(t, "--users", users)
	c, at := w.awaits(t, "", "listen://127.0.0.1:0")
	c2 := w.open(t, "")
	c2.say("listen://" + at)
	c2.refused("another program listens on " + at)
	c.ws.Close()
	eventually(t, "nobody listens", func() bool { return !isListened("tcp", at) })

	for target, words := range map[string]string{
		"listen://0.0.0.0:0":     "other machines could reach it",
		"listen://192.0.2.1:25":  "other machines could reach it",
		"listen://example.com:1": "names are not looked up",
	} {
		c := w.open(t, "")
		c.say(target)
		c.refused(words)
	}
	if got := w.told(t, anna, "", "listen://127.0.0.1:0"); !strings.HasPrefix(got, "FAIL:this target may not be dialled") {
		t.Errorf("a student is told %q", got)
	}
	if got := w.told(t, strings.TrimSpace(string(out)), "", "listen://127.0.0.1:0"); !strings.HasPrefix(got, "WAIT:127.0.0.1:") {
		t.Errorf("a teacher is told %q", got)
	}
	c = w.open(t, "?via=socks5://127.0.0.1:1")
	c.say("listen://127.0.0.1:0")
	c.refused("via is for hosts")
	c = w.open(t, "?starttls=on")
	c.say("listen://127.0.0.1:0")
	c.refused("cannot")
}

// TLS is refused with the reason, and the session goes on.
func TestNoTLSWhereThePersonServes(t *testing.T) {
	t.Parallel()
	w := start(t)
	c := w.open(t, "?mode=raw", "workbench.v1")
	c.say("listen://127.0.0.1:0")
	_, told := c.next()
	conn := dialTCP(t, strings.TrimPrefix(string(told), "WAIT:"))
	c.hears("SUCC")
	c.say(`{"starttls":true}`)
	for {
		if _, got := c.next(); strings.Contains(string(got), "server failed") || strings.Contains(string(got), "would have to be the TLS server") {
			break
		}
	}
	conn.Close()
}

// The page says where it waits, gives up, and waits again; then the person serves.
func TestPageWaitsForAClient(t *testing.T) {
	t.Parallel()
	p := visit(t, browser(t), "http://"+shared.address)
	p.click("#start-listen")
	p.wait("that the card has filled the form", `document.activeElement.id === "connect-button"`)
	p.fill("#host", "listen://localhost:0")
	p.wait("that TLS is not offered", `!document.querySelector("#tls") && document.querySelector("#end-hint")`)
	p.click("#connect-button")
	p.wait("where it waits", `/Waiting for a client at 127\.0\.0\.1:[1-9]/.test(document.querySelector("#status").textContent)`)
	p.click("#disconnect-button")
	p.status("Disconnected")
	p.click("#reconnect-button")
	p.wait("where it waits", `/Waiting for a client at 127\.0\.0\.1:[1-9]/.test(document.querySelector("#status").textContent)`)
	conn := dialTCP(t, regexp.MustCompile(`127\.0\.0\.1:[0-9]+`).FindString(p.text("#status")))
	p.status("Connected")
	io.WriteString(conn, "who is there?\r\n")
	p.wait("what the client says", `document.querySelector("#console").textContent.includes("who is there?")`)
	p.fill("#command", "me")
	p.press(kb.Enter)
	conn.SetReadDeadline(time.Now().Add(patience))
	got := make([]byte, 4)
	if _, err := io.ReadFull(conn, got); string(got) != "me\r\n" {
		t.Errorf("the client hears %q, %v", got, err)
	}
}

func dialTCP(t testing.TB, at string) net.Conn {
	t.Helper()
	conn, err := net.DialTimeout("tcp", at, patience)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}
