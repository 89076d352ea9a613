package tap

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core/session"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// listen returns the sources of a new socket.
func listen(t *testing.T) *Sources {
	t.Helper()
	socket, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	s := Listen(socket)
	t.Cleanup(func() { s.Close(); s.reading.Wait() })
	return s
}

func dial(t *testing.T, s *Sources) net.Conn {
	t.Helper()
	c, err := net.Dial("udp4", s.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	c.SetDeadline(time.Now().Add(30 * time.Second))
	return c
}

// Each address is a client, whose datagrams come whole and in order, the empty ones too,
// and is answered from where it asked. The socket goes with the last of them.
func TestEachAddressIsAClient(t *testing.T) {
	s := listen(t)
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := s.Accept()
			if err != nil {
				return
			}
			serving.Go(func() {
				for {
					data, err := c.(*Source).Receive()
					if err != nil {
						t.Error(err)
						return
					}
					if string(data) == "bye" {
						c.Close()
						return
					}
					c.Write(append([]byte(c.RemoteAddr().String()+" "), data...))
				}
			})
		}
	})
	clients := []net.Conn{dial(t, s), dial(t, s)}
	buf := make([]byte, 100)
	for _, say := range []string{"one", "", "three"} {
		for _, c := range clients {
			if _, err := c.Write([]byte(say)); err != nil {
				t.Fatal(err)
			}
			n, err := c.Read(buf)
			if want := c.LocalAddr().String() + " " + say; err != nil || string(buf[:n]) != want {
				t.Errorf("%q, %v; want %q", buf[:n], err, want)
			}
		}
	}
	s.Close() // those that are there go on
	clients[0].Write([]byte("still"))
	if n, err := clients[0].Read(buf); err != nil || !strings.HasSuffix(string(buf[:n]), " still") {
		t.Errorf("%q, %v", buf[:n], err)
	}
	for _, c := range clients {
		c.Write([]byte("bye"))
	}
	serving.Wait()
	s.reading.Wait()
	if _, err := s.Accept(); !errors.Is(err, net.ErrClosed) {
		t.Errorf("Accept: %v", err)
	}
}

// A source ends once nothing has crossed for IdleLimit, in either direction.
func TestAnIdleSourceEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := newSource()
		begun := time.Now()
		go func() {
			time.Sleep(20 * time.Second)
			c.put([]byte("x"))
			time.Sleep(20 * time.Second)
			c.touch() // it was sent something
		}()
		if data, err := c.Receive(); string(data) != "x" || err != nil {
			t.Errorf("%q, %v", data, err)
		}
		_, err := c.Receive()
		var end session.End
		if took := time.Since(begun); !errors.As(err, &end) || end.Cause != session.Idle || took != 40*time.Second+IdleLimit {
			t.Errorf("%v after %v", err, took)
		}
	})
}

func newSource() *Source {
	return &Source{of: &Sources{}, ready: make(chan struct{}, 1), gone: make(chan struct{}), active: time.Now()}
}

// What a session does not take waits up to a bound; then datagrams are lost, which is told.
func TestASourceHoldsSoMuch(t *testing.T) {
	c := newSource()
	const size, room = 1000, QueueAt / (1000 + waitingWeight)
	for range room + 7 {
		c.put(make([]byte, size))
	}
	for i := range room {
		if data, err := c.Receive(); len(data) != size || err != nil {
			t.Fatalf("%d: %d bytes, %v", i, len(data), err)
		}
	}
	var m session.Mishap
	if _, err := c.Receive(); !errors.As(err, &m) || !strings.Contains(m.Error(), "dropped 7 datagrams") {
		t.Error(err)
	}
	if c.held != 0 {
		t.Errorf("%d are held of nothing", c.held)
	}
}

func TestThereAreSoManySources(t *testing.T) {
	s := &Sources{accepted: make(chan *Source, MaxSources), closing: make(chan struct{}), all: map[netip.AddrPort]*Source{}}
	at := func(port int) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), uint16(port))
	}
	for port := range MaxSources {
		if s.from(at(1+port)) == nil {
			t.Fatalf("source %d is refused", port)
		}
	}
	if s.from(at(5000)) != nil || s.from(at(1)) == nil {
		t.Error("one too many is taken, or one that is known is not")
	}
}

// Each write is a datagram, and one that is too large keeps none back.
func TestEachWriteIsADatagram(t *testing.T) {
	s := listen(t)
	c := dial(t, s)
	if _, err := c.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	accepted, err := s.Accept()
	if err != nil {
		t.Fatal(err)
	}
	source := accepted.(*Source)
	defer source.Close()
	if data, err := source.Receive(); string(data) != "hello" || err != nil {
		t.Fatalf("%q, %v", data, err)
	}
	for _, data := range [][]byte{[]byte("a"), nil, make([]byte, maxDatagram+1), []byte("b")} {
		_, err := source.Write(data)
		if m := session.Mishap(nil); len(data) > maxDatagram != errors.As(err, &m) {
			t.Errorf("%d bytes: %v", len(data), err)
		}
	}
	var got []string
	for range 3 {
		buf := make([]byte, 9)
		n, err := c.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, string(buf[:n]))
	}
	if !slices.Equal(got, []string{"a", "", "b"}) {
		t.Errorf("%q", got)
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := new(Tap).Serve(ctx, s); err != nil { // closes them
		t.Error(err)
	}
}
