package gateway

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"io"
	"math/big"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core/stall"
)

// overTLS runs a test in a bubble, with a gateway that is served with TLS. connect
// returns what a client has before its handshake.
func overTLS(t *testing.T, test func(t *testing.T, connect func() net.Conn, client *tls.Config)) {
	synctest.Test(t, func(t *testing.T) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		template := x509.Certificate{SerialNumber: big.NewInt(1), DNSNames: []string{"localhost"}, NotAfter: time.Now().Add(24 * time.Hour)}
		der, err := x509.CreateCertificate(rand.Reader, &template, &template, &key.PublicKey, key)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		roots := x509.NewCertPool()
		roots.AddCert(leaf)
		config := testGateway().Config
		config.TLS = &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
		config.Page = fstest.MapFS{"index.html": {Data: []byte(strings.Repeat("a page\n", 1<<16))}}
		g, at := New(config), make(pipes)
		ended := make(chan error)
		go func() { ended <- g.Serve(at) }()
		test(t, func() net.Conn {
			near, far := net.Pipe()
			at <- far
			return near
		}, &tls.Config{RootCAs: roots, ServerName: "localhost"})
		g.Stop(context.Background())
		if err := <-ended; err != http.ErrServerClosed {
			t.Error(err)
		}
	})
}

// A handshake that never ends is given as long as a request's head.
func TestATLSHandshakeThatNeverEnds(t *testing.T) {
	for name, send := range map[string]string{"nothing": "", "a part of a record": "\x16\x03\x01\x02\x00\x01"} {
		t.Run(name, func(t *testing.T) {
			overTLS(t, func(t *testing.T, connect func() net.Conn, _ *tls.Config) {
				conn := connect()
				defer conn.Close()
				began := time.Now()
				io.WriteString(conn, send)
				io.Copy(io.Discard, conn)
				if took := time.Since(began); took > headLimit+slack {
					t.Errorf("it lasted %v", took)
				}
			})
		})
	}
}

// Nor does one whose client reads nothing of it outlast that, and the time in which
// TLS says goodbye.
func TestATLSHandshakeThatIsNotRead(t *testing.T) {
	overTLS(t, func(t *testing.T, connect func() net.Conn, client *tls.Config) {
		conn := connect()
		defer conn.Close()
		go tls.Client(writeOnly{conn}, client).Handshake()
		time.Sleep(headLimit + 5*time.Second + slack)
		if _, err := conn.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("it lasts on: %v", err)
		}
	})
}

// writeOnly is a connection whose reads wait until it is closed.
type writeOnly struct{ net.Conn }

func (w writeOnly) Read([]byte) (int, error) {
	for {
		if _, err := w.Conn.Write(nil); err != nil {
			return 0, err
		}
		time.Sleep(time.Second)
	}
}

// The bounds of an answer hold with TLS: it goes on for a slow reader, and ends for one
// that reads nothing.
func TestAnAnswerOverTLSThatIsReadSlowly(t *testing.T) {
	overTLS(t, func(t *testing.T, connect func() net.Conn, client *tls.Config) {
		ask := func() (net.Conn, *tls.Conn) {
			below := connect()
			conn := tls.Client(below, client)
			io.WriteString(conn, "GET / HTTP/1.0\r\nHost: localhost:8000\r\n\r\n")
			return below, conn
		}
		below, conn := ask()
		answer, err := http.ReadResponse(bufio.NewReaderSize(conn, 1<<10), nil)
		if err != nil || answer.StatusCode != http.StatusOK {
			t.Fatalf("%+v, %v", answer, err)
		}
		var got int
		for err == nil {
			time.Sleep(stall.Limit - time.Second)
			var n int64
			n, err = io.CopyN(io.Discard, answer.Body, 32<<10)
			got += int(n)
		}
		if got != 7<<16 || err != io.EOF {
			t.Errorf("%d bytes came, %v", got, err)
		}
		below.Close()

		below, _ = ask()
		defer below.Close()
		time.Sleep(stall.Limit + 5*time.Second + slack)
		if rest, err := io.ReadAll(below); len(rest) > 0 || err != nil {
			t.Errorf("still answers: %d bytes, %v", len(rest), err)
		}
	})
}

// A session goes through TLS in both directions, and ends with a client that is silent
// and reads nothing.
func TestASessionOverTLS(t *testing.T) {
	overTLS(t, func(t *testing.T, connect func() net.Conn, client *tls.Config) {
		d := websocket.Dialer{NetDialTLSContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			conn := tls.Client(connect(), client)
			return conn, conn.HandshakeContext(ctx)
		}}
		for header, status := range map[string]int{"http://localhost:8000": http.StatusForbidden, "https://localhost": http.StatusForbidden} {
			_, answer, err := d.Dial("wss://localhost:8000/websocket/ws", http.Header{"Origin": {header}})
			if err == nil || answer == nil || answer.StatusCode != status {
				t.Fatalf("%s: %v, %v", header, answer, err)
			}
		}
		ws, answer, err := d.Dial("wss://localhost:8000/websocket/ws", http.Header{"Origin": {"https://localhost:8000"}})
		if err != nil {
			t.Fatalf("%v, %v", answer, err)
		}
		defer ws.Close()
		for _, say := range []string{"there:1", "a line"} {
			ws.WriteMessage(websocket.TextMessage, []byte(say))
			if _, got, err := ws.ReadMessage(); err != nil || string(got) != map[string]string{"there:1": "SUCC", "a line": "A LINE"}[say] {
				t.Fatalf("%q: %q, %v", say, got, err)
			}
		}
		time.Sleep(10 * time.Minute)
		if n, err := io.Copy(io.Discard, ws.NetConn().(*tls.Conn).NetConn()); n > 0 || err != nil {
			t.Errorf("not given up: %d bytes, %v", n, err)
		}
	})
}
