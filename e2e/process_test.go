//go:build linux

package e2e

import (
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"
)

// A plugin process is killed while sessions of all modes are open.
func TestPluginIsKilled(t *testing.T) {
	t.Parallel()
	w := start(t)
	hit := []*client{w.join(t, "", w.echo), w.join(t, "", w.echo)}
	other := w.join(t, "?mode=echo-quit", w.echo)
	before := w.mode(t, "http-line")
	syscall.Kill(before.PID, syscall.SIGKILL)

	for _, c := range hit {
		checkAfterPluginDeath(c)
	}
	other.say("others do not notice")
	other.hears("others do not notice")
	fresh := w.join(t, "", w.echo)
	fresh.say("a new one works")
	fresh.hears("a new one works")

	after := w.mode(t, "http-line")
	if after.PID == before.PID || after.Restarts != 1 || !strings.Contains(after.Error, "SIGKILL") {
		t.Errorf("after the kill the API shows %+v", after)
	}
	w.plugins = append(w.plugins, after.PID)
}

// checkAfterPluginDeath checks the rule for a session whose plugin process has died: it
// goes on, and its client never notices.
func checkAfterPluginDeath(c *client) {
	c.t.Helper()
	c.say("still there")
	c.hears("still there")
}

func TestOrderedStop(t *testing.T) {
	t.Parallel()
	for _, signal := range []syscall.Signal{syscall.SIGTERM, syscall.SIGINT} {
		t.Run(signal.String(), func(t *testing.T) {
			w := start(t)
			var clients []*client
			for i := range 50 {
				query := []string{"", "?mode=raw", "?mode=echo-quit"}[i%3]
				clients = append(clients, w.join(t, query, w.echo))
			}
			clients = append(clients, w.open(t, "")) // before its handshake
			dialled := make(chan struct{})
			noTLS := serve(t, func(conn net.Conn) {
				conn.Read(make([]byte, 1))
				close(dialled)
				hold(conn)
			})
			dialling := w.open(t, "")
			dialling.say("tls://" + noTLS.address)
			receive(t, dialled, "the dial")
			opening := w.open(t, "") // as far as it gets until the signal
			opening.say("tls://" + serve(t, hold).address)

			w.signal(signal)
			for _, c := range clients {
				c.closes(websocket.CloseGoingAway, "the workbench is stopping")
			}
			dialling.refused("the workbench is stopping")
			if heard, closed := opening.linesToEnd(); !strings.Contains(strings.Join(heard, "")+closed.Text, "the workbench is stopping") {
				t.Errorf("while its session was opened a client heard %q and %v", heard, closed)
			}
			if err := w.stopped(0); err != nil {
				t.Error(err)
			}
		})
	}
}

// Peers that read nothing and do not answer do not delay the end.
func TestOrderedStopWithStuckPeers(t *testing.T) {
	t.Parallel()
	w := start(t)
	stalled := make(chan int, 1)
	s := serve(t, func(conn net.Conn) {
		stalled <- untilStalled(conn, make([]byte, 64<<10))
		hold(conn)
	})
	w.join(t, "?mode=raw", s.address) // reads no more
	receive(t, stalled, "the server being slowed down")
	w.signal(syscall.SIGTERM)
	if err := w.stopped(0); err != nil {
		t.Error(err)
	}
}

// Nothing outlives a workbench that could not clean up, and the next one removes the
// directory that it left.
func TestWorkbenchIsKilled(t *testing.T) {
	t.Parallel()
	w := start(t)
	w.join(t, "", w.echo)
	w.signal(syscall.SIGKILL)
	if !w.wait(patience) {
		t.Fatal("SIGKILL did not end it")
	}
	eventually(t, "the end of all plugin processes", func() bool { return !slices.ContainsFunc(w.plugins, alive) })
	filepath.WalkDir(w.runtime, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.Type()&os.ModeSocket != 0 {
			t.Errorf("left behind: %s %v", path, err)
		}
		return nil
	})
	next, err := launchIn(w.runtime)
	if err != nil {
		t.Fatal(err)
	}
	next.stopAfter(t) // fails if anything is left
}

func TestHealth(t *testing.T) {
	t.Parallel()
	resp, err := httpClient.Get("http://" + shared.address + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("answered %s", resp.Status)
	}
}

func TestModesOfTheAPI(t *testing.T) {
	t.Parallel()
	modes, err := shared.modes()
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, m := range modes {
		names = append(names, m.Manifest.Name)
		if m.State != "ready" && m.State != "idle" || (m.State == "ready") != alive(m.PID) || m.Manifest.Title == "" || m.Manifest.Summary == "" {
			t.Errorf("the API shows %+v", m)
		}
	}
	if want := []string{"http-line", "raw", "echo-quit", "resp", "pop3", "dns", "frames", "smtp", "imap", "ftp", "http", "telnet", "mqtt", "lines"}; !slices.Equal(names, want) {
		t.Errorf("the modes are %q, want %q", names, want)
	}
	eol := modes[0].Manifest.Options[0]
	if eol.Name != "eol" || eol.Type != "choice" || eol.Default != "crlf" || !slices.Equal(eol.Choices, []string{"crlf", "lf", "cr", "none"}) {
		t.Errorf("the option eol is %+v", eol)
	}
}

// The page may load its own files and nothing else, and runs no inline script.
func TestPageHeaders(t *testing.T) {
	t.Parallel()
	for path, kind := range map[string]string{
		"/": "text/html", "/app.js": "text/javascript", "/style.css": "text/css", "/favicon.svg": "image/svg+xml",
		"/vendor/preact.js": "text/javascript", "/api/modes": "application/json",
	} {
		resp, err := httpClient.Get("http://" + shared.address + path)
		if err != nil {
			t.Fatal(err)
		}
		resp.Body.Close()
		h := resp.Header
		if resp.StatusCode != http.StatusOK || !strings.HasPrefix(h.Get("Content-Type"), kind) || h.Get("X-Content-Type-Options") != "nosniff" {
			t.Errorf("%s: %s %v", path, resp.Status, h)
		}
		policy := h.Get("Content-Security-Policy")
		for _, rule := range []string{"default-src 'none'", "script-src 'self'", "frame-ancestors 'none'"} {
			if !strings.Contains(policy, rule) {
				t.Errorf("%s: the policy %q has no %s", path, policy, rule)
			}
		}
		if strings.Contains(policy, "unsafe") {
			t.Errorf("%s: the policy %q allows what is unsafe", path, policy)
		}
	}
}

// fails runs the workbench, which must exit with the code and print the words.
func fails(t *testing.T, code int, flags []string, words ...string) {
	t.Helper()
	cmd := exec.Command(workbenchBinary, flags...)
	cmd.Env = append(os.Environ(), "XDG_RUNTIME_DIR="+t.TempDir())
	p, err := run(cmd)
	if err != nil {
		t.Fatal(err)
	}
	if !p.wait(patience) {
		p.signal(syscall.SIGKILL)
		t.Fatalf("it runs, and says %s", p.stdout)
	}
	if p.exitCode() != code {
		t.Errorf("it exited with code %d, want %d", p.exitCode(), code)
	}
	for _, w := range words {
		if !strings.Contains(p.stderr.String(), w) {
			t.Errorf("it said %q, want %q in it", p.stderr, w)
		}
	}
	if lines := strings.Count(p.stderr.String(), "\n"); lines != 1 {
		t.Errorf("it said %d lines, want one: %s", lines, p.stderr)
	}
}

// Whoever has one of the addresses of localhost has its name: a port is taken on both
// addresses or not at all.
func TestAPortIsTaken(t *testing.T) {
	t.Parallel()
	for _, flag := range []string{"--listen", "--echo-listen"} {
		for _, host := range []string{"127.0.0.1", "::1"} {
			listener, err := net.Listen("tcp", net.JoinHostPort(host, "0"))
			if err != nil {
				if host == "::1" {
					continue // a machine without IPv6
				}
				t.Fatal(err)
			}
			defer listener.Close()
			taken := listener.Addr().String()
			_, port, _ := net.SplitHostPort(taken)
			args := []string{"--listen", "127.0.0.1:0", "--echo-listen", "off", flag, "127.0.0.1:" + port}
			fails(t, 1, args, taken+" is taken", flag)
		}
	}
}

// Both addresses of localhost reach the page and the practice server.
func TestBothAddressesOfLocalhost(t *testing.T) {
	t.Parallel()
	for _, address := range []string{shared.address, shared.echo, cmdEcho(t)} {
		_, port, _ := net.SplitHostPort(address)
		conn, err := net.Dial("tcp", "[::1]:"+port)
		switch {
		case err == nil:
			conn.Close()
		case !errors.Is(err, syscall.EADDRNOTAVAIL): // a machine without IPv6
			t.Error(err)
		}
	}
}

// Without a flag the workbench avoids a port that another program uses, and says so.
func TestUsualPortsAreTaken(t *testing.T) {
	t.Parallel()
	for _, usual := range []string{"127.0.0.1:8000", "127.0.0.1:4000"} {
		within(patience, func() bool { // in vain where another program has it and keeps it, which does as well
			listener, err := net.Listen("tcp", usual)
			if err == nil {
				t.Cleanup(func() { listener.Close() })
			}
			return err == nil
		})
	}
	w := start(t, "--listen", "", "--echo-listen", "")
	modes, err := w.modes()
	if err != nil || len(modes) == 0 || strings.HasSuffix(w.address, ":8000") || strings.HasSuffix(w.echo, ":4000") {
		t.Errorf("the page is on %s, the practice server on %s: %v", w.address, w.echo, err)
	}
	for _, words := range []string{":8000 is taken", ":4000 is taken", w.address, w.echo} {
		if !strings.Contains(w.stderr.String(), words) {
			t.Errorf("it says %q, want %q in it", w.stderr, words)
		}
	}
	w.join(t, "", w.echo).say("hello")
}

func TestListenAddresses(t *testing.T) {
	t.Parallel()
	for address, words := range map[string]string{
		"0.0.0.0:0":       "--tls auto",
		"[::]:0":          "--tls auto",
		":0":              "--plain-http",
		"192.0.2.1:0":     "--behind-proxy",
		"8000":            "write it as 127.0.0.1:8000",
		"127.0.0.1:99999": "99999",
	} {
		t.Run(address, func(t *testing.T) {
			fails(t, 1, []string{"--listen", address, "--echo-listen", "off"}, "--listen", words)
		})
	}
}
