package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"io"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/cmd/workbench/tlsflags"
	"github.com/protocol-workbench/workbench/core/stall"
	"github.com/protocol-workbench/workbench/core/target"
)

// testCA signs certificates for tests.
type testCA struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
	file string
}

func newTestCA(t *testing.T) *testCA {
	t.Helper()
	ca := &testCA{cert: &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "ours"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: time.Now().AddDate(-9, 0, 0), NotAfter: time.Now().AddDate(9, 0, 0),
	}}
	ca.file, _ = ca.issue(t, ca.cert)
	return ca
}

// issue signs a certificate and returns its file and that of its key. ca signs
// its own first of all.
func (ca *testCA) issue(t *testing.T, template *x509.Certificate) (certFile, keyFile string) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	must(t, err)
	if ca.key == nil {
		ca.key = key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, ca.cert, &key.PublicKey, ca.key)
	must(t, err)
	secret, err := x509.MarshalPKCS8PrivateKey(key)
	must(t, err)
	block := func(kind string, der []byte) string {
		return write(t, string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})))
	}
	if template == ca.cert {
		ca.cert, err = x509.ParseCertificate(der)
		must(t, err)
	}
	return block("CERTIFICATE", der), block("PRIVATE KEY", secret)
}

func leaf(name string, until int) *x509.Certificate {
	return &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()), Subject: pkix.Name{CommonName: name}, DNSNames: []string{name},
		NotBefore: time.Now().AddDate(-2, 0, 0), NotAfter: time.Now().AddDate(until, 0, 0),
	}
}

// What --tls-credential names is there, or it is said what is wrong with it.
func TestReadCredentials(t *testing.T) {
	ca := newTestCA(t)
	keep, err := tlsflags.Credentials([]string{ca.file, ca.file})
	if err != nil || len(keep.List()) != 1 || keep.List()[0].Subject != "CN=ours" {
		t.Errorf("%v, %v", keep.List(), err)
	}
	for file, want := range map[string]string{
		"nowhere.pem":      "--tls-credential: nowhere.pem cannot be read: no such file",
		write(t, smtpTalk): "talk.golden: no PEM text",
	} {
		if _, err := tlsflags.Credentials([]string{file}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v; want %s", err, want)
		}
	}
}

// What play client says of a server with which TLS fails names the flags that
// go on, and they do.
func TestPlayClientGoesOn(t *testing.T) {
	file := write(t, smtpTalk)
	ca := newTestCA(t)
	good, goodKey := ca.issue(t, leaf("localhost", 1))
	old, oldKey := ca.issue(t, leaf("localhost", -1))
	other, otherKey := ca.issue(t, leaf("box.example", 1))
	me, myKey := ca.issue(t, leaf("me", 1))
	for name, c := range map[string]struct {
		server, first []string
		words, add    string // add: the flags that it is told to add; FP for the fingerprint
		user          []string
		told          string // of the outcome
	}{
		"self-signed": {nil, nil, "the certificate of localhost is self-signed: no authority vouches for it",
			"--tls-verify sha256:FP, or --tls-verify none", []string{"--tls-verify", "none"}, "NOT VERIFIED"},
		"unknown CA": {[]string{"--tls-cert", good, "--tls-key", goodKey}, nil, `the certificate of localhost is signed by an authority that is not trusted here, "CN=ours"`,
			"--tls-ca FILE, or --tls-verify sha256:FP, or --tls-verify none", []string{"--tls-ca", ca.file}, "verified by the chosen CA"},
		"expired": {[]string{"--tls-cert", old, "--tls-key", oldKey}, nil, "the certificate of localhost expired on ",
			"--tls-verify sha256:FP, or --tls-verify none", []string{"--tls-verify", "FP"}, "verified by its fingerprint"},
		"wrong name": {[]string{"--tls-cert", other, "--tls-key", otherKey}, []string{"--tls-ca", ca.file}, "the certificate is not for localhost, but for box.example",
			"--tls-name box.example, or --tls-verify sha256:FP, or --tls-verify none", []string{"--tls-name", "box.example"}, "verified by the chosen CA"},
		"another pin": {nil, []string{"--tls-verify", "sha256:" + strings.Repeat("0", 64)}, "the certificate of localhost is not the one whose fingerprint was given",
			"--tls-verify sha256:FP", nil, ""},
		"client certificate": {[]string{"--tls-cert", good, "--tls-key", goodKey, "--tls-client-ca", ca.file}, []string{"--tls-ca", ca.file}, "wants a client certificate, and none was sent",
			"--tls-cert FILE --tls-key FILE", []string{"--tls-cert", me, "--tls-key", myKey}, `client certificate "CN=me" sha256:`},
		"another protocol": {[]string{"--tls-alpn", "smtp"}, []string{"--tls-verify", "none", "--tls-alpn", "h2"}, "speaks none of the protocols that were offered by ALPN: h2",
			"--tls-alpn PROTOCOLS", []string{"--tls-alpn", "h2,smtp"}, ", alpn smtp, "},
		"not TLS": {[]string{"plain"}, nil, "answered, but does not speak TLS: leave tls:// out", "", nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			server := append([]string{"--fast", "--tls"}, c.server...)
			if name == "not TLS" {
				server = server[:1]
			}
			address, _ := startPlayServer(t, append(server, file)...)
			_, port, _ := net.SplitHostPort(address)
			args := append([]string{file, "--to", "tls://localhost:" + port}, c.first...)
			code, stdout, stderr := playClientRun(t, args...)
			fingerprint := regexp.MustCompile(`\nThe certificate: ".*" sha256:([0-9a-f]{64}), issued by `).FindStringSubmatch(stderr)
			if fingerprint == nil {
				fingerprint = []string{"", "none was seen"}
			}
			add := ""
			if c.add != "" {
				add = "\nTo go on, add " + strings.ReplaceAll(c.add, "FP", fingerprint[1])
			}
			if code != 2 || !strings.Contains(stderr, c.words) || !strings.HasSuffix(stderr, add) || stdout != "" {
				t.Fatalf("code %d\n%s%s", code, stdout, stderr)
			}
			if c.user == nil {
				return
			}
			for i := range c.user {
				if c.user[i] == "FP" {
					c.user[i] = "sha256:" + fingerprint[1]
				}
			}
			code, stdout, stderr = playClientRun(t, append(args, c.user...)...)
			if code != 0 || !strings.HasPrefix(stderr, "tls 1.3, TLS_") || !strings.Contains(stderr, c.told) {
				t.Errorf("%v: code %d\n%s%s", c.user, code, stdout, stderr)
			}
		})
	}
}

// The line that play server prints is what play client takes, and openssl
// s_client finds what was asked for.
func TestPlayServerOverTLS(t *testing.T) {
	file := write(t, smtpTalk)
	ca := newTestCA(t)
	cert, key := ca.issue(t, leaf("box.example", 1))
	me, myKey := ca.issue(t, leaf("me", 1))

	stdout, end := servedTLS(t, file)
	flags := strings.Fields(stdout.find(t, `\nIts certificate: (--tls-verify sha256:[0-9a-f]{64})\n`))
	address := stdout.find(t, `(127\.0\.0\.1:\d+)`)
	if code, out, stderr := playClientRun(t, append([]string{file, "--to", "tls://" + address}, flags...)...); code != 0 {
		t.Errorf("code %d\n%s%s", code, out, stderr)
	}
	probe(t, address, false)
	if told := end(); told != "" {
		t.Errorf("a probe is told of: %s", told)
	}

	for name, c := range map[string]struct {
		server, client []string
		want           string
	}{
		"by its authority":   {nil, []string{"-CAfile", ca.file, "-verify_return_error", "-verify_hostname", "box.example"}, "Verify return code: 0 (ok)"},
		"ALPN":               {[]string{"--tls-alpn", "h2,smtp"}, []string{"-alpn", "smtp"}, "ALPN protocol: smtp"},
		"TLS 1.0":            {[]string{"--tls-min", "1.0"}, []string{"-tls1", "-cipher", "ALL:@SECLEVEL=0"}, "Protocol  : TLSv1\n"},
		"a CBC suite":        {[]string{"--tls-min", "1.1"}, []string{"-tls1_2", "-cipher", "ECDHE-ECDSA-AES128-SHA256"}, "ECDHE-ECDSA-AES128-SHA256"},
		"client certificate": {[]string{"--tls-client-ca", ca.file}, []string{"-cert", me, "-key", myKey}, "221 bye"},
	} {
		t.Run(name, func(t *testing.T) {
			stdout, end := servedTLS(t, append([]string{"--tls-cert", cert, "--tls-key", key, file}, c.server...)...)
			address := stdout.find(t, `(127\.0\.0\.1:\d+)`)
			cmd := exec.Command("openssl", append([]string{"s_client", "-connect", address, "-ign_eof"}, c.client...)...)
			cmd.Stdin = strings.NewReader("QUIT\r\n")
			out, err := cmd.CombinedOutput()
			if told := end(); !strings.Contains(string(out), c.want) || !strings.Contains(string(out), "221 bye") || told != "" {
				t.Errorf("%v, told %q\n%s", err, told, out)
			}
		})
	}
	for name, c := range map[string]struct {
		server, client []string
		told           string
	}{
		"no client certificate": {[]string{"--tls-client-ca", ca.file}, nil, "the TLS handshake failed: tls: client didn't provide a certificate"},
		"the least version":     {[]string{"--tls-min", "1.3"}, []string{"-tls1_2"}, "the TLS handshake failed: tls: client offered only unsupported versions"},
	} {
		t.Run(name, func(t *testing.T) {
			stdout, end := servedTLS(t, append([]string{"--tls-cert", cert, "--tls-key", key, file}, c.server...)...)
			cmd := exec.Command("openssl", append([]string{"s_client", "-connect", stdout.find(t, `(127\.0\.0\.1:\d+)`)}, c.client...)...)
			cmd.Stdin = strings.NewReader("QUIT\r\n")
			out, _ := cmd.CombinedOutput()
			if told := end(); !regexp.MustCompile(`^client 127\.0\.0\.1:\d+: ` + regexp.QuoteMeta(c.told)).MatchString(told) {
				t.Errorf("told %q; want %q\n%s", told, c.told, out)
			}
		})
	}
}

// Both ends of a session log the same secrets, into files of their owner's alone, and
// append them.
func TestKeyLog(t *testing.T) {
	file := write(t, smtpTalk)
	dir := t.TempDir()
	server, client := filepath.Join(dir, "server"), filepath.Join(dir, "client")
	must(t, os.WriteFile(client, []byte("# before\n"), 0o644))
	stdout, end := servedTLS(t, file, "--tls-keylog", server)
	flags := strings.Fields(stdout.find(t, `\nIts certificate: (--tls-verify sha256:[0-9a-f]{64})\n`))
	address := stdout.find(t, `(127\.0\.0\.1:\d+)`)
	code, out, stderr := playClientRun(t, append([]string{file, "--to", "tls://" + address, "--tls-keylog", client}, flags...)...)
	if told := end(); code != 0 || !strings.HasPrefix(stderr, "warning: the secrets of TLS") || !strings.HasPrefix(told, "warning: the secrets of TLS") {
		t.Errorf("code %d\n%s%s%s", code, out, stderr, told)
	}
	secrets := func(path string) []string {
		text, err := os.ReadFile(path)
		must(t, err)
		info, err := os.Stat(path)
		must(t, err)
		if mode := info.Mode().Perm(); mode != 0o600 && runtime.GOOS != "windows" {
			t.Errorf("%s has mode %v", path, mode)
		}
		lines := strings.Split(strings.TrimSpace(string(text)), "\n")
		slices.Sort(lines)
		return lines
	}
	ours, theirs := secrets(client), secrets(server)
	if ours[0] != "# before" || !slices.Equal(ours[1:], theirs) || !strings.HasPrefix(theirs[0], "CLIENT_HANDSHAKE_TRAFFIC_SECRET ") {
		t.Errorf("the client logged %q, the server %q", ours, theirs)
	}
	for _, c := range []struct {
		args []string
		want string
	}{
		{[]string{file, "--to", "127.0.0.1:1", "--tls-keylog", client}, "for a server that speaks TLS"},
		{[]string{file, "--to", "tls://127.0.0.1:1", "--tls-keylog", dir}, "not a regular file"},
	} {
		if code, _, stderr := playClientRun(t, c.args...); code != 2 || !strings.Contains(stderr, c.want) {
			t.Errorf("%v: code %d, %s", c.args, code, stderr)
		}
	}
}

// servedTLS plays a server over TLS; end stops it and returns what it told.
func servedTLS(t *testing.T, args ...string) (stdout *output, end func() string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	stdout, stderr := newOutput(), newOutput()
	done := make(chan int, 1)
	go func() {
		done <- playRun(ctx, append([]string{"server", "--tls", "--fast", "--listen", "127.0.0.1:0"}, args...), stdout, stderr)
	}()
	return stdout, func() string {
		cancel()
		if code := <-done; code != 0 {
			t.Errorf("play server ended with %d", code)
		}
		return stderr.String()
	}
}

// What broke when it was recorded breaks over TLS too: no close_notify says that
// all is well.
func TestPlayBreaksOverTLS(t *testing.T) {
	file := write(t, "workbench transcript v1\nmode raw\n\n>> server \"a\"\n<< server \"x\"\n>> server failed \"connection reset by the server\"\n")
	address, _ := startPlayServer(t, "--fast", "--tls", file)
	if code, stdout, stderr := playClientRun(t, file, "--to", "tls://"+address, "--tls-verify", "none"); code != 0 {
		t.Errorf("code %d\n%s%s", code, stdout, stderr)
	}
	whole := write(t, "workbench transcript v1\nmode raw\n\n>> server \"a\"\n<< server \"x\"\n>> server eof\n")
	if code, stdout, _ := playClientRun(t, whole, "--to", "tls://"+address, "--tls-verify", "none"); code != 1 || !strings.Contains(stdout, "connection reset") {
		t.Errorf("as an end: code %d\n%s", code, stdout)
	}
}

// A server that takes nothing for a while is waited for: a write over TLS that
// timed out in the middle could not be gone on with.
func TestPlayClientWaitsOverTLS(t *testing.T) {
	file := write(t, "workbench transcript v1\nmode raw\n\n"+strings.Repeat("<< server \""+strings.Repeat("x", 1<<20)+"\"\n", 16)+">> server \"a\"\n")
	made, err := target.SelfSigned("ours")
	must(t, err)
	l, err := tls.Listen("tcp", "127.0.0.1:0", &tls.Config{Certificates: []tls.Certificate{made.Pair()}})
	must(t, err)
	defer l.Close()
	const pause = 3 * stall.Limit / 30
	go func() {
		conn, err := l.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		conn.(*tls.Conn).Handshake()
		time.Sleep(pause)
		if n, err := io.CopyN(io.Discard, conn, 16<<20); err != nil {
			t.Errorf("after %d bytes: %v", n, err)
		}
		io.WriteString(conn, "a")
		io.Copy(io.Discard, conn)
	}()
	if code, stdout, stderr := playClientRun(t, file, "--to", "tls://"+l.Addr().String(), "--tls-verify", "none", "--timeout", "1m"); code != 0 {
		t.Errorf("code %d\n%.500s%.500s", code, stdout, stderr)
	}
}

func TestFlagsOfTLSAreRefused(t *testing.T) {
	file := write(t, smtpTalk)
	ca := newTestCA(t)
	cert, key := ca.issue(t, leaf("me", 1))
	to := []string{"client", file, "--to", "tls://127.0.0.1:1"}
	for _, c := range []struct {
		want string
		args []string
	}{
		{"the flags --tls-… are for a server that speaks TLS: write --to tls://host:port", []string{"client", file, "--to", "127.0.0.1:1", "--tls-min", "1.0"}},
		{"--tls-ca and --tls-verify both say what to verify by: give one of them", append(to, "--tls-ca", ca.file, "--tls-verify", "none")},
		{"--tls-verify is system, none or sha256:HEX; certificates to verify by are given with --tls-ca FILE", append(to, "--tls-verify", "ca:1")},
		{`--tls-verify is "no"; it must be `, append(to, "--tls-verify", "no")},
		{`--tls-min is "2"; it must be 1.0, 1.1, 1.2 or 1.3`, append(to, "--tls-min", "2")},
		{`--tls-name: "a b" is not a host name`, append(to, "--tls-name", "a b")},
		{`--tls-alpn has the name ""`, append(to, "--tls-alpn", "h2,")},
		{"--tls-ca: nowhere.pem cannot be read: no such file", append(to, "--tls-ca", "nowhere.pem")},
		{"--tls-ca: no PEM text", append(to, "--tls-ca", file)},
		{"--tls-cert: no private key is there: name its file with --tls-key", append(to, "--tls-cert", cert)},
		{"--tls-cert: the private key cannot be used with the first certificate", append(to, "--tls-cert", ca.file, "--tls-key", key)},
		{"--tls-key has no certificate: name it with --tls-cert FILE", append(to, "--tls-key", key)},
		{"the flags --tls-… want --tls too", []string{"server", file, "--tls-min", "1.0"}},
		{"--tls-key has no certificate: name it with --tls-cert FILE", []string{"server", file, "--tls", "--tls-key", key}},
		{"--tls-client-ca: no PEM text", []string{"server", file, "--tls", "--tls-client-ca", file}},
		{`--tls-min is "2"; it must be 1.0, 1.1, 1.2 or 1.3`, []string{"server", file, "--tls", "--tls-min", "2"}},
		{"--tls-cert: " + filepath.Dir(file) + " cannot be read", []string{"server", file, "--tls", "--tls-cert", filepath.Dir(file)}},
	} {
		stdout, stderr := newOutput(), newOutput()
		if code := playRun(t.Context(), c.args, stdout, stderr); code != 2 || !strings.HasPrefix(stderr.String(), c.want) || stdout.String() != "" {
			t.Errorf("%v: code %d, %s%s; want %s", c.args, code, stdout, stderr, c.want)
		}
	}
}
