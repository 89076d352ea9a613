package target

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"strings"
	"time"
)

// ServeTLS makes an accepted connection, which is plain, TLS, as its server. config says
// how; the caller bounds the time by ctx. Nothing may be read or written meanwhile. Its
// errors are those of [tls.Conn.HandshakeContext], or the client's alert, an error of type
// [net.OpError] with the operation "remote error" and a number; after one the connection can only be
// closed.
func (c *Conn) ServeTLS(ctx context.Context, config *tls.Config) error {
	tail := &tailed{Conn: c.Conn}
	secure := &tlsConn{wire: &watched{Conn: tail}, config: config}
	secure.Conn = tls.Server(secure.wire, config)
	if err := secure.HandshakeContext(ctx); err != nil {
		if said, ok := tail.alert(); ok {
			return &net.OpError{Op: "remote error", Err: said}
		}
		return err
	}
	secure.wire.Conn = c.Conn
	c.Conn, c.raw, c.served = secure, nil, served(secure.ConnectionState())
	return nil
}

// tailed keeps the last that was read. OpenSSL sends an alert in clear when it has to say
// what is wrong with what came encrypted, such as a certificate that it does not trust, and
// crypto/tls says of that only that it could not decrypt it.
type tailed struct {
	net.Conn
	last []byte
}

func (t *tailed) Read(b []byte) (int, error) {
	n, err := t.Conn.Read(b)
	t.last = append(t.last, b[:n]...)
	t.last = append(t.last[:0], t.last[max(0, len(t.last)-alertSize):]...)
	return n, err
}

// alertSize is the length of a record with an alert in clear (RFC 8446, 5.1 and 6).
const alertSize = 7

// alert returns the alert that was read last.
func (t *tailed) alert() (clearAlert, bool) {
	if r := t.last; len(r) == alertSize && r[0] == 21 && r[1] == 3 && r[3] == 0 && r[4] == 2 && r[5] == 2 {
		return clearAlert(r[6]), true
	}
	return 0, false
}

// clearAlert is the number of an alert.
type clearAlert uint8

func (a clearAlert) Error() string { return fmt.Sprintf("tls: alert %d", uint8(a)) }

// served says how a connection is secured whose server is here, in one printable line.
func served(state tls.ConnectionState) string {
	var s strings.Builder
	fmt.Fprintf(&s, "tls %s, %s", versionName(state.Version), tls.CipherSuiteName(state.CipherSuite))
	if state.ServerName == "" {
		s.WriteString(", no name asked for")
	} else {
		fmt.Fprintf(&s, ", asked for %s", oneLine(state.ServerName))
	}
	if state.NegotiatedProtocol != "" {
		fmt.Fprintf(&s, ", alpn %s", oneLine(state.NegotiatedProtocol))
	}
	return s.String()
}

// DropEarly undoes Interrupt. What the peer has sent that nobody has read is dropped, as far
// as the system can tell what is there; it returns how many bytes that was.
func (c *Conn) DropEarly() int {
	c.Conn.SetReadDeadline(time.Time{})
	return c.dropEarly()
}

// Truncates reports that Truncate shows the peer what it is.
func (c *Conn) Truncates() bool { return true }

// Truncate ends what is sent as a connection ends that breaks: by FIN, without the
// close_notify that TLS has for an end.
func (c *Conn) Truncate() error { return c.stream.CloseWrite() }
