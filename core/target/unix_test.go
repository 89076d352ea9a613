//go:build unix

package target

import (
	"crypto/tls"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// shortDir returns a folder whose path leaves room for a socket's name.
func shortDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "wb")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	return dir
}

// listenUnix passes each connection to serve, which owns it until the test ends.
func listenUnix(t *testing.T, serve func(*net.UnixConn)) Target {
	t.Helper()
	path := filepath.Join(shortDir(t), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			c.SetDeadline(time.Now().Add(30 * time.Second))
			serve(c.(*net.UnixConn))
			c.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return parse(t, "unix://"+path)
}

// A half-close arrives, the other direction stays open, and Receive returns what
// Read would.
func TestDialUnix(t *testing.T) {
	to := listenUnix(t, func(c *net.UnixConn) {
		sent, _ := io.ReadAll(c)
		io.WriteString(c, "hello "+string(sent))
	})
	c, err := new(Dialer).Dial(t.Context(), to, Security{})
	if err != nil {
		t.Fatal(err)
	}
	if c.Resolved() != to.String() || c.AllowedBy() != "the preset local" || c.Secured() != "" {
		t.Errorf("resolved to %s, allowed by %s, %s", c.Resolved(), c.AllowedBy(), c.Secured())
	}
	talk(t, c)
	if c, err = new(Dialer).Dial(t.Context(), to, Security{}); err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "world")
	c.CloseWrite()
	var got []byte
	for err == nil {
		var data []byte
		data, err = c.Receive()
		got = append(got, data...)
	}
	if string(got) != "hello world" || err != io.EOF {
		t.Errorf("%q, %v", got, err)
	}
}

// A server that closes with bytes unread resets, as it does by TCP.
func TestUnixServerResets(t *testing.T) {
	to := listenUnix(t, func(c *net.UnixConn) { io.ReadFull(c, make([]byte, 1)) })
	c, err := new(Dialer).Dial(t.Context(), to, Security{})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	io.WriteString(c, "more than one byte")
	if _, err := c.Receive(); !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("%v; want a reset", err)
	}
}

func TestTLSOverUnix(t *testing.T) {
	a := newAuthority(t)
	var asked string
	config := &tls.Config{Certificates: []tls.Certificate{a.certificate(t, -1, 1, "localhost", "app.example")}}
	config.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		asked = hello.ServerName
		return nil, nil
	}
	to := listenUnix(t, func(c *net.UnixConn) {
		secure := tls.Server(c, config)
		sent, _ := io.ReadAll(secure)
		io.WriteString(secure, "hello "+string(sent))
		secure.Close()
		io.Copy(io.Discard, c)
	})
	to.TLS = true
	for name, sni := range map[string]string{"": "localhost", "app.example": "app.example"} {
		c, err := (&Dialer{TLSConfig: trusting(a)}).Dial(t.Context(), to, Security{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(c.Secured(), "verified by the system") || asked != sni {
			t.Errorf("%q, and the server was asked for %q", c.Secured(), asked)
		}
		talk(t, c)
	}
}

func TestTroubleWithUnix(t *testing.T) {
	dir := shortDir(t)
	at := func(name string) string { return filepath.Join(dir, name) }
	for name, make := range map[string]func() error{
		"datagrams": func() error {
			l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: at("datagrams"), Net: "unixgram"})
			if err == nil {
				t.Cleanup(func() { l.Close() })
			}
			return err
		},
		"left": func() error {
			l, err := net.ListenUnix("unix", &net.UnixAddr{Name: at("left"), Net: "unix"})
			if err == nil {
				l.SetUnlinkOnClose(false)
				err = l.Close()
			}
			return err
		},
		"file": func() error { return os.WriteFile(at("file"), nil, 0o600) },
	} {
		if err := make(); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	for name, want := range map[string]struct {
		code  Code
		words string
	}{
		"none":      {CodeNoSuchPath, "there is no Unix socket at unix://PATH"},
		"file/x":    {CodeNoSuchPath, "there is no Unix socket at unix://PATH"},
		"file":      {CodeRefused, "connection refused by unix://PATH: nothing listens there"},
		"left":      {CodeRefused, "connection refused by unix://PATH: nothing listens there"},
		"datagrams": {CodeDial, "unix://PATH is not a Unix socket for streams"},
	} {
		to := parse(t, "unix://"+at(name))
		err := failDial(t, new(Dialer), to, strings.ReplaceAll(want.words, "PATH", to.Path))
		if got := err.(*Error).Code; got != want.code {
			t.Errorf("%s: code %s; want %s", name, got, want.code)
		}
	}
	denied := explainUnix(&net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.EACCES)}, parse(t, "unix:///run/x"), DefaultTimeout)
	checkWords(t, denied)
	if e := denied.(*Error); e.Code != CodeNotPermitted || e.Words != "the account of the workbench may not use unix:///run/x" {
		t.Errorf("%s %q", e.Code, e.Words)
	}
}

// A denied socket sees no connection.
func TestDialUnixAsksThePolicy(t *testing.T) {
	to := listenUnix(t, func(*net.UnixConn) { t.Error("connected to a denied socket") })
	own := policy(t, "allow *").OwnSocket(func(path string) bool { return path == to.Path })
	err := failDial(t, &Dialer{Policy: own}, to, to.String()+" may not be dialled: denied by the workbench: it is its own socket")
	if !errors.Is(err, ErrDenied) {
		t.Error("the error does not wrap ErrDenied")
	}
	failDial(t, &Dialer{Policy: policy(t, "public")}, to, to.String()+" may not be dialled: denied by the preset public")
}
