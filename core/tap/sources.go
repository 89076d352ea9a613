package tap

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"
	"time"

	"github.com/protocol-workbench/workbench/core/session"
)

// Bounds of a tap of datagrams.
const (
	MaxSources = 1024             // at a time; the datagrams of further ones are dropped
	IdleLimit  = 30 * time.Second // in which no datagram crosses, and the session ends
	QueueAt    = 256 << 10        // bytes of a source that wait for its session; what comes then is dropped
)

// maxDatagram is what fits into one.
const maxDatagram = 65_507

// waitingWeight is what a datagram that waits counts beside its bytes.
const waitingWeight = 64

// Sources are the clients of a socket for datagrams: each address that sends some is one.
// It is a listener whose connections are each a *[Source].
type Sources struct {
	socket   *net.UDPConn
	accepted chan *Source
	closing  chan struct{}
	reading  sync.WaitGroup

	mu     sync.Mutex
	all    map[netip.AddrPort]*Source
	closed bool
}

var _ net.Listener = (*Sources)(nil)

// Listen takes in what comes to a socket, which is closed after Close, once the last of
// the sources is.
func Listen(socket *net.UDPConn) *Sources {
	s := &Sources{
		socket: socket, accepted: make(chan *Source, MaxSources), closing: make(chan struct{}),
		all: map[netip.AddrPort]*Source{},
	}
	s.reading.Go(s.read)
	return s
}

func (s *Sources) read() {
	for buf := make([]byte, 1<<16); ; {
		n, from, err := s.socket.ReadFromUDPAddrPort(buf)
		switch {
		case err == nil:
			if source := s.from(from); source != nil {
				source.put(buf[:n])
			}
		case errors.Is(err, net.ErrClosed):
			return
		case errors.Is(err, syscall.ECONNREFUSED), errors.Is(err, wsaReset): // one that is gone by now
		default:
			s.Close()
			return
		}
	}
}

// wsaReset is what Windows says of a source that is gone.
const wsaReset = syscall.Errno(10054)

// from returns the source at an address, a new one if need be, or nil if there is room for
// no more.
func (s *Sources) from(address netip.AddrPort) *Source {
	s.mu.Lock()
	defer s.mu.Unlock()
	source := s.all[address]
	if source == nil && !s.closed && len(s.all) < MaxSources {
		source = &Source{of: s, address: address, ready: make(chan struct{}, 1), gone: make(chan struct{}), active: time.Now()}
		select {
		case s.accepted <- source:
			s.all[address] = source
		default: // as many wait as may: those that have gone, too
			return nil
		}
	}
	return source
}

// Accept returns the next source.
func (s *Sources) Accept() (net.Conn, error) {
	select {
	case <-s.closing:
		return nil, net.ErrClosed
	default:
	}
	select {
	case source := <-s.accepted:
		return source, nil
	case <-s.closing:
		return nil, net.ErrClosed
	}
}

// Close has no further sources accepted.
func (s *Sources) Close() error {
	s.mu.Lock()
	if !s.closed {
		s.closed = true
		close(s.closing)
	}
	for { // nobody will
		select {
		case source := <-s.accepted:
			delete(s.all, source.address)
			continue
		default:
		}
		break
	}
	s.mu.Unlock()
	s.closeSocket()
	return nil
}

// closeSocket closes the socket, if nobody needs it.
func (s *Sources) closeSocket() {
	s.mu.Lock()
	unused := s.closed && len(s.all) == 0
	s.mu.Unlock()
	if unused {
		s.socket.Close()
	}
}

// Addr returns the socket's address.
func (s *Sources) Addr() net.Addr { return s.socket.LocalAddr() }

// forget gives up a source: what its address sends from now on is another's.
func (s *Sources) forget(source *Source) {
	s.mu.Lock()
	if s.all[source.address] == source {
		delete(s.all, source.address)
	}
	s.mu.Unlock()
	s.closeSocket()
}

// Source is a client that sends datagrams: all those from one address, until none crosses
// for IdleLimit.
type Source struct {
	of      *Sources
	address netip.AddrPort
	ready   chan struct{} // a value says that something may have come
	gone    chan struct{}
	leave   sync.Once

	mu      sync.Mutex
	waiting [][]byte
	held    int       // weight of what waits
	lost    int       // datagrams that there was no room for
	active  time.Time // when one crossed last
}

var (
	_ Conn     = (*Source)(nil)
	_ net.Conn = (*Source)(nil)
)

// put has a datagram wait for Receive.
func (c *Source) put(data []byte) {
	c.mu.Lock()
	c.active = time.Now()
	if c.held > 0 && c.held+len(data)+waitingWeight > QueueAt {
		c.lost++
	} else {
		c.waiting = append(c.waiting, append([]byte{}, data...))
		c.held += len(data) + waitingWeight
	}
	c.mu.Unlock()
	select {
	case c.ready <- struct{}{}:
	default:
	}
}

// Receive returns the next datagram. Its error is a [session.End] once none has crossed for
// IdleLimit.
func (c *Source) Receive() ([]byte, error) {
	for {
		data, left, err := c.next()
		if data != nil || err != nil {
			return data, err
		}
		idle := time.NewTimer(left)
		select {
		case <-c.ready:
		case <-idle.C:
		case <-c.gone:
			err = net.ErrClosed
		}
		idle.Stop()
		if err != nil {
			return nil, err
		}
	}
}

// next returns what waits, or how long to wait for it.
func (c *Source) next() (data []byte, left time.Duration, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case len(c.waiting) > 0:
		data, c.waiting = c.waiting[0], c.waiting[1:]
		c.held -= len(data) + waitingWeight
		return data, 0, nil
	case c.lost > 0:
		err = mishap(fmt.Sprintf("dropped %d datagrams of the client: they came faster than they could be passed on", c.lost))
		c.lost = 0
		return nil, 0, err
	}
	if left = IdleLimit - time.Since(c.active); left <= 0 {
		return nil, 0, session.End{Cause: session.Idle, Words: fmt.Sprintf("no datagram crossed for %v", IdleLimit)}
	}
	return nil, left, nil
}

// mishap says what befell a datagram.
type mishap string

var _ session.Mishap = mishap("")

func (m mishap) Error() string { return string(m) }

// Mishap implements [session.Mishap].
func (mishap) Mishap() {}

// Write sends one datagram.
func (c *Source) Write(data []byte) (int, error) {
	if len(data) > maxDatagram {
		return 0, mishap(fmt.Sprintf("a datagram of %d bytes was not sent to the client: at most %d fit into one", len(data), maxDatagram))
	}
	c.touch()
	n, err := c.of.socket.WriteToUDPAddrPort(data, c.address)
	if err != nil && !errors.Is(err, net.ErrClosed) {
		err = mishap(fmt.Sprintf("a datagram of %d bytes was not sent to the client: %v", len(data), errors.Unwrap(err)))
	}
	return n, err
}

// touch takes note that a datagram crosses.
func (c *Source) touch() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.active = time.Now()
}

// Read reads a datagram, as of net.Conn.
func (c *Source) Read(p []byte) (int, error) {
	data, err := c.Receive()
	return copy(p, data), err
}

// Close gives the source up.
func (c *Source) Close() error {
	c.leave.Do(func() {
		close(c.gone)
		c.of.forget(c)
	})
	return nil
}

// Reset closes it: datagrams have no resets.
func (c *Source) Reset() { c.Close() }

// CloseWrite does nothing: nor have they an end.
func (c *Source) CloseWrite() error { return nil }

// Ready is false: the system cannot tell.
func (c *Source) Ready() bool { return false }

// Resolved returns the source's address.
func (c *Source) Resolved() string { return c.address.String() }

// Through and Secured return "".
func (c *Source) Through() string { return "" }

// Secured returns "".
func (c *Source) Secured() string { return "" }

// LocalAddr and RemoteAddr are net.Conn's.
func (c *Source) LocalAddr() net.Addr { return c.of.Addr() }

// RemoteAddr is the source's address.
func (c *Source) RemoteAddr() net.Addr { return net.UDPAddrFromAddrPort(c.address) }

// SetDeadline and those below do nothing: a source has IdleLimit.
func (c *Source) SetDeadline(time.Time) error { return nil }

// SetReadDeadline does nothing.
func (c *Source) SetReadDeadline(time.Time) error { return nil }

// SetWriteDeadline does nothing.
func (c *Source) SetWriteDeadline(time.Time) error { return nil }
