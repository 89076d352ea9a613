package target

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
)

var further = Further{
	First: Target{Kind: TCP, Host: "ftp.example.com", Port: 21}, Resolved: "192.0.2.7:21",
	Local: &net.TCPAddr{IP: net.ParseIP("127.0.0.1"), Port: 4000},
}

// The certificate of a further connection is for the host that the user has named, and not
// for the address that is dialled.
func TestFurtherSecurity(t *testing.T) {
	lifted := further
	lifted.Anywhere = true
	for _, c := range []struct {
		f                  Further
		to, name, wantName string
	}{
		{further, "tls://192.0.2.7:4001", "", "ftp.example.com"},
		{further, "tls://192.0.2.7:4001", "chosen.example.com", "chosen.example.com"},
		{further, "192.0.2.7:4001", "chosen.example.com", ""},
		{lifted, "tls://192.0.2.8:4001", "", ""},
	} {
		to, err := c.f.Target(c.to)
		if err != nil {
			t.Fatal(err)
		}
		if got := c.f.Security(to, Security{Name: c.name}).Name; got != c.wantName {
			t.Errorf("%s, of the name %q: for %q, want %q", c.to, c.name, got, c.wantName)
		}
	}
}

func TestFurtherTarget(t *testing.T) {
	for s, want := range map[string]string{
		"192.0.2.7:4001":          "192.0.2.7:4001",
		"[::ffff:192.0.2.7]:4001": "192.0.2.7:4001",
		"ftp.example.com:4001":    "192.0.2.7:4001",
		"tls://192.0.2.7:4001":    "tls://192.0.2.7:4001",
		"192.0.2.8:4001":          "denied",
		"www.example.com:80":      "denied",
		"127.0.0.1:80":            "denied",
		":80":                     "denied",
		"unix:///run/x.sock":      "denied",
		"udp://192.0.2.7:53":      "denied",
		"192.0.2.7":               "no port",
		"192.0.2.7:99999":         "does not exist",
	} {
		got, err := further.Target(s)
		switch {
		case want == "denied":
			if !errors.Is(err, ErrDenied) {
				t.Errorf("%s: %v, %v", s, got, err)
			}
		case err != nil:
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", s, err)
			}
		case got.String() != want:
			t.Errorf("%s is %s, want %s", s, got, want)
		}
	}
	lifted := further
	lifted.Anywhere = true
	if got, err := lifted.Target("192.0.2.8:4001"); err != nil || got.String() != "192.0.2.8:4001" {
		t.Errorf("lifted: %v, %v", got, err)
	}
	for _, f := range []Further{
		{First: Target{Kind: Unix, Path: "/run/x.sock"}, Resolved: "/run/x.sock"},
		{First: further.First, Resolved: "192.0.2.7:21", Through: "socks5://192.0.2.9:1080"},
		{First: further.First, Resolved: "practice"},
	} {
		if _, err := f.Target("192.0.2.7:4001"); !errors.Is(err, ErrDenied) {
			t.Errorf("%+v: %v", f, err)
		}
	}
}

// Only the server is let in, and others are refused without an end of the wait.
func TestFurtherAccept(t *testing.T) {
	f := further
	f.Resolved = "127.0.0.1:21"
	dialled := make(chan error, 2)
	dial := func(from, to string) {
		d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		c, err := d.Dial("tcp", to)
		if err == nil {
			_, err = c.Read(make([]byte, 1)) // until it is closed
			c.Close()
		}
		dialled <- err
	}
	conn, err := f.Accept(t.Context(), "", func(address string) {
		go func() {
			dial("127.0.0.2", address)
			dial("127.0.0.1", address)
		}()
	})
	if err != nil {
		t.Fatal(err)
	}
	if who := conn.RemoteAddr().(*net.TCPAddr).AddrPort().Addr(); who != netip.MustParseAddr("127.0.0.1") {
		t.Errorf("%v was let in", who)
	}
	conn.Close()
	if first := <-dialled; first == nil {
		t.Error("the other one was not refused")
	}
	<-dialled
	ctx, cancel := context.WithCancel(t.Context())
	if _, err := f.Accept(ctx, "127.0.0.1:0", func(string) { cancel() }); err == nil || !strings.Contains(err.Error(), "stopped") {
		t.Errorf("after a stop: %v", err)
	}
	for _, address := range []string{"127.0.0.2:0", "0.0.0.0:0", ":80", "x", ":x"} {
		if _, err := f.Accept(t.Context(), address, func(string) { t.Error("listens") }); err == nil {
			t.Errorf("%s was listened on", address)
		}
	}
}

// Whatever a server makes a line mode name, it is the server's own address or refused.
func FuzzFurther(f *testing.F) {
	for _, s := range []string{"192.0.2.7:4001", "[::1]:1", "ftp.example.com:1", "a@b:1", "tls://x:1", "listen://127.0.0.1:1", "exec:/bin/sh", "3232236551:1", "0x7f.1:1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got, err := further.Target(s)
		if err == nil && (got.Host != "192.0.2.7" || got.Kind != TCP) {
			t.Errorf("%q is %v", s, got)
		}
		at, err := further.listenAt(s)
		if err == nil && at.Addr() != netip.MustParseAddr("127.0.0.1") {
			t.Errorf("%q is listened on at %v", s, at)
		}
	})
}
