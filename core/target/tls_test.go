package target

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"io"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// authority signs certificates for tests. Its own may be for names too.
type authority struct {
	cert *x509.Certificate
	key  *ecdsa.PrivateKey
}

func newAuthority(t *testing.T, names ...string) *authority {
	t.Helper()
	a := &authority{cert: &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test authority"}, DNSNames: names,
		NotBefore: time.Now().AddDate(-9, 0, 0), NotAfter: time.Now().AddDate(9, 0, 0),
		IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
	}}
	var err error
	if a.key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificate(rand.Reader, a.cert, a.cert, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	if a.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	return a
}

func (a *authority) pool() *x509.CertPool {
	pool := x509.NewCertPool()
	pool.AddCert(a.cert)
	return pool
}

// certificate signs one for names, valid from and until years from now.
func (a *authority) certificate(t *testing.T, from, until int, names ...string) tls.Certificate {
	t.Helper()
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		SerialNumber: big.NewInt(2), DNSNames: names,
		NotBefore: time.Now().AddDate(from, 0, 0), NotAfter: time.Now().AddDate(until, 0, 0),
	}, a.cert, &a.key.PublicKey, a.key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: a.key}
}

// listenTLS listens and serves each connection after a handshake.
func listenTLS(t *testing.T, config *tls.Config, serve func(*tls.Conn)) Target {
	to := listen(t, func(c *net.TCPConn) {
		secure := tls.Server(c, config)
		if secure.Handshake() == nil {
			serve(secure)
			secure.Close()
		}
		io.Copy(io.Discard, c) // the client closes first: its last alert is not answered by a reset
	})
	to.TLS = true
	return to
}

func TestDialTLS(t *testing.T) {
	a := newAuthority(t)
	var asked string
	config := &tls.Config{Certificates: []tls.Certificate{a.certificate(t, -1, 1, "secure.example", "localhost")}}
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		asked = hello.ServerName
		return nil, nil
	}
	to := listenTLS(t, config, func(c *tls.Conn) {
		sent, err := io.ReadAll(c)
		if err != nil {
			t.Error(err)
		}
		if n, err := c.NetConn().Read(make([]byte, 1)); n != 0 || err != io.EOF {
			t.Errorf("after the end of the TLS stream came %d bytes, %v; want FIN", n, err)
		}
		io.WriteString(c, "hello "+string(sent))
	})
	own := &tls.Config{RootCAs: a.pool(), MinVersion: tls.VersionTLS10}
	d := &Dialer{TLSConfig: own, Resolver: nameServer(answerLoopback)}
	for host, sni := range map[string]string{"secure.example": "secure.example", "secure.example.": "secure.example", "": "localhost"} {
		to.Host = host
		c, err := d.Dial(t.Context(), to, Security{})
		if err != nil {
			t.Fatalf("%s: %v", to, err)
		}
		talk(t, c)
		if asked != sni {
			t.Errorf("%s asked for the name %q", to, asked)
		}
	}
	if own.ServerName != "" || own.MinVersion != tls.VersionTLS10 {
		t.Error("the caller's config was changed")
	}
}

// recorder keeps what it reads.
type recorder struct {
	net.Conn
	read []byte
}

func (r *recorder) Read(b []byte) (int, error) {
	n, err := r.Conn.Read(b)
	r.read = append(r.read, b[:n]...)
	return n, err
}

// Anyone in between could send a FIN, and Go's server, unlike others, does not report
// the alert. So the test looks at the records: in TLS 1.2 their types are visible.
func TestHalfCloseOverTLSSaysSo(t *testing.T) {
	const alert = 21 // RFC 5246, 6.2.1
	a := newAuthority(t)
	config := &tls.Config{MaxVersion: tls.VersionTLS12, Certificates: []tls.Certificate{a.certificate(t, -1, 1, "localhost")}}
	to := listen(t, func(c *net.TCPConn) {
		wire := &recorder{Conn: c}
		secure := tls.Server(wire, config)
		sent, _ := io.ReadAll(secure)
		var last byte
		for rest := wire.read; len(rest) >= 5; rest = rest[5+int(rest[3])<<8+int(rest[4]):] {
			last = rest[0]
		}
		if last != alert {
			t.Errorf("the last record has the type %d; want an alert", last)
		}
		io.WriteString(secure, "hello "+string(sent))
		secure.Close()
	})
	to.Host, to.TLS = "", true
	c, err := (&Dialer{TLSConfig: &tls.Config{RootCAs: a.pool()}}).Dial(t.Context(), to, Security{})
	if err != nil {
		t.Fatal(err)
	}
	talk(t, c)
}

func TestHTTPServer(t *testing.T) {
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "hello") }))
	defer s.Close()
	to := parse(t, "tls://"+s.Listener.Addr().String())
	c, err := (&Dialer{TLSConfig: s.Client().Transport.(*http.Transport).TLSClientConfig}).Dial(t.Context(), to, Security{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(30 * time.Second))
	io.WriteString(c, "GET / HTTP/1.0\r\n\r\n")
	if page, err := io.ReadAll(c); !bytes.HasSuffix(page, []byte("\r\n\r\nhello")) || err != nil {
		t.Errorf("received %q, %v", page, err)
	}
}

func TestCertificateErrors(t *testing.T) {
	a := newAuthority(t)
	var many []string
	for i := range 40 {
		many = append(many, fmt.Sprintf("name-%d.example", i))
	}
	self := newAuthority(t, "h.example")
	for _, c := range []struct {
		cert  tls.Certificate
		roots *x509.CertPool
		want  string
	}{
		{a.certificate(t, -1, 1, "h.example"), x509.NewCertPool(), `the certificate of h.example is signed by an authority that is not trusted here, "CN=test authority"`},
		{tls.Certificate{Certificate: [][]byte{self.cert.Raw}, PrivateKey: self.key}, x509.NewCertPool(), "the certificate of h.example is self-signed: no authority vouches for it"},
		{a.certificate(t, -2, -1, "h.example"), a.pool(), "the certificate of h.example expired on " + day(time.Now().AddDate(-1, 0, 0))},
		{a.certificate(t, 1, 2, "h.example"), a.pool(), "the certificate of h.example is valid only from " + day(time.Now().AddDate(1, 0, 0)) + " on: is the clock here right?"},
		{a.certificate(t, -1, 1, "a.example", "*.b.example"), a.pool(), "the certificate is not for h.example, but for a.example, *.b.example"},
		{a.certificate(t, -1, 1, many...), a.pool(), "the certificate is not for h.example, but for name-0.example, name-1.example, name-2.example, name-3.example, name-4.example and 35 more"},
		{a.certificate(t, -1, 1), a.pool(), "the certificate is not for h.example, but for no name at all"},
	} {
		to := listenTLS(t, &tls.Config{Certificates: []tls.Certificate{c.cert}}, func(*tls.Conn) {})
		to.Host = "h.example"
		failDial(t, &Dialer{TLSConfig: &tls.Config{RootCAs: c.roots}, Resolver: nameServer(answerLoopback)}, to, c.want)
	}
}

func TestNotTLS(t *testing.T) {
	for name, c := range map[string]struct {
		serve   func(*net.TCPConn)
		timeout time.Duration
		want    string
	}{
		"plain text": {func(c *net.TCPConn) {
			io.ReadFull(c, make([]byte, 5))
			io.WriteString(c, "HTTP/1.0 400 Bad Request\r\n\r\n")
			io.Copy(io.Discard, c)
		}, 0, "%s answered, but does not speak TLS: leave tls:// out"},
		"silence": {func(c *net.TCPConn) { io.Copy(io.Discard, c) }, 50 * time.Millisecond,
			"%s took the connection, but did not answer in TLS within 50 ms: does it speak TLS?"},
		"end of stream": {func(c *net.TCPConn) { c.CloseWrite(); io.Copy(io.Discard, c) }, 0,
			"%s broke off the TLS handshake: does it speak TLS?"},
		"reset": {func(c *net.TCPConn) { io.ReadFull(c, make([]byte, 5)); c.SetLinger(0) }, 0,
			"%s broke off the TLS handshake: does it speak TLS?"},
	} {
		t.Run(name, func(t *testing.T) {
			to := listen(t, c.serve)
			address := to.String()
			to.TLS = true
			failDial(t, &Dialer{Timeout: c.timeout}, to, fmt.Sprintf(c.want, address))
		})
	}
}

func TestTLSVersions(t *testing.T) {
	a := newAuthority(t)
	cert := a.certificate(t, -1, 1, "h.example")
	old := listenTLS(t, &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS11}, func(*tls.Conn) {})
	failDial(t, new(Dialer), old,
		strings.TrimPrefix(old.String(), "tls://")+" speaks none of the TLS versions that were offered: 1.2 and later")
	// A server that answers in an old version instead of refusing.
	stubborn := listen(t, func(c *net.TCPConn) {
		io.ReadFull(c, make([]byte, 5))
		hello := append([]byte{2, 0, 0, 38, 3, 1}, make([]byte, 32)...)
		hello = append(hello, 0, 0xc0, 0x13, 0)
		c.Write(append([]byte{22, 3, 1, 0, byte(len(hello))}, hello...))
		io.Copy(io.Discard, c)
	})
	address := stubborn.String()
	stubborn.TLS = true
	failDial(t, new(Dialer), stubborn, address+" speaks none of the TLS versions that were offered: 1.2 and later")
}
