package target

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"time"
)

// ErrTruncated says that a TLS stream ended without close_notify, the alert that
// tells an end from a truncation (RFC 8446, 6.1). crypto/tls hides that if a
// record has just ended.
var ErrTruncated error = truncated{}

type truncated struct{}

func (truncated) Error() string {
	return "TLS connection ended without close_notify: data may be missing"
}

// Truncated says what the error is to those who do not know this package.
func (truncated) Truncated() bool { return true }

// confirmLimit is how long a server that asked for a certificate may take to
// judge it. A server that sends nothing first, not even a session ticket, is
// assumed to accept it.
const confirmLimit = time.Second

// tlsConn is a TLS connection that detects how its stream ended.
type tlsConn struct {
	*tls.Conn
	wire   *watched
	config *tls.Config
	client *Credential       // nil: none
	asked  bool              // the server asked for a certificate
	leaf   *x509.Certificate // the server's, once seen
	first  []byte            // read by confirm

	written string // what asked for TLS in the target
}

// newTLSConn takes ownership of config. A client's certificate is sent whichever
// kinds the server says it accepts: the user has chosen it.
func newTLSConn(conn net.Conn, config *tls.Config, client *Credential) *tlsConn {
	c := &tlsConn{wire: &watched{Conn: conn}, config: config, client: client}
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		c.asked = true
		if client != nil {
			return &client.pair, nil
		}
		return new(tls.Certificate), nil // none
	}
	verify := config.VerifyConnection
	config.VerifyConnection = func(state tls.ConnectionState) error {
		c.leaf = state.PeerCertificates[0]
		if verify != nil {
			return verify(state)
		}
		return nil
	}
	c.Conn = tls.Client(c.wire, config)
	return c
}

// handshake returns once the server has accepted the client, as far as that can
// be known.
func (c *tlsConn) handshake(ctx context.Context) error {
	if err := c.HandshakeContext(ctx); err != nil {
		return err
	}
	if c.asked && c.ConnectionState().Version >= tls.VersionTLS13 {
		return c.confirm(ctx)
	}
	return nil
}

// confirm waits until the server has judged the client's certificate. In TLS
// 1.3 the client's handshake is over before (RFC 8446, 2): a refusal is the
// first thing to read; anything else means that the server accepts.
func (c *tlsConn) confirm(ctx context.Context) error {
	limit := time.Now().Add(confirmLimit)
	if until, ok := ctx.Deadline(); ok && until.Before(limit) {
		limit = until
	}
	c.wire.SetReadDeadline(limit)
	c.wire.once = true
	defer func() {
		c.wire.once = false
		c.wire.SetReadDeadline(time.Time{})
	}()
	buf := make([]byte, 1)
	n, err := c.Conn.Read(buf)
	c.first = buf[:n]
	var late net.Error
	if errors.As(err, &late) && late.Timeout() || n > 0 || err == io.EOF && !c.wire.ended {
		return nil
	}
	return err
}

// Read reads from the stream and tells its end from a truncation.
func (c *tlsConn) Read(b []byte) (int, error) {
	if len(c.first) > 0 {
		n := copy(b, c.first)
		c.first = c.first[n:]
		return n, nil
	}
	n, err := c.Conn.Read(b)
	if err == io.EOF && c.wire.ended || errors.Is(err, io.ErrUnexpectedEOF) {
		err = ErrTruncated
	}
	return n, err
}

// watched is the connection beneath TLS.
type watched struct {
	net.Conn
	ended bool // FIN was read, which TLS does only without a close_notify
	once  bool // one more read is allowed: a second one comes too late
	done  bool // that read was made
}

// Read reads what the server sends.
func (w *watched) Read(b []byte) (int, error) {
	if w.once && w.done {
		return 0, context.DeadlineExceeded // crypto/tls survives it
	}
	n, err := w.Conn.Read(b)
	w.ended = w.ended || err == io.EOF
	w.done = w.once && n > 0
	return n, err
}
