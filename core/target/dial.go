package target

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"syscall"
	"time"

	"github.com/protocol-workbench/workbench/core/urgent"
)

// DefaultTimeout bounds a dial if the Dialer sets no other time-out.
const DefaultTimeout = 10 * time.Second

// Dialer dials targets. The zero value allows every address, waits
// DefaultTimeout, and trusts the authorities that the system trusts. It is safe
// for concurrent use.
type Dialer struct {
	Policy    Policy
	Timeout   time.Duration // for look-up, connect and TLS handshake together; 0: DefaultTimeout
	TLSConfig *tls.Config   // nil: the system's roots. It is copied, and a Security overrides it
	Resolver  *net.Resolver // nil: the system's

	// Proxy is what TCP targets are reached through that name no other, unless their
	// host is written as this machine's. The policy is not asked about it.
	Proxy Proxy

	// Local opens a local target that is not a socket, once the policy has allowed it;
	// nil: there are none here. Its errors are of type *Error.
	Local func(context.Context, Target) (Stream, error)

	// Below, if set, wraps the connection beneath TLS.
	Below func(net.Conn) net.Conn
}

// Dial looks up the target's host, asks the policy about each address before it
// is tried, and connects; a local target is what the policy is asked about itself.
// If the target says TLS, the handshake follows, as s chooses. A connection by TCP
// has TCP_NODELAY and keep-alive set. Dial returns at once when ctx ends. Of a WebSocket
// it is the connection below: its own handshake is core/wsclient's.
//
// Its errors are of type *Error. One wraps ErrDenied if the policy denied an
// address; one of the TLS handshake has a code.
func (d *Dialer) Dial(ctx context.Context, t Target, s Security) (*Conn, error) {
	limit := cmp.Or(d.Timeout, DefaultTimeout)
	for {
		began := time.Now()
		conn, err := d.dial(ctx, t, s, limit)
		var timeout net.Error
		if !errors.As(err, &timeout) || !timeout.Timeout() || time.Since(began) < limit+late {
			return conn, err
		}
	}
}

// late is the delay after which a time-out shows only that this process was
// stopped, and nothing about the target.
const late = 2 * time.Second

// dial dials once.
func (d *Dialer) dial(ctx context.Context, t Target, s Security, limit time.Duration) (*Conn, error) {
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()

	conn, err := d.connect(within, t, limit)
	if err != nil {
		if ctx.Err() != nil {
			return nil, stopped(ctx, t)
		}
		return nil, err
	}
	if !t.TLS {
		if conn.noUpgrade = t.noUpgrade(); conn.noUpgrade == "" {
			conn.upgrade = upgrade{d, t, s}
		}
		return conn, nil
	}
	secure := newTLSConn(conn.Conn, d.tlsConfig(t, s), s.Client)
	if secure.written = t.TLSMark(); t.Kind == WebSocket {
		secure.written = "the s of wss://"
	}
	if err := secure.handshake(within); err != nil {
		conn.stream.Close()
		if ctx.Err() != nil {
			return nil, stopped(ctx, t)
		}
		return nil, secure.explain(err, &s, conn.Resolved(), limit)
	}
	conn.Conn, conn.raw, conn.outcome = secure, nil, secure.outcome(s.Verify)
	return conn, nil
}

// connect reaches the target, in clear.
func (d *Dialer) connect(ctx context.Context, t Target, limit time.Duration) (*Conn, error) {
	if t.Kind == TCP || t.Kind == WebSocket || t.Kind == UDP {
		if err := d.Policy.checkName(t); err != nil {
			return nil, err
		}
	}
	switch t.Kind {
	case TCP, WebSocket:
		if p, named := d.via(t); p != (Proxy{}) {
			return d.dialVia(ctx, t, p, named, limit)
		}
		return d.dialTCP(ctx, t, limit)
	case Unix:
		return d.dialUnix(ctx, t, limit)
	case UDP:
		return d.dialUDP(ctx, t, limit)
	case Serial, Exec:
		return d.openLocal(ctx, t)
	case Listen:
		return nil, fail(nil, "%s is a client that is waited for: only a session by hand does that", t.shown()).as(CodeDial)
	}
	return nil, fail(nil, "%s is of a kind that cannot be dialled", t.shown()).as(CodeDial)
}

// dialTCP connects to a host's port.
func (d *Dialer) dialTCP(ctx context.Context, t Target, limit time.Duration) (*Conn, error) {
	dialer := net.Dialer{Resolver: d.Resolver, ControlContext: d.control(t)}
	address := net.JoinHostPort(t.dialHost(), strconv.Itoa(int(t.Port)))
	raw, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return nil, explainDial(err, t, address, limit)
	}
	tcp := raw.(*net.TCPConn)
	return d.Over(tcp, d.Policy.Decide(t, tcp.RemoteAddr().(*net.TCPAddr).AddrPort().Addr()).By), nil
}

// Over returns the connection to a target on a TCP connection that is there already, in
// clear. by says what let it be, as of a Decision.
func (d *Dialer) Over(tcp *net.TCPConn, by string) *Conn {
	return d.over(tcp, tcp.RemoteAddr().String(), by)
}

func (d *Dialer) over(s Stream, resolved, by string) *Conn {
	conn := &Conn{Conn: s, stream: s, resolved: resolved, allowedBy: by}
	conn.raw = rawToRead(s)
	if d.Below != nil {
		conn.Conn = d.Below(s)
		conn.below = conn.Conn
	}
	return conn
}

// Resolve looks the target's host up as Dial does, and returns its addresses. It
// dials nothing and asks no policy. Its errors are of type *Error.
func (d *Dialer) Resolve(ctx context.Context, t Target) ([]netip.Addr, error) {
	began := time.Now()
	resolver := cmp.Or(d.Resolver, net.DefaultResolver)
	addrs, err := resolver.LookupNetIP(ctx, "ip", t.dialHost())
	if err != nil {
		return nil, explainDial(err, t, t.Logged(), time.Since(began))
	}
	for i, a := range addrs {
		addrs[i] = a.Unmap()
	}
	return addrs, nil
}

// dialHost returns what an empty host means. It is an address and not
// "localhost", so that it needs no look-up.
func (t Target) dialHost() string { return cmp.Or(t.Host, "127.0.0.1") }

// control returns what runs between look-up and connect, once per address.
func (d *Dialer) control(t Target) func(context.Context, string, string, syscall.RawConn) error {
	return func(_ context.Context, _, address string, c syscall.RawConn) error {
		resolved, err := netip.ParseAddrPort(address)
		if err != nil {
			return d.Policy.Check(t, netip.Addr{})
		}
		if err := d.Policy.Check(t, resolved.Addr()); err != nil {
			return err
		}
		return urgent.Keep(c)
	}
}

func stopped(ctx context.Context, t Target) error {
	return fail(context.Cause(ctx), "stopped before %s answered", short(t.Logged())).as(CodeStopped)
}

// Windows has its own numbers; no other system uses them.
const (
	wsaAccess      = syscall.Errno(10013)
	wsaNetDown     = syscall.Errno(10050)
	wsaUnreachable = syscall.Errno(10051)
	wsaReset       = syscall.Errno(10054)
	wsaRefused     = syscall.Errno(10061)
	wsaNoHost      = syscall.Errno(10065)
)

// explainDial says in the user's words why a look-up or a connect failed. The
// library's words name files, name servers and system calls.
func explainDial(err error, t Target, address string, limit time.Duration) error {
	var own *Error
	if errors.As(err, &own) {
		return own
	}
	var dns *net.DNSError
	if errors.As(err, &dns) {
		switch {
		case dns.IsNotFound:
			return fail(err, "no such host: %s", t.shownHost()).as(CodeNoSuchHost)
		case dns.IsTimeout:
			return fail(err, "%s could not be looked up: no name server answered in time", t.shownHost()).as(CodeLookUp)
		}
		return fail(err, "%s could not be looked up: the name server cannot be reached or has no answer now", t.shownHost()).as(CodeLookUp)
	}
	var op *net.OpError
	if errors.As(err, &op) && op.Addr != nil {
		address = op.Addr.String()
	}
	address = short(address)
	var wait net.Error
	if errors.As(err, &wait) && wait.Timeout() {
		return fail(err, "no answer from %s within %s", address, seconds(limit)).as(CodeNoAnswer)
	}
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return fail(err, "could not connect to %s", address).as(CodeDial)
	}
	switch errno {
	case syscall.ECONNREFUSED, wsaRefused:
		return fail(err, "connection refused by %s: nothing listens there", address).as(CodeRefused)
	case syscall.ECONNRESET, wsaReset:
		return fail(err, "%s closed the connection at once", address).as(CodeBrokeOff)
	case syscall.EHOSTUNREACH, wsaNoHost:
		return fail(err, "%s cannot be reached: no route to host", address).as(CodeUnreachable)
	case syscall.ENETUNREACH, wsaUnreachable, syscall.ENETDOWN, wsaNetDown:
		return fail(err, "%s cannot be reached: this machine has no route to that network", address).as(CodeUnreachable)
	case syscall.EACCES, syscall.EPERM, wsaAccess:
		return fail(err, "this machine does not allow connections to %s", address).as(CodeNotPermitted)
	case syscall.EMFILE, syscall.ENFILE:
		return fail(err, "could not connect to %s: too many connections are open here", address).as(CodeTooMany)
	}
	return fail(err, "could not connect to %s: %s", address, errno.Error()).as(CodeDial)
}

// seconds formats a time for people.
func seconds(d time.Duration) string {
	if d < time.Second {
		return fmt.Sprintf("%d ms", d.Milliseconds())
	}
	return strconv.FormatFloat(d.Seconds(), 'g', 4, 64) + " s"
}
