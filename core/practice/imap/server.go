package imap

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"sync"
	"time"

	"github.com/emersion/go-imap/v2/imapserver"

	"github.com/protocol-workbench/workbench/core/practice"
	"github.com/protocol-workbench/workbench/core/practice/mail"
)

// Bounds of one connection. The caller bounds their number. The library adds its
// own: 50 KiB for a command, and 4 KiB for a literal in one. A client that is sent
// something must read some of it within practice.StallLimit.
const (
	MaxMessage  = mail.MaxMessage  // bytes of the literal of APPEND
	MaxSections = 32               // body sections in one FETCH
	MaxKeys     = 64               // keys in one SEARCH
	MaxParts    = 32               // parts of a message; one that may have more is told as a plain text
	IdleTime    = 30 * time.Minute // without a whole command, after which the server closes (RFC 3501, section 5.4)
	PollTime    = time.Second      // between two looks at the mailbox during IDLE
)

// Server is the practice IMAP server of one store.
type Server struct {
	TLS      *tls.Config // what STARTTLS begins; nil: it is not offered
	store    *mail.Store
	validity uint32     // of all UIDs: the store forgets its mail when the program ends
	flags    sync.Mutex // held to change flags, which only this server does
}

// New returns a server for the store.
func New(store *mail.Store) *Server {
	return &Server{store: store, validity: uint32(time.Now().Unix())}
}

// Converse serves one connection until LOGOUT, the client's end of stream, a
// bound, or the end of ctx, and closes it. Its error is the last thing that went
// wrong with the connection, and nil if nothing did.
func (s *Server) Converse(ctx context.Context, conn net.Conn) error {
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	session := &session{server: s, ended: make(chan struct{})}
	var log lastLine
	err := imapserver.New(&imapserver.Options{
		NewSession: func(*imapserver.Conn) (imapserver.Session, *imapserver.GreetingData, error) {
			return session, nil, nil
		},
		InsecureAuth: true,
		TLSConfig:    s.TLS,
		Logger:       &log,
	}).Serve(&single{conn: patient{practice.NewConn(conn)}})
	if err != nil {
		return err
	}
	<-session.ended
	if ctx.Err() != nil {
		return nil // the server itself closed it
	}
	return log.err()
}

// single is a listener that accepts one connection. The library serves it in a
// goroutine of its own, and ends with it: a second Accept says that there are no more.
type single struct{ conn net.Conn }

func (l *single) Accept() (net.Conn, error) {
	conn := l.conn
	if l.conn = nil; conn == nil {
		return nil, net.ErrClosed
	}
	return conn, nil
}

func (l *single) Close() error   { return nil }
func (l *single) Addr() net.Addr { return nil }

// patient gives a client IdleTime for each command. The library gives it 30 s to
// log in, which is short for one who types.
type patient struct{ *practice.Conn }

func (c patient) SetReadDeadline(time.Time) error {
	return c.Conn.SetReadDeadline(time.Now().Add(IdleTime))
}

// Read closes the connection when that time is over: the library would wait once more.
func (c patient) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.Close()
	}
	return n, err
}

// lastLine is a log of the library, of which the last line is kept.
type lastLine struct {
	mu   sync.Mutex
	line string
}

func (l *lastLine) Printf(format string, args ...any) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.line = fmt.Sprintf(format, args...)
}

func (l *lastLine) err() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.line == "" {
		return nil
	}
	return errors.New(l.line)
}
