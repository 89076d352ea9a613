//go:build linux

package e2e

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
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
)

// secureServer says over TLS what its clients ask for by SNI and ALPN, as HTTP.
func secureServer(t testing.TB, name string, protocols ...string) string {
	t.Helper()
	cert := *newCertificate(t, authority, name).Certificate
	return serve(t, func(conn net.Conn) {
		over := tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}, NextProtos: protocols})
		b := make([]byte, 4096)
		if n, _ := over.Read(b); n == 0 {
			return
		}
		state := over.ConnectionState()
		body := fmt.Sprintf("sni=%s alpn=%s", state.ServerName, state.NegotiatedProtocol)
		fmt.Fprintf(over, "HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s", len(body), body)
		over.Close()
	}).address
}

// madeAuthority is the file of the authority of the workbench's account, once a tap has
// made it.
func madeAuthority() string {
	return filepath.Join(os.Getenv("XDG_STATE_HOME"), "workbench", "ca", "authority.pem")
}

const pythonTLS = `
import socket, ssl, sys
host, port, name, ca = sys.argv[1:5]
ctx = ssl.create_default_context(cafile=ca)
ctx.set_alpn_protocols(["h9", "http/1.1"])
with socket.create_connection((host, int(port))) as s, ctx.wrap_socket(s, server_hostname=name) as t:
    t.sendall(b"GET / HTTP/1.1\r\n\r\n")
    text = b""
    while b"alpn=" not in text or not text.endswith(b"1"):
        text += t.recv(4096) or sys.exit("it ended after %r" % text)
    print(t.selected_alpn_protocol(), text.decode().splitlines()[-1])
    t.unwrap()
`

// What clients ask for by SNI and ALPN reaches the server, and they get what it chose, by a
// certificate that is made for the name or comes from files.
func TestTapServesTLS(t *testing.T) {
	dir := t.TempDir()
	cert, key := filepath.Join(dir, "cert.pem"), filepath.Join(dir, "key.pem")
	newCertificate(t, authority, "app.test").write(t, cert, key)
	for name, c := range map[string]struct {
		flags []string
		ca    func() string
	}{
		"made":  {[]string{"--tls"}, madeAuthority},
		"files": {[]string{"--tls-cert", cert, "--tls-key", key}, func() string { return authority.file }},
	} {
		for _, role := range [][]string{{}, {"--through"}} {
			t.Run(name+strings.Join(role, ""), func(t *testing.T) {
				keys := filepath.Join(t.TempDir(), "keys")
				tap := tapTo(t, "tls://"+secureServer(t, "app.test", "http/1.1"), append(append(role, "--tls-ca", authority.file, "--tls-keylog", keys), c.flags...)...)
				_, port, _ := net.SplitHostPort(tap.address)
				got := outputOf(t, tap.address, "", "curl", "-sS", "--cacert", c.ca(), "--connect-to", "app.test:443:HOST:PORT", "https://app.test/")
				if want := "sni=app.test alpn=http/1.1"; got != want {
					t.Errorf("curl got %q, want %q", got, want)
				}
				got = outputOf(t, tap.address, "", "python3", "-c", pythonTLS, "HOST", "PORT", "app.test", c.ca())
				if want := "http/1.1 sni=app.test alpn=http/1.1\n"; got != want {
					t.Errorf("Python got %q, want %q", got, want)
				}
				got = outputOf(t, tap.address, "GET /\n", "openssl", "s_client", "-connect", "127.0.0.1:"+port, "-servername", "app.test", "-verify_return_error", "-CAfile", c.ca(), "-quiet", "-ign_eof")
				if !strings.Contains(got, "sni=app.test alpn=") {
					t.Errorf("openssl got %q", got)
				}
				for _, file := range tap.stop(t) {
					text, _ := os.ReadFile(file)
					if !regexp.MustCompile(`-- the client: tls 1\.3, \w+, asked for app\.test`).Match(text) || !bytes.Contains(text, []byte("-- tls 1.3, ")) {
						t.Errorf("the recording is\n%s", text)
					}
					workbenchDoes(t, "replay", "--recut", "3", file)
				}
				text, _ := os.ReadFile(keys)
				if n := strings.Count(string(text), "CLIENT_TRAFFIC_SECRET_0 "); n != 6 {
					t.Errorf("the key log has the secrets of %d handshakes, want 6", n)
				}
			})
		}
	}
}

// A target in clear is told neither; HTTP/1.1 is what it can be taken to speak.
func TestTapServesTLSForOneInClear(t *testing.T) {
	s := serve(t, func(c net.Conn) {
		io.ReadAtLeast(c, make([]byte, 100), 4)
		io.WriteString(c, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi")
	})
	tap := tapTo(t, s.address, "--tls")
	if got := outputOf(t, tap.address, "", "curl", "-sS", "--cacert", madeAuthority(), "https://HOST:PORT/"); got != "hi" {
		t.Errorf("curl got %q", got)
	}
	text, _ := os.ReadFile(tap.stop(t)[0])
	if !bytes.Contains(text, []byte("no name asked for, alpn http/1.1")) {
		t.Errorf("the recording is\n%s", text)
	}
}

// What goes wrong at either side is told in one line, and the client is told by an alert.
func TestTapFrontFails(t *testing.T) {
	secure := "tls://" + secureServer(t, "app.test")
	plain := serve(t, func(c net.Conn) { io.WriteString(c, "220 hi\r\n"); io.ReadAll(c) }).address
	made := func() *x509.CertPool {
		pool, text := x509.NewCertPool(), []byte(nil)
		text, _ = os.ReadFile(madeAuthority())
		pool.AppendCertsFromPEM(text)
		return pool
	}
	for name, c := range map[string]struct {
		target string
		flags  []string
		client *tls.Config // nil: in clear
		alert  string      // what the client sees
		line   string      // what the tap says
	}{
		"in clear":       {secure, nil, nil, "", `the client does not speak TLS: it began with "HELO "; a client in clear needs a tap without`},
		"distrust":       {secure, nil, &tls.Config{ServerName: "app.test"}, "unknown authority", "it has to trust .*authority.pem: workbench ca says how"},
		"no certificate": {secure, nil, &tls.Config{ServerName: "www.example.org"}, "unrecognized name", "may not vouch for www.example.org; give a certificate for it with --tls-cert FILE"},
		"target":         {"tls://" + plain, nil, &tls.Config{ServerName: "app.test"}, "internal error", "does not speak TLS: leave tls:// out"},
		"other name":     {secure, nil, &tls.Config{ServerName: "other.test"}, "internal error", "the certificate is not for other.test, but for app.test.*--tls-name app.test"},
		"named":          {secure, []string{"--tls-name", "app.test"}, &tls.Config{ServerName: "other.test"}, "", "; transcript"},
		"old":            {secure, nil, &tls.Config{ServerName: "app.test", MaxVersion: tls.VersionTLS11}, "protocol version", "client offered only unsupported versions"},
		"alpn":           {secure, []string{"--tls-alpn", "h2"}, &tls.Config{ServerName: "app.test"}, "", "; transcript"},
	} {
		t.Run(name, func(t *testing.T) {
			tap := tapTo(t, c.target, append(c.flags, "--tls", "--tls-ca", authority.file)...)
			conn, err := net.Dial("tcp", tap.address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(patience))
			if c.client != nil {
				config := c.client.Clone()
				if name != "distrust" {
					config.RootCAs = made()
				}
				if config.MaxVersion != 0 {
					config.MinVersion = tls.VersionTLS10
				}
				over := tls.Client(conn, config)
				err = over.Handshake()
				if (err == nil) != (c.alert == "") || err != nil && !strings.Contains(err.Error(), c.alert) {
					t.Errorf("the client has %v, want %q", err, c.alert)
				}
				io.WriteString(over, "hello")
				io.ReadAll(over)
				over.Close()
			} else {
				io.WriteString(conn, "HELO here\r\n")
				if _, err := io.ReadAll(conn); errors.Is(err, os.ErrDeadlineExceeded) {
					t.Error(err)
				}
			}
			conn.Close()
			line := regexp.MustCompile(`s1 from .*` + c.line)
			eventually(t, "the line", func() bool { return line.MatchString(tap.stdout.String()) })
		})
	}
}

// OpenSSL says in clear that it does not trust a certificate.
func TestTapClientDistrusts(t *testing.T) {
	tap := tapTo(t, serve(t, func(c net.Conn) { io.ReadAll(c) }).address, "--tls")
	if out, err := exec.Command("curl", "-sS", "https://"+tap.address+"/").CombinedOutput(); err == nil {
		t.Errorf("curl trusts it: %s", out)
	}
	line := regexp.MustCompile(`s1 from \S+: the client refuses the tap's certificate: unknown certificate authority; it has to trust \S+authority.pem: workbench ca says how\n`)
	eventually(t, "the line", func() bool { return line.MatchString(tap.stdout.String()) })
}

// The ends of a connection are copied through TLS, too: close_notify, FIN without it, and
// RST, with what came before.
func TestTapFrontEnds(t *testing.T) {
	cert := *newCertificate(t, authority, "app.test").Certificate
	for _, c := range []struct {
		name string
		ends func(*tls.Conn)
		sees error
	}{
		{"close_notify", func(c *tls.Conn) { c.CloseWrite(); c.NetConn().(*finConn).CloseWrite() }, nil},
		{"FIN alone", func(c *tls.Conn) { c.NetConn().(*finConn).CloseWrite() }, io.ErrUnexpectedEOF},
		{"RST", func(c *tls.Conn) { c.NetConn().(*finConn).SetLinger(0); c.NetConn().Close() }, syscall.ECONNRESET},
	} {
		t.Run(c.name, func(t *testing.T) {
			seen, end := make(chan error, 1), make(chan bool)
			s := serve(t, func(conn net.Conn) {
				over := tls.Server(&finConn{TCPConn: conn.(*net.TCPConn)}, &tls.Config{Certificates: []tls.Certificate{cert}})
				b := make([]byte, 100)
				n, _ := over.Read(b)
				if string(b[:n]) == "you" {
					io.WriteString(over, "last words")
					<-end
					c.ends(over)
					io.Copy(io.Discard, over)
					return
				}
				err := readToEnd(over)
				seen <- err
				io.WriteString(over, "good bye")
				over.Close()
			})
			tap := tapTo(t, "tls://"+s.address, "--tls", "--tls-ca", authority.file)
			pool := x509.NewCertPool()
			text, _ := os.ReadFile(madeAuthority())
			pool.AppendCertsFromPEM(text)
			dial := func(say string) *tls.Conn {
				conn, err := net.Dial("tcp", tap.address)
				if err != nil {
					t.Fatal(err)
				}
				t.Cleanup(func() { conn.Close() })
				conn.SetDeadline(time.Now().Add(patience))
				over := tls.Client(&finConn{TCPConn: conn.(*net.TCPConn)}, &tls.Config{ServerName: "app.test", RootCAs: pool})
				if _, err := io.WriteString(over, say); err != nil {
					t.Fatal(err)
				}
				return over
			}
			over := dial("you")
			b := make([]byte, 10)
			io.ReadFull(over, b)
			close(end)
			err := readToEnd(over)
			if string(b) != "last words" || !errors.Is(err, c.sees) {
				t.Errorf("the client read %q and then %v, want %v", b, err, c.sees)
			}
			over.Close()

			over = dial("I shall")
			time.AfterFunc(0, func() { c.ends(over) })
			if err := <-seen; !errors.Is(err, c.sees) {
				t.Errorf("the server saw %v, want %v", err, c.sees)
			}
			if c.sees != syscall.ECONNRESET {
				if text, _ := io.ReadAll(over); string(text) != "good bye" {
					t.Errorf("after its half-close the client read %q", text)
				}
			}
		})
	}
}

// finConn tells whether FIN was read, which crypto/tls hides where a record has just ended.
type finConn struct {
	*net.TCPConn
	fin bool
}

func (c *finConn) Read(b []byte) (int, error) {
	n, err := c.TCPConn.Read(b)
	c.fin = c.fin || err == io.EOF
	return n, err
}

// readToEnd reads all that is left, and tells an end without close_notify.
func readToEnd(over *tls.Conn) error {
	_, err := io.Copy(io.Discard, over)
	if err == nil && over.NetConn().(*finConn).fin {
		return io.ErrUnexpectedEOF
	}
	return err
}
