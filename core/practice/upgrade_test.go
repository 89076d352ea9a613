package practice

import (
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/target"
)

// selfSigned returns a certificate as the configurations of a server and its client.
func selfSigned(t *testing.T) (server, client *tls.Config) {
	t.Helper()
	own, err := target.SelfSigned("practice")
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	pool.AddCert(own.Pair().Leaf)
	return &tls.Config{Certificates: []tls.Certificate{own.Pair()}}, &tls.Config{RootCAs: pool, ServerName: "localhost", Time: func() time.Time { return own.Pair().Leaf.NotBefore.Add(time.Hour) }}
}

// What is ordered before the upgrade leaves in clear, and what is ordered after it through
// TLS; what came in clear with the order is not answered.
func TestStartTLS(t *testing.T) {
	server, client := selfSigned(t)
	w := &told{}
	conversation(t, &Machine{World: w, TLS: server}, func(conn net.Conn) {
		says(t, conn, "", "hello\n")
		says(t, conn, "tls\nask for mail\nask", "go on\n")
		secure := tls.Client(conn, client)
		says(t, secure, "", "from here on\ntls 1.3, TLS_AES_128_GCM_SHA256\n")
		says(t, secure, "later\n", "now\n") // a read that waited for a timer is tried again
		says(t, secure, "bye\n", "bye\n")
		expectEnd(t, secure)
	})
	if asked := strings.Join(w.asked, ", "); asked != "" {
		t.Errorf("the world was asked %q", asked)
	}
}

// What is no handshake ends the connection, and so does a machine that has no certificate.
func TestNoStartTLS(t *testing.T) {
	server, _ := selfSigned(t)
	for name, c := range map[string]struct {
		config *tls.Config
		client func(net.Conn)
		want   string
	}{
		"in clear": {server, func(conn net.Conn) {
			says(t, conn, "tls\n", "go on\n")
			io.WriteString(conn, "ask for mail\n")
			io.Copy(io.Discard, conn)
		}, "TLS handshake"},
		"silent": {server, func(conn net.Conn) {
			says(t, conn, "tls\n", "go on\n")
			began := time.Now()
			io.Copy(io.Discard, conn)
			if d := time.Since(began); d != StallLimit {
				t.Errorf("closed after %v", d)
			}
		}, "TLS handshake"},
		"no certificate": {nil, func(conn net.Conn) {
			io.WriteString(conn, "tls\n")
			io.Copy(io.Discard, conn)
		}, "this server has none"},
	} {
		t.Run(name, func(t *testing.T) {
			w := &told{}
			err := conversation(t, &Machine{World: w, TLS: c.config}, func(conn net.Conn) {
				says(t, conn, "", "hello\n")
				c.client(conn)
			})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("ended with %v", err)
			}
			if asked := strings.Join(w.asked, ", "); asked != "gone" {
				t.Errorf("the world was asked %q", asked)
			}
		})
	}
}
