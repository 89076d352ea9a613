package target

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"
)

// upgrades has a server that says early, waits for a go-ahead, and then speaks TLS as
// config says, or answers with junk; it returns a plain connection to it.
func upgrades(t *testing.T, a *authority, s Security, early, junk string) (conn *Conn, goOn chan struct{}) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	goOn = make(chan struct{})
	config := &tls.Config{Certificates: []tls.Certificate{a.certificate(t, -1, 1, "localhost", "mx.example")}}
	go func() {
		c, err := listener.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		io.WriteString(c, early)
		<-goOn
		if junk != "" {
			c.Read(make([]byte, 1)) // the handshake has begun
			io.WriteString(c, junk)
			io.Copy(io.Discard, c)
			return
		}
		secure := tls.Server(c, config)
		line, _ := bufio.NewReader(secure).ReadString('\n')
		io.WriteString(secure, strings.ToUpper(line))
		secure.CloseWrite()
		io.Copy(io.Discard, c)
	}()
	t.Cleanup(func() { listener.Close() })
	to := Target{Port: uint16(listener.Addr().(*net.TCPAddr).Port)}
	conn, err = (&Dialer{TLSConfig: &tls.Config{RootCAs: a.pool()}}).Dial(t.Context(), to, s)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn, goOn
}

func TestUpgrade(t *testing.T) {
	a := newAuthority(t)
	conn, goOn := upgrades(t, a, Security{}, "220 ready\r\n", "")
	if data, err := conn.Receive(); string(data) != "220 ready\r\n" || err != nil {
		t.Fatalf("%q, %v", data, err)
	}
	interrupted := make(chan error)
	go func() {
		_, err := conn.Receive()
		interrupted <- err
	}()
	conn.Interrupt()
	if err := <-interrupted; !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Fatalf("the interrupted Receive returned %v", err)
	}
	close(goOn)
	if early, err := conn.StartTLS(t.Context(), "mx.example"); err != nil || early != 0 {
		t.Fatal(early, err)
	}
	if got := conn.Secured(); !strings.HasPrefix(got, "tls 1.3, ") || !strings.Contains(got, "verified by the system") {
		t.Errorf("it is secured as %q", got)
	}
	io.WriteString(conn, "ehlo\n")
	if data, err := conn.Receive(); string(data) != "EHLO\n" || err != nil {
		t.Errorf("%q, %v", data, err)
	}
	if _, err := conn.Receive(); err != io.EOF {
		t.Errorf("the stream ended with %v", err)
	}
	if _, err := conn.StartTLS(t.Context(), ""); err == nil {
		t.Error("it was upgraded twice")
	}
}

// What was sent in clear, and is there, is no part of what TLS protects.
func TestUpgradeDropsWhatCameInClear(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("reading without waiting is not possible here")
	}
	conn, goOn := upgrades(t, newAuthority(t), Security{}, "220 ready\r\nEVIL", "")
	buf := make([]byte, len("220 ready\r\n"))
	if _, err := io.ReadFull(conn, buf); err != nil {
		t.Fatal(err)
	}
	close(goOn)
	if early, err := conn.StartTLS(t.Context(), ""); err != nil || early != len("EVIL") {
		t.Errorf("dropped %d bytes, %v", early, err)
	}
}

func TestUpgradeFails(t *testing.T) {
	a := newAuthority(t)
	for name, c := range map[string]struct {
		security Security
		name     string
		junk     string
		code     Code
		words    string
	}{
		"another name":        {name: "other.example", code: CodeWrongName, words: "the certificate is not for other.example"},
		"the person's name":   {security: Security{Name: "chosen.example"}, name: "mx.example", code: CodeWrongName, words: "not for chosen.example"},
		"a pin":               {security: Security{Verify: ByPin, Pin: strings.Repeat("0", 64)}, code: CodePinMismatch},
		"no TLS":              {junk: "500 what?\r\n", code: CodeNotTLS, words: "has it agreed to start TLS?"},
		"verified by nobody":  {security: Security{Verify: ByNobody}, name: "other.example"},
		"the target's own":    {},
		"a name with its dot": {name: "mx.example."},
	} {
		t.Run(name, func(t *testing.T) {
			conn, goOn := upgrades(t, a, c.security, "", c.junk)
			close(goOn)
			_, err := conn.StartTLS(t.Context(), c.name)
			var e *Error
			errors.As(err, &e)
			switch {
			case c.code == "" && err != nil:
				t.Error(err)
			case c.code != "" && (e == nil || e.Code != c.code || !strings.Contains(e.Words, c.words)):
				t.Errorf("%v; want %s, %q", err, c.code, c.words)
			case c.code != "":
				if _, err := conn.Write([]byte("x")); err == nil {
					t.Error("the connection is open after a failure")
				}
			}
		})
	}
}

// A handshake that nobody answers ends with the caller's context.
func TestUpgradeIsCancelled(t *testing.T) {
	conn, goOn := upgrades(t, newAuthority(t), Security{}, "", "")
	defer close(goOn)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	_, err := conn.StartTLS(ctx, "")
	var e *Error
	if !errors.As(err, &e) || e.Code != CodeStopped {
		t.Errorf("ended with %v", err)
	}
}
