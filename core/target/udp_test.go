package target

import (
	"bytes"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// listenUDP returns a socket on this machine, and the target that it is.
func listenUDP(t *testing.T) (*net.UDPConn, Target) {
	t.Helper()
	c, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(30 * time.Second))
	return c, parse(t, "udp://"+c.LocalAddr().String())
}

func dialUDP(t *testing.T, d *Dialer, to Target) *Conn {
	t.Helper()
	c, err := d.Dial(t.Context(), to, Security{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetReadDeadline(time.Now().Add(30 * time.Second))
	return c
}

// Each datagram arrives whole and as one, also an empty one and the largest, with and
// without what waits for a slow peer below.
func TestDatagramsArriveWhole(t *testing.T) {
	for name, d := range map[string]*Dialer{"plain": {}, "below": {Below: func(c net.Conn) net.Conn { return buffered{c} }}} {
		t.Run(name, func(t *testing.T) {
			server, to := listenUDP(t)
			c := dialUDP(t, d, to)
			if c.Resolved() != server.LocalAddr().String() || c.Secured() != "" {
				t.Errorf("reached %s, %q", c.Resolved(), c.Secured())
			}
			buf := make([]byte, 1<<17)
			for _, size := range []int{5, 0, 5, MaxDatagram, 4 << 10, 0} {
				sent := bytes.Repeat([]byte{byte(size)}, size)
				if _, err := c.Write(sent); err != nil {
					t.Fatalf("write %d: %v", size, err)
				}
				n, from, err := server.ReadFromUDPAddrPort(buf)
				if err != nil || !bytes.Equal(buf[:n], sent) {
					t.Fatalf("of %d bytes %d arrived: %v", size, n, err)
				}
				if _, err := server.WriteToUDPAddrPort(buf[:n], from); err != nil {
					t.Fatal(err)
				}
				if got, err := c.Receive(); err != nil || !bytes.Equal(got, sent) {
					t.Fatalf("of %d bytes %d came back: %v", size, len(got), err)
				}
			}
		})
	}
}

// buffered writes as what waits for slow peers does.
type buffered struct{ net.Conn }

func (b buffered) Write(p []byte) (int, error) {
	n, err := (&net.Buffers{p}).WriteTo(b.Conn)
	return int(n), err
}

// A target that is not there refuses. That is told once, ends nothing, and keeps no
// datagram from being sent.
func TestARefusedDatagramEndsNothing(t *testing.T) {
	gone, to := listenUDP(t)
	address := gone.LocalAddr().(*net.UDPAddr)
	gone.Close()
	c := dialUDP(t, new(Dialer), to)
	if _, err := c.Write([]byte("anybody?")); err != nil {
		t.Fatal(err)
	}
	var m *Mishap
	if _, err := c.Receive(); !errors.As(err, &m) || !strings.Contains(m.Words, "nothing listens there") || !strings.HasPrefix(m.Words, c.Resolved()) {
		t.Fatalf("%v", err)
	}
	for i := range 5 { // each finds the refusal of the one before
		if _, err := c.Write([]byte("again")); err != nil {
			t.Errorf("%d: told again: %v", i, err)
		}
	}
	server, err := net.ListenUDP("udp4", address)
	if err != nil {
		t.Fatal("the port is another's by now: ", err)
	}
	defer server.Close()
	server.SetDeadline(time.Now().Add(30 * time.Second))
	if _, err := c.Write([]byte("now")); err != nil {
		t.Fatal(err)
	}
	buf := make([]byte, 100)
	n, from, err := server.ReadFromUDPAddrPort(buf)
	if err != nil || string(buf[:n]) != "now" {
		t.Fatalf("%q, %v", buf[:n], err)
	}
	server.WriteToUDPAddrPort([]byte("yes"), from)
	if got, err := c.Receive(); err != nil || string(got) != "yes" {
		t.Errorf("%q, %v", got, err)
	}
	server.Close()
	c.Write([]byte("and now?"))
	if _, err := c.Receive(); !errors.As(err, &m) {
		t.Errorf("after an answer it is not told again: %v", err)
	}
}

func TestADatagramThatIsTooLarge(t *testing.T) {
	_, to := listenUDP(t)
	c := dialUDP(t, new(Dialer), to)
	var m *Mishap
	if _, err := c.Write(make([]byte, MaxDatagram+1)); !errors.As(err, &m) || !strings.Contains(m.Words, "65508 bytes was not sent") || !strings.Contains(m.Words, "at most 65507 fit") {
		t.Errorf("%v", err)
	}
}

func TestUDPHasNoTLSAndNoEnd(t *testing.T) {
	server, to := listenUDP(t)
	c := dialUDP(t, new(Dialer), to)
	if err := c.CloseWrite(); err != nil {
		t.Error(err)
	}
	if _, err := c.StartTLS(t.Context(), ""); err == nil || !strings.Contains(err.Error(), "TLS is not spoken") {
		t.Error(err)
	}
	if _, err := c.Write([]byte("x")); err != nil {
		t.Error(err)
	}
	if n, err := server.Read(make([]byte, 9)); n != 1 || err != nil {
		t.Errorf("%d bytes, %v", n, err)
	}
	if to.DialTells() || to.TakesTLS() || !to.IsDirect() {
		t.Errorf("%+v", to)
	}
}

// A name that leads to an address that may not be dialled leads nowhere, as with TCP.
func TestUDPAsksThePolicy(t *testing.T) {
	for words, denied := range map[string]bool{
		"public": true, "deny 127.0.0.0/8,deny ::1": true, "deny tcp://*": true, "deny udp://*": true, "practice": true,
		"allow tcp://127.0.0.1,deny *": true, "allow tls://*,deny *": true,
		"local": false, "allow 127.0.0.1,deny *": false, "allow udp://127.0.0.1,public": false, "deny tls://*": false,
	} {
		server, to := listenUDP(t)
		at := netip.MustParseAddrPort(server.LocalAddr().String())
		d := &Dialer{Policy: policy(t, strings.FieldsFunc(words, func(r rune) bool { return r == ',' })...).Practice(at)}
		for _, host := range []string{"127.0.0.1", "", "localhost"} {
			to.Host = host
			c, err := d.Dial(t.Context(), to, Security{})
			if err == nil {
				c.Close()
			}
			if host == "localhost" && !denied {
				continue // may be ::1 first, which only some of them allow
			}
			if denied != (err != nil) || denied && !errors.Is(err, ErrDenied) {
				t.Errorf("%q, host %q: %v", words, host, err)
			}
		}
	}
	server, to := listenUDP(t)
	practice := policy(t, "practice").PracticeByUDP(netip.MustParseAddrPort(server.LocalAddr().String()))
	if c, err := (&Dialer{Policy: practice}).Dial(t.Context(), to, Security{}); err != nil {
		t.Errorf("a practice server of UDP: %v", err)
	} else {
		c.Close()
	}
	if to.Kind = TCP; practice.Check(to, netip.MustParseAddr("127.0.0.1")) == nil {
		t.Error("its port may be dialled by TCP")
	}
	own := Policy{}.Own(netip.MustParseAddrPort("127.0.0.1:5353"))
	if _, err := (&Dialer{Policy: own}).Dial(t.Context(), parse(t, "udp://127.0.0.1:5353"), Security{}); !errors.Is(err, ErrDenied) {
		t.Errorf("its own address: %v", err)
	}
}

func TestNoProxyLeadsToUDP(t *testing.T) {
	p, err := ParseProxy("socks5://127.0.0.1:1")
	if err != nil {
		t.Fatal(err)
	}
	for _, to := range []Target{{Kind: UDP, Host: "192.0.2.1", Port: 53}, {Kind: UDP, Host: "127.0.0.1", Port: 53, Via: p}} {
		_, err := (&Dialer{Proxy: p}).Dial(t.Context(), to, Security{})
		var e *Error
		if !errors.As(err, &e) || e.Code != CodeProxyFailed || !strings.Contains(e.Words, "proxies lead to TCP only") {
			t.Errorf("%v: %v", to, err)
		}
	}
}
