package loopback

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"syscall"

	"github.com/protocol-workbench/workbench/core/urgent"
)

var (
	ipv4 = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	ipv6 = netip.IPv6Loopback()
)

// freePorts is how many ports Listen tries to find one that is free on both
// addresses.
const freePorts = 100

// Listen listens on a loopback address. For 127.0.0.1 and [::1] that is both of
// them, on the same port, except that a machine may lack the one that was not
// asked for; another address, such as 127.0.0.2, is listened on alone. Port 0
// picks a port. The listener's address is the one that was asked for. Urgent data
// stands in its place in the stream of each connection.
//
// Its errors are an *[Error].
func Listen(addr netip.AddrPort) (net.Listener, error) {
	if !addr.Addr().IsLoopback() {
		return nil, &Error{addr.String(), addr, NotLoopback, errNotLoopback}
	}
	addrs := []netip.Addr{addr.Addr()}
	switch addr.Addr() {
	case ipv4:
		addrs = append(addrs, ipv6)
	case ipv6:
		addrs = append(addrs, ipv4)
	}
	for try := 1; ; try++ {
		listeners, err := listenAll(addrs, addr.Port())
		if err == nil {
			return join(listeners), nil
		}
		if addr.Port() != 0 || err.Reason != Taken || try == freePorts {
			return nil, err
		}
	}
}

// Exposed listens on an address that other machines may reach: an unspecified one
// stands for all that this machine has, of IPv4 only if it is 0.0.0.0. What is there
// must know whom it answers. Its errors are an *[Error].
func Exposed(addr netip.AddrPort) (net.Listener, error) {
	network, where := "tcp", addr.String()
	switch {
	case !addr.Addr().IsValid() || addr.Addr() == netip.IPv6Unspecified(): // which a machine without IPv6 lacks
		where = fmt.Sprintf(":%d", addr.Port())
	case addr.Addr().Is4():
		network = "tcp4"
	}
	l, err := config().Listen(context.Background(), network, where)
	if err != nil {
		return nil, &Error{where, addr, reasonOf(err), err}
	}
	return l, nil
}

// config has the listeners keep urgent data in the stream.
func config() *net.ListenConfig {
	return &net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error { return urgent.Keep(c) }}
}

// listenAll listens on a port of each address that this machine has, the first
// of which must be there.
func listenAll(addrs []netip.Addr, port uint16) (listeners []net.Listener, failed *Error) {
	for _, ip := range addrs {
		addr := netip.AddrPortFrom(ip, port)
		l, err := config().Listen(context.Background(), "tcp", addr.String()) // of an address it waits for nothing
		if err != nil {
			failed = &Error{addr.String(), addr, reasonOf(err), err}
			if failed.Reason == Missing && len(listeners) > 0 {
				continue
			}
			for _, l := range listeners {
				l.Close()
			}
			return nil, failed
		}
		listeners = append(listeners, l)
		port = l.Addr().(*net.TCPAddr).AddrPort().Port()
	}
	return listeners, nil
}

// Error says why nobody can listen on an address.
type Error struct {
	Address string         // as it was named, or as Addr says
	Addr    netip.AddrPort // which of the addresses; without a host where none was understood
	Reason  Reason
	Err     error // the system's
}

// Error says where, and why.
func (e *Error) Error() string { return fmt.Sprintf("listen on %s: %v", e.Address, e.Err) }

// Unwrap returns the system's error.
func (e *Error) Unwrap() error { return e.Err }

var errNotLoopback = errors.New("not a loopback address")

// Reason is a reason of an [Error].
type Reason int

// The reasons.
const (
	Other       Reason = iota
	NoAddress          // not of the form HOST:PORT
	NoPort             // not a number from 0 to 65535
	NoHost             // neither an address nor localhost
	NotLoopback        // others could reach it
	Taken              // another program listens there
	Forbidden          // this user may not
	Missing            // this machine has no such address
)

// Windows has numbers of its own; no other system uses them.
const (
	wsaAccess       = syscall.Errno(10013)
	wsaNoFamily     = syscall.Errno(10047)
	wsaInUse        = syscall.Errno(10048)
	wsaNotAvailable = syscall.Errno(10049)
)

func reasonOf(err error) Reason {
	var errno syscall.Errno
	errors.As(err, &errno)
	switch errno {
	case syscall.EADDRINUSE, wsaInUse:
		return Taken
	case syscall.EACCES, wsaAccess:
		return Forbidden
	case syscall.EADDRNOTAVAIL, syscall.EAFNOSUPPORT, wsaNoFamily, wsaNotAvailable:
		return Missing
	}
	return Other
}

// joined accepts from several listeners.
type joined struct {
	listeners []net.Listener
	accepted  chan accepted
	closing   chan struct{}
	close     func() error
}

type accepted struct {
	conn net.Conn
	err  error
}

func join(listeners []net.Listener) net.Listener {
	if len(listeners) == 1 {
		return listeners[0]
	}
	j := &joined{listeners: listeners, accepted: make(chan accepted), closing: make(chan struct{})}
	var running sync.WaitGroup
	for _, l := range listeners {
		running.Go(func() { j.acceptFrom(l) })
	}
	j.close = sync.OnceValue(func() (err error) {
		close(j.closing)
		for _, l := range j.listeners {
			err = errors.Join(err, l.Close())
		}
		running.Wait()
		return err
	})
	return j
}

// acceptFrom hands each connection and each error to Accept, and waits for
// that: who calls Accept decides how fast it goes, and what to make of an error.
func (j *joined) acceptFrom(l net.Listener) {
	for {
		conn, err := l.Accept()
		select {
		case j.accepted <- accepted{conn, err}:
		case <-j.closing:
			if err == nil {
				conn.Close()
			}
			return
		}
	}
}

// Accept implements [net.Listener].
func (j *joined) Accept() (net.Conn, error) {
	select {
	case a := <-j.accepted:
		return a.conn, a.err
	case <-j.closing:
		return nil, net.ErrClosed
	}
}

// Close implements [net.Listener].
func (j *joined) Close() error { return j.close() }

// Addr implements [net.Listener].
func (j *joined) Addr() net.Addr { return j.listeners[0].Addr() }
