package tap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"
	"syscall"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/session"
)

// shakeLimit bounds each part of a client's handshake: until its ClientHello has come, and
// after it was answered. The target has its own time in between.
const shakeLimit = 10 * time.Second

// Front is TLS at the clients' end.
type Front struct {
	// Certificate returns the certificate to show; name is for a client that asks for
	// none by SNI, "" being the target's. Its error is for the user.
	Certificate func(hello *tls.ClientHelloInfo, name string) (*tls.Certificate, error)
	// KeyLog is tls.Config's.
	KeyLog io.Writer
	// Dial reaches the target for a client that asks for a server by this name, "" if it
	// asks for none, and offers these protocols by ALPN. It returns what is to be
	// offered to the client.
	Dial func(ctx context.Context, name string, alpn []string) (server session.Server, offer []string, err error)
	// Explain, if set, adds to a failure what to do about it.
	Explain func(*ClientError) string
	// Later leaves clients in clear until the line mode orders core.StartTLS.
	Later bool
}

// Securable is what a [Conn] is besides if it can become TLS.
type Securable interface {
	// ServeTLS shakes hands as a server.
	ServeTLS(ctx context.Context, config *tls.Config) error
	// Interrupt has Receive return an error without reading, until DropEarly, which
	// drops what has come meanwhile, and returns how many bytes that was.
	Interrupt()
	DropEarly() int
	// Truncate sends FIN without close_notify.
	Truncate() error
}

// ClientCode says why a client's handshake failed.
type ClientCode string

// The codes.
const (
	NotTLS        ClientCode = "not-tls"        // the client sent something else
	Late          ClientCode = "late"           // it did not answer in time
	Distrusts     ClientCode = "distrusts"      // it refuses the certificate
	BrokeOff      ClientCode = "broke-off"      // it left without saying why
	NoCertificate ClientCode = "no-certificate" // there is none for the name that it asks for
	Shake         ClientCode = "handshake"      // all else
)

// ClientError is a client's handshake that failed.
type ClientError struct {
	Code  ClientCode
	Words string
}

func (e *ClientError) Error() string { return e.Words }

// reach reads what a client asks for, dials the target, and shakes hands with the client as
// the target did.
func (f *Front) reach(ctx context.Context, conn Securable) (session.Server, error) {
	var server session.Server
	var failed error
	err := f.shake(ctx, conn, "", func(hello *tls.ClientHelloInfo) (offer []string, err error) {
		server, offer, failed = f.Dial(ctx, hello.ServerName, hello.SupportedProtos)
		return offer, failed
	})
	if err == nil {
		return server, nil
	}
	if server != nil {
		server.Close()
	}
	if failed != nil {
		return nil, failed
	}
	return nil, err
}

// shake shakes hands with a client. reach, if not nil, is called once it has said what it
// wants and there is a certificate for it, and returns the protocols to offer.
func (f *Front) shake(ctx context.Context, conn Securable, name string, reach func(*tls.ClientHelloInfo) ([]string, error)) error {
	within, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	limit := time.AfterFunc(shakeLimit, func() { cancel(context.DeadlineExceeded) })
	defer limit.Stop()
	base := &tls.Config{MinVersion: tls.VersionTLS12, KeyLogWriter: f.KeyLog, SessionTicketsDisabled: true}
	var unnamed error
	base.GetConfigForClient = func(hello *tls.ClientHelloInfo) (*tls.Config, error) {
		limit.Stop()
		config := base.Clone()
		config.GetConfigForClient = nil
		err := errName
		var certificate *tls.Certificate
		if core.ValidServerName(hello.ServerName) {
			certificate, err = f.Certificate(hello, name)
		}
		if err != nil {
			unnamed = err
			return config, nil // without a certificate, crypto/tls sends unrecognized_name
		}
		config.Certificates = []tls.Certificate{*certificate}
		if reach != nil {
			if config.NextProtos, err = reach(hello); err != nil {
				return nil, err
			}
		}
		limit.Reset(shakeLimit)
		return config, nil
	}
	err := conn.ServeTLS(within, base)
	switch {
	case err == nil:
		return nil
	case unnamed != nil:
		err = &ClientError{NoCertificate, unnamed.Error()}
	case context.Cause(within) == context.DeadlineExceeded:
		err = &ClientError{Late, fmt.Sprintf("the client did not shake hands by TLS within %v: does it speak TLS?", shakeLimit)}
	case ctx.Err() != nil:
		return ctx.Err()
	default:
		err = explain(err)
	}
	if known, ok := err.(*ClientError); ok && f.Explain != nil {
		if more := f.Explain(known); more != "" {
			return &ClientError{known.Code, known.Words + "; " + more}
		}
	}
	return err
}

var errName = errors.New("the client asks for a name that no server has")

// Alerts with which a client refuses a certificate (RFC 8446, 6.2).
var refusals = map[uint64]string{
	42: "bad certificate", 43: "unsupported certificate", 44: "certificate revoked",
	45: "certificate expired", 46: "certificate unknown", 48: "unknown certificate authority",
}

// explain says why a handshake with a client failed.
func explain(err error) *ClientError {
	var (
		record tls.RecordHeaderError
		op     *net.OpError
	)
	if errors.As(err, &record) {
		return &ClientError{NotTLS, fmt.Sprintf("the client does not speak TLS: it began with %q", record.RecordHeader[:])}
	}
	if errors.As(err, &op) && op.Op == "remote error" {
		words := strings.TrimPrefix(op.Err.Error(), "tls: ")
		if v := reflect.ValueOf(op.Err); v.Kind() == reflect.Uint8 { // crypto/tls exports no type of alerts that come
			if why, ok := refusals[v.Uint()]; ok {
				return &ClientError{Distrusts, "the client refuses the tap's certificate: " + why}
			}
		}
		return &ClientError{Shake, "the client broke off the TLS handshake: " + core.Words(words)}
	}
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE) {
		return &ClientError{BrokeOff, "the client left during the TLS handshake"}
	}
	return &ClientError{Shake, "the TLS handshake with the client failed: " + core.Words(strings.TrimPrefix(err.Error(), "tls: "))}
}

// client returns the end of a connection, and what reaches the target for it.
func (t *Tap) client(conn Conn) (*Client, func(context.Context) (session.Server, error)) {
	client := NewClient(conn)
	client.front = t.Front
	if t.Front == nil || t.Front.Later {
		return client, t.Dial
	}
	client.shook = make(chan struct{})
	return client, func(ctx context.Context) (session.Server, error) {
		secure, ok := conn.(Securable)
		if !ok {
			return nil, &ClientError{Shake, "the connection to the client is of a kind that cannot become TLS"}
		}
		server, err := t.Front.reach(ctx, secure)
		if err == nil {
			close(client.shook)
		}
		return server, err
	}
}

// Secured returns how the connection is secured, in words on one line; "": it is not.
func (c *Client) Secured() string { return c.conn.Secured() }

// Truncates reports that the client can be shown that a stream was cut off.
func (c *Client) Truncates() bool {
	_, ok := c.conn.(Securable)
	return ok && c.conn.Secured() != ""
}

// Truncate ends what is sent to the client as a stream ends that was cut off.
func (c *Client) Truncate() error { return c.conn.(Securable).Truncate() }
