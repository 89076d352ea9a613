package target

import (
	"bufio"
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"
)

// issued is a certificate as PEM text, with and without its key.
type issued struct {
	der       []byte
	cert, all string
}

// issue makes a certificate signed by a, or self-signed if a is nil.
func issue(t *testing.T, a *authority, subject string, from, until int, names ...string) issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: subject}, DNSNames: names,
		NotBefore: time.Now().AddDate(from, 0, 0), NotAfter: time.Now().AddDate(until, 0, 0),
	}
	parent, signer := template, key
	if a != nil {
		parent, signer = a.cert, a.key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, &key.PublicKey, signer)
	if err != nil {
		t.Fatal(err)
	}
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	cert := pemOf("CERTIFICATE", der)
	return issued{der, cert, cert + pemOf("PRIVATE KEY", secret)}
}

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

func (a *authority) pem() string { return pemOf("CERTIFICATE", a.cert.Raw) }

// credential parses PEM text.
func credential(t *testing.T, text string) *Credential {
	t.Helper()
	c, err := ParseCredential([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// trusting is a system that trusts a.
func trusting(a *authority) *tls.Config { return &tls.Config{RootCAs: a.pool()} }

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

var accepts = regexp.MustCompile(`ACCEPT (127\.0\.0\.1:\d+)`)

// openssl starts openssl s_server, which serves a page.
func openssl(t *testing.T, c issued, args ...string) Target {
	t.Helper()
	path := file(t, c.all)
	args = append([]string{"s_server", "-accept", "127.0.0.1:0", "-www", "-cert", path, "-key", path}, args...)
	cmd := exec.Command("openssl", args...)
	out, err := cmd.StdoutPipe()
	if err == nil {
		cmd.Stderr = cmd.Stdout
		err = cmd.Start()
	}
	if err != nil {
		t.Fatalf("%v: scripts/deps.sh installs what the tests need", err)
	}
	lines := bufio.NewScanner(out)
	address := make(chan string, 1)
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer close(address)
		for lines.Scan() {
			if m := accepts.FindStringSubmatch(lines.Text()); m != nil {
				address <- m[1]
			}
		}
	}()
	t.Cleanup(func() {
		cmd.Process.Kill()
		<-done
		cmd.Wait()
	})
	at, ok := <-address
	if !ok {
		t.Fatal("openssl s_server did not start")
	}
	return parse(t, "tls://"+at)
}

// page requests a page over HTTP, which shows that the session works.
func page(t *testing.T, c *Conn) string {
	t.Helper()
	c.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := io.WriteString(c, "GET / HTTP/1.0\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(c)
	if !bytes.HasPrefix(text, []byte("HTTP/1.")) {
		t.Fatalf("received %.200q, %v", text, err)
	}
	return string(text)
}

// trouble is a server with which TLS fails at first.
type trouble struct {
	name  string
	to    Target
	host  string // that is dialled; "": the address
	first Security
	code  Code
	words string   // ADDRESS stands for the server's
	ways  []string // that are offered, FP for the certificate's fingerprint
	user  string   // what the user says where a way leaves it open
	told  string   // of the outcome
}

// Each failure has its own code and words and the certificate that was seen, and each
// suggested choice succeeds.
func TestTroubleWithOpenSSL(t *testing.T) {
	a, other := newAuthority(t), newAuthority(t)
	good := issue(t, a, "good", -1, 1, "h.example")
	expired, early := issue(t, a, "expired", -2, -1, "h.example"), issue(t, a, "early", 1, 2, "h.example")
	self := issue(t, nil, "self", -1, 1, "h.example")
	foreign := issue(t, other, "foreign", -1, 1, "h.example")
	elsewhere := issue(t, a, "elsewhere", -1, 1, "*.wild.example", "g.example")
	me, stranger := credential(t, issue(t, a, "me", -1, 1).all), credential(t, issue(t, other, "stranger", -1, 1).all)
	cas := file(t, a.pem())
	var keep Credentials
	ca := credential(t, other.pem())
	for _, c := range []*Credential{me, ca} {
		if err := keep.Add(c); err != nil {
			t.Fatal(err)
		}
	}
	trust := []string{"verify=sha256:FP", "verify=none"}
	for _, c := range []trouble{
		{name: "expired", to: openssl(t, expired), host: "h.example", code: CodeExpired,
			words: "the certificate of h.example expired on " + day(time.Now().AddDate(-1, 0, 0)), ways: trust, told: "verified by its fingerprint"},
		{name: "early", to: openssl(t, early), host: "h.example", code: CodeExpired,
			words: "the certificate of h.example is valid only from " + day(time.Now().AddDate(1, 0, 0)) + " on: is the clock here right?", ways: trust},
		{name: "wrong name", to: openssl(t, elsewhere), host: "h.example", code: CodeWrongName,
			words: "the certificate is not for h.example, but for *.wild.example, g.example", ways: append([]string{"name=g.example"}, trust...), told: "verified by the system"},
		{name: "self-signed", to: openssl(t, self), host: "h.example", code: CodeSelfSigned,
			words: "the certificate of h.example is self-signed: no authority vouches for it", ways: trust},
		{name: "unknown CA", to: openssl(t, foreign), host: "h.example", code: CodeUnknownCA, ways: append([]string{"verify=ca:"}, trust...), user: "ca:" + ca.ID,
			words: `the certificate of h.example is signed by an authority that is not trusted here, "CN=test authority"`, told: "verified by the chosen CA"},
		{name: "another CA was chosen", to: openssl(t, good), host: "h.example", first: Security{Verify: ByCA, CA: ca}, code: CodeUnknownCA, ways: trust,
			words: `the certificate of h.example is signed by an authority that is not trusted here, "CN=test authority"`},
		{name: "another pin", to: openssl(t, good), host: "h.example", first: Security{Verify: ByPin, Pin: strings.Repeat("0", 64)}, code: CodePinMismatch,
			words: "the certificate of h.example is not the one whose fingerprint was given", ways: trust[:1]},
		{name: "TLS 1.0 alone", to: openssl(t, good, "-tls1", "-cipher", "ALL:@SECLEVEL=0"), host: "h.example", code: CodeVersion,
			words: "ADDRESS speaks none of the TLS versions that were offered: 1.2 and later", ways: []string{"min=1.0"}, told: "tls 1.0, TLS_ECDHE_ECDSA_WITH_AES_"},
		{name: "TLS 1.2 at most", to: openssl(t, good, "-tls1_2"), host: "h.example", first: Security{Min: 0x0304}, code: CodeVersion,
			words: "ADDRESS speaks none of the TLS versions that were offered: 1.3", ways: []string{"min=1.0"}, told: "tls 1.2, "},
		{name: "old cipher suites alone", to: openssl(t, good, "-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"), host: "h.example", code: CodeFailed,
			words: "ADDRESS refused the TLS handshake (handshake failure): it may know only old cipher suites", ways: []string{"min=1.0"}, told: "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256"},
		{name: "client certificate, TLS 1.3", to: openssl(t, good, "-Verify", "1", "-verify_return_error", "-CAfile", cas), host: "h.example", code: CodeClientCertWanted,
			words: "ADDRESS wants a client certificate, and none was sent: certificate required", ways: []string{"cert="}, user: me.ID, told: `client certificate "CN=me" sha256:` + me.Fingerprint},
		{name: "client certificate, TLS 1.2", to: openssl(t, good, "-tls1_2", "-Verify", "1", "-verify_return_error", "-CAfile", cas), host: "h.example", code: CodeClientCertWanted,
			words: "ADDRESS wants a client certificate, and none was sent: handshake failure", ways: []string{"cert="}, user: me.ID, told: `client certificate "CN=me"`},
		{name: "another client certificate, TLS 1.3", to: openssl(t, good, "-Verify", "1", "-verify_return_error", "-CAfile", cas), host: "h.example", code: CodeClientCertRefused,
			first: Security{Client: stranger}, words: `ADDRESS refused the client certificate "CN=stranger": `, ways: []string{"cert="}, user: me.ID},
		{name: "another client certificate, TLS 1.2", to: openssl(t, good, "-tls1_2", "-Verify", "1", "-verify_return_error", "-CAfile", cas), host: "h.example", code: CodeClientCertRefused,
			first: Security{Client: stranger}, words: `ADDRESS refused the client certificate "CN=stranger": `, ways: []string{"cert="}, user: me.ID},
		{name: "another protocol by ALPN", to: openssl(t, good, "-alpn", "postgresql"), host: "h.example", first: Security{ALPN: []string{"h2", "http/1.1"}}, code: CodeALPN,
			words: "ADDRESS speaks none of the protocols that were offered by ALPN: h2, http/1.1", ways: []string{"alpn="}, user: "h2,postgresql", told: ", alpn postgresql, "},
		{name: "another name by SNI", to: openssl(t, good, "-servername", "g.example", "-servername_fatal", "-cert2", file(t, elsewhere.all), "-key2", file(t, elsewhere.all)),
			host: "h.example", code: CodeNameWanted, words: "ADDRESS knows no server by the name h.example", ways: []string{"name="}, user: "g.example", told: `certificate "CN=elsewhere"`},
	} {
		t.Run(c.name, func(t *testing.T) { c.try(t, a, &keep) })
	}
}

func (c trouble) try(t *testing.T, a *authority, keep *Credentials) {
	address := strings.TrimPrefix(c.to.String(), "tls://")
	if c.host != "" {
		c.to.Host = c.host
	}
	d := &Dialer{TLSConfig: trusting(a), Resolver: nameServer(answerLoopback)}
	_, err := d.Dial(t.Context(), c.to, c.first)
	e, ok := err.(*Error)
	if !ok {
		t.Fatalf("it was dialled: %v", err)
	}
	checkWords(t, err)
	if want := strings.ReplaceAll(c.words, "ADDRESS", address); e.Code != c.code || !strings.HasPrefix(e.Words, want) {
		t.Errorf("%s %q; want %s %q", e.Code, e.Words, c.code, want)
	}
	seen := strings.Contains(strings.Join(c.ways, " "), "FP") || c.code == CodeClientCertWanted || c.code == CodeClientCertRefused
	if seen != (e.Certificate != nil) {
		t.Fatalf("the certificate: %v", e.Certificate)
	}
	var ways []string
	for _, way := range e.Ways {
		text := way.Name + "=" + way.Value
		if e.Certificate != nil {
			text = strings.ReplaceAll(text, e.Certificate.Fingerprint, "FP")
		}
		ways = append(ways, text)
	}
	if fmt.Sprint(ways) != fmt.Sprint(c.ways) && c.name != "another CA was chosen" {
		t.Errorf("ways on %v; want %v", ways, c.ways)
	}
	for i, way := range e.Ways {
		if way.Value == "" || way.Value == "ca:" {
			way.Value = c.user
		}
		if way.Value == "" {
			continue
		}
		s := c.first
		if err := s.Choose(way, keep); err != nil {
			t.Fatal(err)
		}
		conn, err := d.Dial(t.Context(), c.to, s)
		if err != nil {
			t.Errorf("%v does not help: %v", way, err)
			continue
		}
		if outcome := conn.Secured(); i == 0 && !strings.Contains(outcome, c.told) {
			t.Errorf("told of %q; want %q", outcome, c.told)
		}
		page(t, conn)
		conn.Close()
	}
}

// Nginx refuses clients that do not name one of its servers, and answers a client
// without a certificate in HTTP.
func TestTroubleWithNginx(t *testing.T) {
	a := newAuthority(t)
	me := credential(t, issue(t, a, "me", -1, 1).all)
	named, open := nginx(t, a, issue(t, a, "good", -1, 1, "h.example"))
	var keep Credentials
	for _, c := range []trouble{
		{name: "no name", to: named, code: CodeNameWanted, words: "ADDRESS wants the name of a server (SNI), and an address is not one",
			ways: []string{"name="}, user: "h.example", told: `certificate "CN=good"`},
		{name: "another name", to: named, host: "g.example", code: CodeNameWanted, words: "ADDRESS knows no server by the name g.example",
			ways: []string{"name="}, user: "h.example", told: "verified by the system"},
	} {
		t.Run(c.name, func(t *testing.T) { c.try(t, a, &keep) })
	}
	open.Host = "h.example"
	d := &Dialer{TLSConfig: trusting(a), Resolver: nameServer(answerLoopback)}
	for _, c := range []struct {
		s          Security
		page, told string
	}{
		{Security{}, "400 No required SSL certificate was sent", ", a client certificate was asked for and not sent"},
		{Security{Client: me}, "hello CN=me", `, client certificate "CN=me" sha256:` + me.Fingerprint},
	} {
		conn, err := d.Dial(t.Context(), open, c.s)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.HasSuffix(conn.Secured(), c.told) {
			t.Errorf("told of %q; want %q", conn.Secured(), c.told)
		}
		if text := page(t, conn); !strings.Contains(text, c.page) {
			t.Errorf("received %q; want %q", text, c.page)
		}
		conn.Close()
	}
}

const nginxConfig = `
daemon off; master_process off; pid DIR/pid; error_log DIR/log;
events {}
http {
	access_log off;
	client_body_temp_path DIR/b; proxy_temp_path DIR/p; fastcgi_temp_path DIR/f; uwsgi_temp_path DIR/u; scgi_temp_path DIR/s;
	ssl_certificate DIR/cert; ssl_certificate_key DIR/cert;
	server { listen NAMED ssl default_server; ssl_reject_handshake on; }
	server { listen NAMED ssl; server_name h.example; location / { return 200 "hello\n"; } }
	server { listen OPEN ssl; ssl_verify_client on; ssl_client_certificate DIR/ca; location / { return 200 "hello $ssl_client_s_dn\n"; } }
}
`

// nginx starts nginx with two servers: one requires a name, one a client certificate
// signed by a.
func nginx(t *testing.T, a *authority, c issued) (named, open Target) {
	t.Helper()
	t.Setenv("PATH", os.Getenv("PATH")+":/usr/sbin")
	dir := t.TempDir()
	first, second := freeAddress(t), freeAddress(t)
	for name, text := range map[string]string{
		"cert": c.all, "ca": a.pem(),
		"conf": strings.NewReplacer("DIR", dir, "NAMED", first, "OPEN", second).Replace(nginxConfig),
	} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var said bytes.Buffer
	cmd := exec.Command("nginx", "-e", filepath.Join(dir, "log"), "-c", filepath.Join(dir, "conf"))
	cmd.Stdout, cmd.Stderr = &said, &said
	if err := cmd.Start(); err != nil {
		t.Fatalf("%v: scripts/deps.sh installs what the tests need", err)
	}
	ended := make(chan struct{})
	go func() { defer close(ended); cmd.Wait() }()
	t.Cleanup(func() { cmd.Process.Kill(); <-ended })
	for _, address := range []string{first, second} {
		for {
			conn, err := net.Dial("tcp", address)
			if err == nil {
				conn.Close()
				break
			}
			select {
			case <-ended:
				t.Fatalf("nginx did not start:\n%s", said.String())
			case <-time.After(10 * time.Millisecond):
			}
		}
	}
	return parse(t, "tls://"+first), parse(t, "tls://"+second)
}

func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}
