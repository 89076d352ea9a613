//go:build linux

package e2e

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/gorilla/websocket"
)

// apart is a workbench with a state directory of its own, which listens where its flags
// say.
type apart struct {
	*process
	url   string // of the page, as it was printed
	state string
	token string
}

// startApart starts one, by a command line before its own or by none.
func startApart(t *testing.T, before []string, files []*os.File, flags ...string) *apart {
	t.Helper()
	a := &apart{state: t.TempDir()}
	runtime, err := os.MkdirTemp("", "wb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(runtime) })
	env := append(os.Environ(), "XDG_RUNTIME_DIR="+runtime, "XDG_STATE_HOME="+a.state)
	line := append(append(before, workbenchBinary), append([]string{"serve", "--echo-listen", "off", "--drain", "0s"}, flags...)...)
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Env, cmd.ExtraFiles = env, files
	if a.process, err = run(cmd); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		a.signal(syscall.SIGTERM)
		if !a.wait(patience) || a.exitCode() != 0 {
			t.Errorf("it did not end well: %s", a.stderr)
		}
	})
	eventually(t, "the page", func() bool { return a.gone() || strings.Contains(a.stdout.String(), "Press Ctrl-C") })
	said := regexp.MustCompile(`(?m)^Protocol Workbench: (\S+)$`).FindStringSubmatch(a.stdout.String())
	if said == nil {
		t.Fatalf("it wrote %s%s", a.stdout, a.stderr)
	}
	a.url = said[1]
	tell := exec.Command(workbenchBinary, "token")
	tell.Env = env
	token, err := tell.Output()
	if err != nil {
		t.Fatal(err)
	}
	a.token = strings.TrimSpace(string(token))
	return a
}

// ask asks with the token, and returns the status and the answer.
func (a *apart) ask(t *testing.T, transport *http.Transport, url string, change func(*http.Request)) (int, string) {
	t.Helper()
	defer transport.CloseIdleConnections()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, "GET", url, nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+a.token)
	if change != nil {
		change(r)
	}
	answer, err := transport.RoundTrip(r)
	if err != nil {
		return 0, err.Error()
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

// trusting is a client's TLS that trusts a file's certificates.
func trusting(t *testing.T, file string) *tls.Config {
	t.Helper()
	text, err := os.ReadFile(file)
	roots := x509.NewCertPool()
	if err != nil || !roots.AppendCertsFromPEM(text) {
		t.Fatalf("%s: %v", file, err)
	}
	return &tls.Config{RootCAs: roots}
}

// ownAddress returns an address of this machine that others can reach.
func ownAddress(t *testing.T) string {
	t.Helper()
	interfaces, err := net.InterfaceAddrs()
	if err != nil {
		t.Fatal(err)
	}
	for _, i := range interfaces {
		if ip, _, err := net.ParseCIDR(i.String()); err == nil && ip.To4() != nil && ip.IsGlobalUnicast() {
			return ip.String()
		}
	}
	t.Skip("this machine has only loopback addresses")
	return ""
}

// With --tls auto another machine's programs and browsers have the page and sessions
// once they trust the authority, and have a token.
func TestOthersComeByTLS(t *testing.T) {
	t.Parallel()
	own := ownAddress(t)
	s := serve(t, func(conn net.Conn) { io.WriteString(conn, "hello\r\n"); hold(conn) })
	a := startApart(t, nil, nil, "--listen", own+":0", "--tls", "auto", "--policy", "allow "+s.address)
	if !strings.HasPrefix(a.url, "https://"+own+":") || !strings.Contains(a.stdout.String(), "--policy public") || !strings.Contains(a.stdout.String(), "workbench ca") {
		t.Fatalf("it says %s", a.stdout)
	}
	trusts := trusting(t, filepath.Join(a.state, "workbench", "ca", "authority.pem"))
	by := &http.Transport{TLSClientConfig: trusts}
	if status, page := a.ask(t, by, a.url+"/", nil); status != http.StatusOK || !strings.Contains(page, "<script") {
		t.Errorf("the page is %d %.100s", status, page)
	}
	if status, why := a.ask(t, &http.Transport{}, a.url+"/", nil); status != 0 || !strings.Contains(why, "certificate") {
		t.Errorf("who does not trust it gets %d %s", status, why)
	}
	if status, why := a.ask(t, &http.Transport{}, strings.Replace(a.url, "https", "http", 1)+"/", nil); status != http.StatusBadRequest {
		t.Errorf("without TLS: %d %s", status, why)
	}
	for name, change := range map[string]func(*http.Request){
		"another name":    func(r *http.Request) { r.Host = "rebound.example:8443" },
		"another origin":  func(r *http.Request) { r.Header.Set("Origin", strings.Replace(a.url, "https", "http", 1)) },
		"an older origin": func(r *http.Request) { r.Header.Set("Origin", "https://"+own) },
	} {
		if status, why := a.ask(t, by, a.url+"/api/modes", change); status != http.StatusForbidden {
			t.Errorf("%s: %d %s", name, status, why)
		}
	}
	if status, _ := a.ask(t, by, a.url+"/api/modes", func(r *http.Request) { r.Header.Set("Authorization", "Bearer x") }); status != http.StatusUnauthorized {
		t.Errorf("a wrong token: %d", status)
	}

	d := websocket.Dialer{TLSClientConfig: trusts, HandshakeTimeout: patience}
	ws, answer, err := d.Dial(strings.Replace(a.url, "https", "wss", 1)+"/websocket/ws", http.Header{"Origin": {a.url}, "Authorization": {"Bearer " + a.token}})
	if err != nil {
		t.Fatalf("%v, %+v", err, answer)
	}
	t.Cleanup(func() { ws.Close() })
	session := &client{t, ws}
	session.say(s.address)
	session.hears("SUCC", "hello")

	conn, err := net.Dial("tcp", strings.TrimPrefix(a.url, "https://")) // a handshake that does not begin
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetReadDeadline(time.Now().Add(patience))
	if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
		t.Errorf("a handshake that does not begin: %v", err)
	}
}

// The page in a browser that trusts the authority: it loads, and talks by wss.
func TestPageByTLS(t *testing.T) {
	own := ownAddress(t)
	s := serve(t, func(conn net.Conn) { io.WriteString(conn, "hello\r\n"); hold(conn) })
	a := startApart(t, nil, nil, "--listen", own+":0", "--tls", "auto", "--policy", "allow "+s.address)
	text, err := os.ReadFile(filepath.Join(a.state, "workbench", "ca", "authority.pem"))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	authority, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	print := sha256.Sum256(authority.RawSubjectPublicKeyInfo)
	chromium := browserWith(t, chromedp.Flag("ignore-certificate-errors-spki-list", base64.StdEncoding.EncodeToString(print[:])),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE "+own))
	link := exec.Command(workbenchBinary, "token", "link", "--at", a.url)
	link.Env = append(os.Environ(), "XDG_STATE_HOME="+a.state)
	out, err := link.Output()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := chromedp.NewContext(chromium, chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	p := &page{t: t, ctx: ctx} // not by visit, which asks the shared workbench for a link
	p.do(chromedp.Navigate(strings.TrimSpace(string(out))))
	p.wait("the list of modes", `document.querySelectorAll("#mode option").length > 1`)
	p.connect(s.address)
	p.shows("hello")
	if got := evaluate[string](p, "location.protocol"); got != "https:" {
		t.Errorf("the page came by %s", got)
	}
}

// A pair of files is read again when it changes.
func TestCertificateIsReplaced(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	newCertificate(t, authority, "localhost").write(t, cert, key)
	os.Chmod(key, 0o600)
	a := startApart(t, nil, nil, "--listen", "127.0.0.1:0", "--tls-cert", cert, "--tls-key", key)
	trusts := trusting(t, authority.file)
	trusts.ServerName = "localhost"
	shown := func() string {
		conn, err := tls.Dial("tcp", strings.TrimPrefix(a.url, "https://"), trusts)
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		return conn.ConnectionState().PeerCertificates[0].SerialNumber.String() + string(conn.ConnectionState().PeerCertificates[0].Signature)
	}
	before := shown()
	newCertificate(t, authority, "localhost").write(t, cert, key)
	eventually(t, "the other certificate", func() bool { return shown() != before })
	if status, _ := a.ask(t, &http.Transport{TLSClientConfig: trusts}, a.url+"/api/modes", nil); status != http.StatusOK {
		t.Errorf("answered %d", status)
	}
}

// Who can reach what must be said together, or nothing starts.
func TestWrongExposure(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	newCertificate(t, authority, "localhost").write(t, cert, key)
	os.Chmod(key, 0o644)
	file := filepath.Join(dir, "file")
	writeFile(t, file, "")
	for _, c := range []struct {
		flags string
		says  string
	}{
		{"--listen 0.0.0.0:0", "add --tls auto"},
		{"--listen 0.0.0.0:0 --tls auto --auth none", "use --auth token"},
		{"--listen 0.0.0.0:0 --plain-http --policy local", "use --policy public"},
		{"--listen 0.0.0.0:0 --tls-cert " + cert, "add --tls-key"},
		{"--listen 0.0.0.0:0 --tls-cert " + cert + " --tls-key " + key, "can be read by other accounts"},
		{"--listen 0.0.0.0:0 --tls auto --plain-http", "leave --plain-http out"},
		{"--listen 127.0.0.1:0 --behind-proxy 127.0.0.1", "add --host"},
		{"--listen 127.0.0.1:0 --behind-proxy 127.0.0.1 --host a.example:443 --auth none", "use --auth token"},
		{"--listen unix:" + file, "is not a socket"},
		{"--listen systemd", "passed no socket"},
		{"--listen 127.0.0.1:0 --tls yes", `it must be auto`},
	} {
		fails(t, 1, strings.Fields("serve --echo-listen off "+c.flags), "--", c.says)
	}
}

// Behind a proxy only what comes through it is answered, by the name of --host, and
// needs the token whosever process the proxy is.
func TestBehindAProxy(t *testing.T) {
	t.Parallel()
	audit := filepath.Join(t.TempDir(), "audit")
	a := startApart(t, nil, nil, "--listen", "127.0.0.1:0", "--behind-proxy", "127.0.0.0/8", "--host", "bench.example:443", "--audit", audit)
	if a.url != "https://bench.example" {
		t.Errorf("it says %s", a.url)
	}
	at := listening(t, a.process)
	to, _ := url.Parse("http://" + at)
	proxy := httptest.NewServer(&httputil.ReverseProxy{ErrorLog: discard, Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(to)
		r.Out.Host = r.In.Host
		r.Out.Header.Set("X-Forwarded-For", "8.8.8.8, 198.51.100.7")
		r.Out.Header.Set("X-Forwarded-Proto", "https")
	}})
	t.Cleanup(proxy.Close)
	named := func(r *http.Request) { r.Host = "bench.example"; r.Header.Set("Origin", "https://bench.example") }
	if status, why := a.ask(t, &http.Transport{}, proxy.URL+"/api/sessions", named); status != http.StatusOK {
		t.Errorf("through the proxy: %d %s", status, why)
	}
	if status, why := a.ask(t, &http.Transport{}, proxy.URL+"/api/sessions", func(r *http.Request) { named(r); r.Header.Del("Authorization") }); status != http.StatusUnauthorized {
		t.Errorf("without a token: %d %s", status, why)
	}
	if status, why := a.ask(t, &http.Transport{}, proxy.URL+"/api/sessions", nil); status != http.StatusForbidden {
		t.Errorf("by the proxy's own name: %d %s", status, why)
	}
	if status, why := a.ask(t, &http.Transport{}, to.String()+"/api/sessions", named); status != http.StatusForbidden || !strings.Contains(why, "X-Forwarded-For") {
		t.Errorf("past the proxy: %d %s", status, why)
	}
	if text, err := os.ReadFile(audit); err != nil || !strings.Contains(string(text), `"from":"198.51.100.7"`) {
		t.Errorf("the audit log is %s, %v", text, err)
	}
}

// listening returns the address of TCP that a process listens on.
func listening(t *testing.T, p *process) string {
	t.Helper()
	out, err := exec.Command("ss", "-Hltnp").Output()
	if err != nil {
		t.Skip("needs ss, of iproute2")
	}
	own := regexp.MustCompile(`(127\.0\.0\.1:\d+) .*pid=` + strconv.Itoa(p.pid()) + `,`).FindStringSubmatch(string(out))
	if own == nil {
		t.Fatalf("it does not listen: %s", out)
	}
	return own[1]
}

// Over a Unix socket, and over one that systemd passes, programs of this account need
// nothing.
func TestUnixSockets(t *testing.T) {
	t.Parallel()
	dir, err := os.MkdirTemp("", "wb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	path := filepath.Join(dir, "socket")
	by := &http.Transport{DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, "unix", path)
	}}
	unnamed := func(r *http.Request) { r.Header.Del("Authorization") }
	a := startApart(t, nil, nil, "--listen", "unix:"+path)
	if a.url != "unix:"+path {
		t.Errorf("it says %s", a.url)
	}
	if status, why := a.ask(t, by, "http://localhost/api/modes", unnamed); status != http.StatusOK {
		t.Errorf("%d %s", status, why)
	}
	if status, why := a.ask(t, by, "http://rebound.example/api/modes", unnamed); status != http.StatusForbidden {
		t.Errorf("another name: %d %s", status, why)
	}
	a.signal(syscall.SIGTERM)
	if !a.wait(patience) {
		t.Fatal("it goes on")
	}
	if _, err := os.Lstat(path); err == nil {
		t.Error("the socket is left")
	}

	passed, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		t.Fatal(err)
	}
	defer passed.Close()
	file, err := passed.File()
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	a = startApart(t, []string{"/bin/sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"`}, []*os.File{file}, "--listen", "systemd")
	if status, why := a.ask(t, by, "http://localhost/api/modes", unnamed); status != http.StatusOK {
		t.Errorf("over systemd's: %d %s", status, why)
	}
}
