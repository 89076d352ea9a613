//go:build linux

package e2e

import (
	"context"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/gorilla/websocket"
)

// deployed returns a file of the folder deploy, with some of its words replaced, each of
// which it must contain.
func deployed(t *testing.T, name string, replace ...string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "deploy", name))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(replace); i += 2 {
		if !strings.Contains(string(text), replace[i]) {
			t.Fatalf("deploy/%s does not contain %q", name, replace[i])
		}
	}
	return strings.NewReplacer(replace...).Replace(string(text))
}

const deployedName = "workbench.example.org"

// behindProxy starts a workbench as the files of the folder deploy say, and returns it with the
// address of its proxy.
func behindProxy(t *testing.T) (a *apart, proxy string) {
	t.Helper()
	proxy = freePort(t)
	_, port, _ := net.SplitHostPort(proxy)
	a = startApart(t, nil, nil, "--listen", "127.0.0.1:0", "--behind-proxy", "127.0.0.1/32", "--host", net.JoinHostPort(deployedName, port), "--policy", "public", "--policy", "allow 127.0.0.0/8")
	if want := "https://" + net.JoinHostPort(deployedName, port); a.url != want {
		t.Fatalf("it says %s, want %s", a.url, want)
	}
	return a, proxy
}

// startProxy starts a program and waits until it takes connections.
func startProxy(t *testing.T, address string, cmd *exec.Cmd) {
	t.Helper()
	p, err := run(cmd)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		p.signal(syscall.SIGTERM)
		if !p.wait(patience) {
			t.Error("the proxy did not stop")
			p.signal(syscall.SIGKILL)
		}
		if t.Failed() {
			t.Logf("the proxy wrote:\n%s%s", p.stdout, p.stderr)
		}
	})
	eventually(t, "the proxy", func() bool {
		conn, err := net.Dial("tcp", address)
		if err == nil {
			conn.Close()
		}
		return err == nil || p.gone()
	})
	if p.gone() {
		t.Fatalf("the proxy ended: %s%s", p.stdout, p.stderr)
	}
}

func TestBehindNginx(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("nginx")
	if err != nil {
		program = "/usr/sbin/nginx" // which is not in every user's PATH
	}
	if _, err := os.Stat(program); err != nil {
		t.Fatal("nginx is missing: install it, as in: apt-get install nginx-light")
	}
	a, proxy := behindProxy(t)
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	newCertificate(t, authority, deployedName).write(t, cert, key)
	site := deployed(t, "nginx.conf", "listen 443 ssl", "listen "+proxy+" ssl", "http://127.0.0.1:8000;", "http://"+listening(t, a.process)+";",
		"/etc/ssl/workbench.example.org.crt", cert, "/etc/ssl/private/workbench.example.org.key", key)
	frame, _, _ := strings.Cut(strings.ReplaceAll(nginxConfig, "DIR", dir), "\ttypes")
	writeFile(t, filepath.Join(dir, "nginx.conf"), frame+site+"}\n")
	startProxy(t, proxy, exec.Command(program, "-c", filepath.Join(dir, "nginx.conf"), "-p", dir, "-e", filepath.Join(dir, "error.log")))
	usedThroughProxy(t, a, proxy)
}

func TestBehindCaddy(t *testing.T) {
	t.Parallel()
	program, err := exec.LookPath("caddy")
	if err != nil {
		t.Fatal("caddy is missing: install it, as in: apt-get install caddy")
	}
	a, proxy := behindProxy(t)
	_, port, _ := net.SplitHostPort(proxy)
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	newCertificate(t, authority, deployedName).write(t, cert, key)
	site := deployed(t, "Caddyfile", "workbench.example.org {", deployedName+":"+port+" {\n\tbind 127.0.0.1\n\ttls "+cert+" "+key,
		"reverse_proxy 127.0.0.1:8000", "reverse_proxy "+listening(t, a.process))
	// Not of the site: no API of Caddy's, no listener on port 80.
	writeFile(t, filepath.Join(dir, "Caddyfile"), "{\n\tadmin off\n\tauto_https disable_redirects\n}\n"+site)
	cmd := exec.Command(program, "run", "--config", filepath.Join(dir, "Caddyfile"), "--adapter", "caddyfile")
	cmd.Env = append(os.Environ(), "HOME="+dir, "XDG_DATA_HOME="+dir, "XDG_CONFIG_HOME="+dir)
	startProxy(t, proxy, cmd)
	usedThroughProxy(t, a, proxy)
}

// usedThroughProxy loads the page, holds a session, and gets a long answer.
func usedThroughProxy(t *testing.T, a *apart, proxy string) {
	t.Helper()
	trusts := trusting(t, authority.file)
	dial := func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "tcp", proxy)
	}
	by := func() *http.Transport { return &http.Transport{TLSClientConfig: trusts, DialContext: dial} }
	browser := &http.Client{Transport: by(), Timeout: patience}
	defer browser.CloseIdleConnections()
	r, _ := http.NewRequestWithContext(t.Context(), "GET", a.url+"/", nil)
	r.Header.Set("Authorization", "Bearer "+a.token)
	page, err := browser.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	text, _ := io.ReadAll(page.Body)
	page.Body.Close()
	if csp := page.Header.Get("Content-Security-Policy"); page.StatusCode != http.StatusOK || !strings.Contains(string(text), "<html") || !strings.Contains(csp, "default-src") {
		t.Errorf("the page: %s, policy %q:\n%.200s", page.Status, csp, text)
	}
	if status, _ := a.ask(t, by(), a.url+"/api/modes", func(r *http.Request) { r.Header.Del("Authorization") }); status != http.StatusUnauthorized {
		t.Errorf("without a token: %d", status)
	}
	if status, _ := a.ask(t, by(), a.url+"/api/modes", func(r *http.Request) {
		r.Header.Set("X-Forwarded-Proto", "http")
		r.Header.Set("X-Forwarded-For", "127.0.0.1")
	}); status != http.StatusOK {
		t.Errorf("with headers that the proxy must replace: %d", status)
	}

	const bulk = 10 << 20
	s := serve(t, func(conn net.Conn) {
		if _, err := io.CopyN(conn, conn, 5); err == nil {
			conn.Write(make([]byte, bulk))
		}
		hold(conn)
	})
	d := websocket.Dialer{TLSClientConfig: trusts, NetDialContext: dial, HandshakeTimeout: patience}
	ws, answer, err := d.Dial(strings.Replace(a.url, "https", "wss", 1)+"/websocket/ws?mode=raw", http.Header{"Origin": {a.url}, "Authorization": {"Bearer " + a.token}})
	if err != nil {
		t.Fatalf("%v, %+v", err, answer)
	}
	t.Cleanup(func() { ws.Close() })
	session := &client{t, ws}
	session.say(s.address)
	session.hears("SUCC")
	session.say("hello")
	for got := 0; got < len("hello")+bulk; {
		_, data := session.next()
		got += len(data)
	}
}

// TestUnit holds the unit to what systemd knows of it. That the sandbox holds under it
// was tried by hand: no systemd runs where tests do.
func TestUnit(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("systemd-analyze"); err != nil {
		t.Skip("systemd-analyze is not installed")
	}
	dir := t.TempDir()
	service, socket := filepath.Join(dir, "workbench.service"), filepath.Join(dir, "workbench.socket")
	writeFile(t, service, deployed(t, "workbench.service", "/usr/local/bin/workbench", workbenchBinary))
	writeFile(t, socket, deployed(t, "workbench.socket"))
	if out, err := exec.Command("systemd-analyze", "verify", "--man=no", service, socket).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("systemd-analyze verify: %v\n%s", err, out)
	}
	const most = "23" // tenths: docs/deploy.md says 2.2, and newer versions count a little more
	if out, err := exec.Command("systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold="+most, service).CombinedOutput(); err != nil {
		t.Errorf("systemd-analyze security: %v\n%s", err, out)
	}
}
