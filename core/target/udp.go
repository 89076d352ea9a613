package target

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// MaxDatagram is how many bytes fit into a datagram of UDP over IPv4 (RFC 768, RFC 791).
const MaxDatagram = 65_507

// Mishap is an error of a connection for datagrams that ends nothing: one of them did not
// arrive, as far as the system knows.
type Mishap struct {
	Words string // for the user, on one line
	Cause error  // nil: the datagram was not tried
}

// Error returns the words.
func (m *Mishap) Error() string { return m.Words }

// Unwrap returns the cause.
func (m *Mishap) Unwrap() error { return m.Cause }

// Mishap marks the error as one after which the connection is of use as before.
func (m *Mishap) Mishap() {}

// cutUDP cuts udp:// off an address.
func cutUDP(s string) (kind Kind, rest string, err error) {
	name, rest, found := strings.Cut(s, "://")
	switch {
	case !found:
	case strings.EqualFold(name, kinds[UDP].scheme):
		return UDP, strings.TrimSpace(rest), nil
	case strings.EqualFold(name, "tls+udp"), strings.EqualFold(name, "dtls"):
		return UDP, "", fail(nil, "%s:// is refused: there is no TLS over UDP here; write udp://host:port for datagrams in clear", strings.ToLower(name))
	}
	return TCP, s, nil
}

// dialUDP connects a socket to a host's port. That sends nothing.
func (d *Dialer) dialUDP(ctx context.Context, t Target, limit time.Duration) (*Conn, error) {
	if p, _ := d.via(t); p != (Proxy{}) {
		return nil, fail(nil, "%s cannot be reached through the proxy %s: proxies lead to TCP only", t.shown(), short(p.String())).as(CodeProxyFailed)
	}
	dialer := net.Dialer{Resolver: d.Resolver, ControlContext: d.control(t)}
	address := net.JoinHostPort(t.dialHost(), strconv.Itoa(int(t.Port)))
	raw, err := dialer.DialContext(ctx, "udp", address)
	if err != nil {
		return nil, explainDial(err, t, address, limit)
	}
	udp := raw.(*net.UDPConn)
	resolved := udp.RemoteAddr().(*net.UDPAddr).AddrPort()
	conn := d.over(datagrams{udp, udp}, resolved.String(), d.Policy.Decide(t, resolved.Addr()).By)
	conn.packets = &packets{to: conn.resolved}
	conn.Conn = packetConn{conn.Conn, conn.packets}
	conn.much = true // a datagram is read whole or cut off
	return conn, nil
}

// datagrams is a socket for them, whose directions do not end. It does not embed the
// socket: writing buffers to that leaves empty ones out, and an empty datagram is one.
type datagrams struct {
	net.Conn
	socket *net.UDPConn
}

// SyscallConn is the socket's.
func (d datagrams) SyscallConn() (syscall.RawConn, error) { return d.socket.SyscallConn() }

// CloseWrite does nothing: UDP has no end that a peer could be told of.
func (datagrams) CloseWrite() error { return nil }

// packets is what is known of a connection for datagrams.
type packets struct {
	to string

	mu   sync.Mutex
	told string // in the last Mishap; nothing has come since
}

// packetConn writes datagrams.
type packetConn struct {
	net.Conn
	*packets
}

// retries is how often a datagram is sent anew that the system did not send, because it
// had to tell what became of an earlier one.
const retries = 3

// Write sends one datagram. Its error is a *Mishap unless the socket is of no more use.
func (c packetConn) Write(data []byte) (int, error) {
	if len(data) > MaxDatagram {
		return 0, &Mishap{Words: fmt.Sprintf("a datagram of %d bytes was not sent to %s: at most %d fit into one", len(data), c.to, MaxDatagram)}
	}
	var refused error
	for range retries {
		_, err := c.Conn.Write(data)
		if err == nil {
			return len(data), refused
		}
		m := c.explain(err, len(data))
		if m == nil {
			return 0, err
		}
		if !isRefusal(err) {
			return 0, m
		}
		refused = c.once(m)
	}
	return 0, refused
}

// receivePacket returns the next datagram.
func (c *Conn) receivePacket() ([]byte, error) {
	for {
		n, err := c.receive()
		if err == nil {
			c.packets.came()
			return (*c.lent)[:n], nil
		}
		c.giveBack()
		m := c.packets.explain(err, 0)
		if m == nil {
			return nil, err
		}
		if err := c.packets.once(m); err != nil {
			return nil, err
		}
	}
}

// came takes note that the target has sent something.
func (p *packets) came() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.told = ""
}

// once returns m, unless it says what the last one said and nothing has come since: a
// target that is not there refuses each datagram.
func (p *packets) once(m *Mishap) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.told == m.Words {
		return nil
	}
	p.told = m.Words
	return m
}

// explain returns an error of the system's as a Mishap, or nil if it is more than that.
func (p *packets) explain(err error, size int) *Mishap {
	var errno syscall.Errno
	switch {
	case isRefusal(err):
		return &Mishap{fmt.Sprintf("%s refused a datagram: nothing listens there (ICMP, port unreachable)", p.to), err}
	case errors.Is(err, syscall.EMSGSIZE), errors.Is(err, wsaMsgSize):
		words := "a datagram"
		if size > 0 {
			words = fmt.Sprintf("a datagram of %d bytes", size)
		}
		return &Mishap{fmt.Sprintf("%s did not reach %s: it is larger than the network takes", words, p.to), err}
	case errors.Is(err, syscall.ENETUNREACH), errors.Is(err, syscall.EHOSTUNREACH), errors.Is(err, wsaUnreachable), errors.Is(err, wsaNoHost):
		return &Mishap{fmt.Sprintf("a datagram did not reach %s: no route to it", p.to), err}
	case errors.Is(err, syscall.EPERM), errors.Is(err, syscall.EACCES), errors.Is(err, wsaAccess):
		return &Mishap{fmt.Sprintf("a datagram was not sent to %s: this machine does not allow it", p.to), err}
	case errors.Is(err, syscall.ENOBUFS), errors.Is(err, syscall.ENOMEM), errors.Is(err, syscall.ENOPROTOOPT):
		errors.As(err, &errno)
		return &Mishap{fmt.Sprintf("a datagram did not reach %s: %s", p.to, errno.Error()), err}
	}
	return nil
}

// wsaMsgSize is Windows' EMSGSIZE.
const wsaMsgSize = syscall.Errno(10040)

// isRefusal reports an ICMP message, port unreachable, that answers an earlier datagram.
func isRefusal(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, wsaRefused) || errors.Is(err, wsaReset)
}
