//go:build linux

package e2e

import (
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/chromedp/chromedp/kb"
)

// proxyServer starts a proxy, and returns its address.
func proxyServer(t testing.TB, program string, args func(port string) []string) string {
	t.Helper()
	address := freePort(t)
	_, port, _ := net.SplitHostPort(address)
	p, err := run(exec.Command(program, args(port)...))
	if err != nil {
		t.Fatalf("%v: scripts/deps.sh installs what the tests need", err)
	}
	t.Cleanup(func() {
		p.signal(syscall.SIGTERM)
		if !p.wait(patience) {
			p.signal(syscall.SIGKILL)
		}
		if t.Failed() {
			t.Logf("%s wrote:\n%s%s", program, p.stdout, p.stderr)
		}
	})
	eventually(t, program+" taking connections", func() bool { return isListened("tcp", address) })
	return address
}

// tinyproxy starts an HTTP proxy that connects to one port alone, for a user or anyone.
func tinyproxy(t testing.TB, allowed, user string) string {
	t.Helper()
	return proxyServer(t, "tinyproxy", func(port string) []string {
		_, connect, _ := net.SplitHostPort(allowed)
		config := fmt.Sprintf("Port %s\nListen 127.0.0.1\nTimeout 60\nMaxClients 20\nConnectPort %s\n", port, connect)
		if user != "" {
			config += "BasicAuth " + user + "\n"
		}
		file := filepath.Join(t.TempDir(), "conf")
		writeFile(t, file, config)
		return []string{"-d", "-c", file}
	})
}

// microsocks starts a SOCKS5 proxy, for a user or anyone.
func microsocks(t testing.TB, user, password string) string {
	t.Helper()
	return proxyServer(t, "microsocks", func(port string) []string {
		args := []string{"-i", "127.0.0.1", "-p", port}
		if user != "" {
			args = append(args, "-u", user, "-P", password)
		}
		return args
	})
}

// TLS with nginx through SOCKS5 and CONNECT, with names resolved on either side; and what
// proxies refuse. No log and no recording has the password.
func TestThroughProxies(t *testing.T) {
	t.Parallel()
	plain, secure := nginx(t)
	_, port, _ := net.SplitHostPort(secure)
	http, login := tinyproxy(t, secure, ""), tinyproxy(t, secure, "me hush")
	socks, loginSocks := microsocks(t, "", ""), microsocks(t, "me", "hush")
	w, folder := keeper(t, "--verbose", "--audit", filepath.Join(t.TempDir(), "audit"))
	for _, via := range []string{
		"http://" + http, "httph://" + http, "http://me:hush@" + login,
		"socks5://" + socks, "socks5h://" + socks, "socks5://me:hush@" + loginSocks,
	} {
		target := "tls://localhost:" + port
		c := w.join(t, "?tls.name=127.0.0.1&via="+url.QueryEscape(via), target)
		c.say("GET /api HTTP/1.0", "")
		if lines, _ := c.linesToEnd(); !strings.Contains(strings.Join(lines, "\n"), `{"ok":true}`) {
			t.Errorf("%s: the API answered %q", via, lines)
		}
	}
	for via, words := range map[string]string{
		"http://" + login:                  "wants a user and a password",
		"http://me:secret@" + login:        "refused the user or the password",
		"socks5://" + loginSocks:           "wants a user and a password",
		"socks5://me:secret@" + loginSocks: "refused the user or the password",
		"http://127.0.0.1:1":               "the proxy http://127.0.0.1:1 cannot be reached: connection refused",
		"ftp://me:hush@127.0.0.1:1":        "via: unknown kind of proxy ftp://",
	} {
		c := w.open(t, "?via="+url.QueryEscape(via))
		c.say("tls://" + secure)
		c.refused(words)
	}
	c := w.open(t, "?via="+url.QueryEscape("http://"+http))
	c.say(plain) // tinyproxy does not allow this port
	c.refused("does not allow the connection: " + plain)
	c = w.open(t, "?via="+url.QueryEscape("socks5://"+socks))
	c.say("127.0.0.1:1")
	c.refused("says that the connection was refused: 127.0.0.1:1")
	c = w.open(t, "?via=socks5://h")
	c.say("unix:///run/x")
	c.refused("via is for hosts")

	told := w.stderr.String()
	var recorded string
	files, _ := filepath.Glob(filepath.Join(folder, "*.transcript"))
	for _, f := range files {
		text, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		recorded += string(text)
	}
	if strings.Contains(told+recorded, "hush") || !strings.Contains(recorded, "through the proxy socks5://"+loginSocks) {
		t.Errorf("the log or the recordings have the password, or not the proxy:\n%s\n%s", told, recorded)
	}
}

// A user beside the account cannot leave names to a proxy, nor name one that the policy
// denies.
func TestProxiesAndPolicy(t *testing.T) {
	t.Parallel()
	canary := serve(t, func(net.Conn) { t.Error("a denied proxy was dialled") })
	users := filepath.Join(t.TempDir(), "users")
	token := addUser(t, users, "anna")
	w := start(t, "--users", users)
	if got := w.told(t, token, "?via="+url.QueryEscape("socks5h://"+canary.address), "h:1"); !strings.HasPrefix(got, "FAIL:this target may not be dialled") {
		t.Errorf("a user is told %q", got)
	}
	public := start(t, "--policy", "public")
	c := public.open(t, "?via="+url.QueryEscape("http://"+canary.address))
	c.say("192.0.0.9:1")
	c.refused("may not be dialled: denied by the preset public")

	out, err := exec.Command(workbenchBinary, "serve", "--listen", "127.0.0.1:0", "--policy", "public", "--proxy", "socks5h://me:hush@h").CombinedOutput()
	if err == nil || !strings.Contains(string(out), "--policy is about addresses") || strings.Contains(string(out), "hush") {
		t.Errorf("%v, %s", err, out)
	}
}

// serve --proxy is for what is elsewhere, and play client goes through its own always.
func TestProxyByFlag(t *testing.T) {
	t.Parallel()
	plain, _ := nginx(t)
	socks := microsocks(t, "me", "hush")
	w, folder := keeper(t, "--proxy", "socks5://me:hush@"+socks)
	w.join(t, "", w.echo).vanish() // directly
	c := w.join(t, "?via="+url.QueryEscape("socks5://me:hush@"+socks), plain)
	c.say("GET /api HTTP/1.0", "")
	c.linesToEnd()
	var file string
	eventually(t, "a recording by way of the proxy", func() bool {
		files, _ := filepath.Glob(filepath.Join(folder, "*.transcript"))
		for _, f := range files {
			text, _ := os.ReadFile(f)
			if strings.Contains(string(text), "through the proxy socks5://"+socks) && strings.Contains(string(text), "ended:") {
				file = f
			} else if strings.Contains(string(text), w.echo) && strings.Contains(string(text), "through") {
				t.Error("the echo server was dialled through the proxy")
			}
		}
		return file != ""
	})
	play := exec.Command(workbenchBinary, "play", "client", file, "--to", plain, "--proxy", "socks5://me:hush@"+socks)
	if out, err := play.CombinedOutput(); err != nil && play.ProcessState.ExitCode() != 1 || !strings.Contains(string(out), "through the proxy socks5://"+socks+"\n") || strings.Contains(string(out), "hush") {
		t.Errorf("played: %v\n%s", err, out)
	}
	// What is not of this machine goes through it, which says so.
	c = w.open(t, "")
	c.say("192.0.2.1:1")
	if _, got := c.next(); !strings.Contains(string(got), "the proxy socks5://"+socks) {
		t.Errorf("told %q", got)
	}
}

// On the page, the proxy stands in Via; its password is not kept.
func TestPageVia(t *testing.T) {
	t.Parallel()
	plain, _ := nginx(t)
	socks := microsocks(t, "me", "hush")
	p := visit(t, browser(t), "http://"+shared.address)
	p.paste("#host", plain)
	p.click("#via-menu")
	p.wait("the field", `document.querySelector("#via")`)
	p.fill("#via", "socks5://me:hush@"+socks)
	p.press(kb.Enter)
	p.status("Connected")
	p.fill("#command", "GET /api HTTP/1.0")
	p.press(kb.Enter + kb.Enter)
	p.wait("the answer", `document.querySelector("#console").textContent.includes('{"ok":true}')`)
	p.wait("that the proxy is kept", `JSON.stringify({...localStorage}).includes("socks5://me@")`)
	p.wait("that the password is not", `!JSON.stringify([{...localStorage}, {...sessionStorage}]).includes("hush")`)
}
