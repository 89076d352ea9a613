//go:build linux

package e2e

import (
	"context"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp/kb"
	"github.com/gorilla/websocket"
)

// An HTTP API on a Unix socket, with TLS and without, in lines and in bytes: what came
// is recorded, and what was recorded can be played to it again.
func TestUnixSocketTargets(t *testing.T) {
	t.Parallel()
	plain, secure := nginxOnSockets(t)
	for target, query := range map[string]string{"unix://" + plain: "", "tls+unix://" + secure: "&tls.name=127.0.0.1"} {
		for _, mode := range []string{"http-line", "raw"} {
			t.Run(target[:4]+" "+mode, func(t *testing.T) {
				t.Parallel()
				w, folder := keeper(t)
				c := w.join(t, "?mode="+mode+query, target)
				if mode == "raw" {
					c.send(websocket.BinaryMessage, []byte("GET /api HTTP/1.0\r\n\r\n"))
				} else {
					c.say("GET /api HTTP/1.0", "")
				}
				lines, _ := c.linesToEnd()
				if got := strings.Join(lines, "\n"); !strings.Contains(got, "200 OK") || !strings.HasSuffix(strings.TrimSpace(got), `{"ok":true}`) {
					t.Errorf("the API answered %q", got)
				}
				file := filepath.Join(folder, w.recorded(t)+".transcript")
				text, err := os.ReadFile(file)
				if err != nil || !strings.Contains(string(text), target) || !strings.Contains(string(text), "dialled unix://") {
					t.Errorf("recorded, %v:\n%s", err, text)
				}
				args := []string{"play", "client", file, "--to", target}
				if query != "" {
					args = append(args, "--tls-name", "127.0.0.1")
				}
				again := exec.Command(workbenchBinary, args...)
				again.Env = append(os.Environ(), "SSL_CERT_FILE="+authority.file)
				// nginx's answer has a date, so it may differ in that.
				if out, err := again.CombinedOutput(); err != nil && (again.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), "Date: ")) {
					t.Errorf("played: %v\n%s", err, out)
				}
			})
		}
	}
}

// What is of the machine is for the account that runs the workbench.
func TestOnlyTheAccountDialsSockets(t *testing.T) {
	t.Parallel()
	plain, _ := nginxOnSockets(t)
	users := filepath.Join(t.TempDir(), "users")
	token := addUser(t, users, "anna")
	w := start(t, "--users", users)
	w.join(t, "", "unix://"+plain)
	if got := w.told(t, token, "", "unix://"+plain); !strings.HasPrefix(got, "FAIL:this target may not be dialled") {
		t.Errorf("a user is told %q", got)
	}

	open := start(t, "--auth", "none")
	c := open.open(t, "")
	c.say("unix://" + plain)
	c.refused("only the account that runs the workbench may dial it")

	public := start(t, "--policy", "public")
	c = public.open(t, "")
	c.say("unix://" + plain)
	c.refused("denied by the preset public")

	// The workbench's own socket is not dialled by any path.
	dir := t.TempDir()
	own, other := filepath.Join(plain+".own"), filepath.Join(dir, "other")
	listening, err := run(exec.Command(workbenchBinary, "serve", "--listen", "unix:"+own, "--echo-listen", "off"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { listening.signal(syscall.SIGTERM); listening.wait(patience) })
	eventually(t, "the workbench on a socket", func() bool { return isListened("unix", own) })
	if err := os.Symlink(own, other); err != nil {
		t.Fatal(err)
	}
	dialer := &websocket.Dialer{HandshakeTimeout: patience, NetDialContext: dialSocket(own)}
	ws, _, err := dialer.Dial("ws://localhost/websocket/ws", http.Header{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ws.Close() })
	c = &client{t, ws}
	c.say("unix://" + other)
	c.refused("denied by the workbench: it is its own socket")
}

// On the page, a Unix socket stands in Host, and TLS beside it as ever.
func TestPageUnixSocket(t *testing.T) {
	t.Parallel()
	plain, secure := nginxOnSockets(t)
	p := visit(t, browser(t), "http://"+shared.address)
	p.paste("#host", "unix:"+plain)
	p.wait("the address as it is written best", `document.querySelector("#host").value.startsWith("unix:///")`)
	p.click("#connect-button")
	p.status("Connected")
	p.fill("#command", "GET /api HTTP/1.0")
	p.press(kb.Enter + kb.Enter)
	p.wait("the answer", `document.querySelector("#console").textContent.includes('{"ok":true}')`)

	p = visit(t, browser(t), "http://"+shared.address+"/?mode=raw&tls.name=127.0.0.1&target=tls%2Bunix://"+secure)
	p.wait("that TLS is on", `document.querySelector("#tls").checked && document.querySelector("#host").value.startsWith("unix:///")`)
	p.click("#connect-button")
	p.status("Connected to tls+unix:///")
}

// told returns what a user is told first who names a target.
func (w *workbench) told(t testing.TB, token, query, target string) string {
	t.Helper()
	ws := w.openAs(t, token, query)
	ws.WriteMessage(websocket.TextMessage, []byte(target))
	ws.SetReadDeadline(time.Now().Add(patience))
	_, got, err := ws.ReadMessage()
	if err != nil {
		t.Fatal(err)
	}
	return string(got)
}

func dialSocket(path string) func(context.Context, string, string) (net.Conn, error) {
	return func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}
}
