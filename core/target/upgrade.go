package target

import (
	"cmp"
	"context"
	"time"
)

// upgrade is how a plain connection becomes TLS in mid-stream: as it would have if it
// had been dialled so.
type upgrade struct {
	dialer   *Dialer // nil: it cannot
	target   Target
	security Security
}

// MayUpgrade has a connection of Over become TLS as one that was dialled to t with s would.
func (c *Conn) MayUpgrade(d *Dialer, t Target, s Security) { c.upgrade = upgrade{d, t, s} }

// NoUpgrade says for the user why the connection cannot be upgraded to TLS, if that is known
// beforehand; "" otherwise.
func (c *Conn) NoUpgrade() string { return c.noUpgrade }

// noUpgrade is NoUpgrade for all connections to such a target.
func (t Target) noUpgrade() string {
	switch {
	case t.Listens():
		return "this connection cannot be upgraded to TLS: the workbench would have to be the TLS server, and it has no certificate to show"
	case !t.TakesTLS():
		return "TLS is not spoken to " + t.Kind.String() + ": targets"
	}
	return ""
}

// maxEarly bounds what StartTLS drops of what came in clear. After more the handshake
// fails.
const maxEarly = 1 << 20

// Interrupt has Receive return an error without reading, the call under way and those
// that follow, until StartTLS.
func (c *Conn) Interrupt() { c.Conn.SetReadDeadline(time.Unix(1, 0)) }

// StartTLS makes a plain connection TLS, by the Security that it was dialled with. name is
// what the server is called if that names none; "": the target's host. What the server has
// sent already came in clear and is dropped, as far as the system can tell what is there;
// early is how many bytes that was. Nothing may be read or written meanwhile. It takes at
// most the Dialer's time-out, and ends early with ctx.
//
// Its errors are of type *Error, with the codes of TLS. After one the connection is
// closed.
func (c *Conn) StartTLS(ctx context.Context, name string) (early int, err error) {
	up := c.upgrade
	if c.outcome != nil || up.dialer == nil {
		return 0, fail(nil, "%s", cmp.Or(c.noUpgrade, "the connection to "+short(c.Resolved())+" cannot be upgraded to TLS")).as(CodeFailed)
	}
	early = c.DropEarly()
	limit := cmp.Or(up.dialer.Timeout, DefaultTimeout)
	within, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	s := up.security
	s.Name = cmp.Or(s.Name, certificateName(name))
	secure := newTLSConn(c.Conn, up.dialer.tlsConfig(up.target, s), s.Client)
	if err := secure.handshake(within); err != nil {
		c.Conn.Close()
		if ctx.Err() != nil {
			return early, stopped(ctx, up.target)
		}
		e := secure.explain(err, &s, c.Resolved(), limit)
		if e.Code == CodeNotTLS {
			e.Words = fail(nil, "%s answered, but not in TLS: has it agreed to start TLS?", c.Resolved()).Words
		}
		return early, e
	}
	c.Conn, c.raw, c.outcome = secure, nil, secure.outcome(s.Verify)
	return early, nil
}

// dropEarly reads what has arrived, without waiting, and returns how many bytes that
// was. Where reading without waiting is not possible it reads nothing, and the handshake
// fails if there is something.
func (c *Conn) dropEarly() (n int) {
	if c.raw == nil {
		return 0
	}
	buf := make([]byte, 4<<10)
	for n < maxEarly {
		got := 0
		err := c.raw.Read(func(fd uintptr) bool {
			got, _, _ = readNow(fd, buf) // an error is left to the handshake
			return true
		})
		if n += got; err != nil || got == 0 {
			break
		}
	}
	return n
}
