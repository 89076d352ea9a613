package ftp

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/protocol-workbench/workbench/core/practice"
	"github.com/protocol-workbench/workbench/core/practice/linewise"
)

// Server is a practice FTP server.
type Server struct {
	Files   *Files
	Seed    string      // the student's, see [Student]
	Lenient bool        // LF alone ends a line, too
	TLS     *tls.Config // what AUTH TLS begins; nil: it is not offered

	// Active has the server connect to the address from which its client came. It must be
	// false where clients may act for people elsewhere, whom it would let reach other
	// programs at that address.
	Active bool
	// Doors are of a connection within this process; nil: it is none. The server connects to
	// where the client waits by them, whatever Active says.
	Doors *practice.Doors
}

const readSize = 4 << 10 // bytes that are read at a time of commands

// Converse serves one connection until QUIT, the client's end of stream, a time that is
// over, or the end of ctx, and closes it and its data connection.
func (s *Server) Converse(ctx context.Context, conn net.Conn) error {
	inner, cancel := context.WithCancel(ctx)
	defer cancel()
	defer conn.Close()
	defer context.AfterFunc(inner, func() { conn.Close() })()
	wire := practice.NewConn(conn)
	c := &session{server: s, ctx: inner, wire: wire, conn: wire, dir: "/", own: ownFile(s.Seed)}
	err := c.run()
	cancel()
	c.wait()
	c.forget()
	if ctx.Err() != nil {
		return nil // the server itself closed it
	}
	return err
}

// session is one control connection. Its goroutine reads commands; that of a transfer, if
// one is under way, has the word until it is done, and the answer to any command but ABOR
// waits for it.
type session struct {
	server *Server
	ctx    context.Context
	wire   *practice.Conn
	conn   net.Conn // the wire, or TLS over it
	in     linewise.Lines
	own    node // the student's file
	failed error
	over   bool // QUIT was said

	user     string // whom USER has named
	name     string // who has logged in; "": nobody
	dir      string
	image    bool  // TYPE I
	rest     int64 // where the next transfer begins
	moves    string
	sized    bool // PBSZ was said
	guarded  bool // data connections are TLS
	onlyEPSV bool // EPSV ALL was said

	passive  *net.TCPListener // where the client is waited for; nil: nowhere
	active   netip.AddrPort   // where the client waits; zero: nowhere
	transfer *transfer        // nil: none is under way
}

var errIdle = errors.New("the client was silent for too long")

func (s *session) run() error {
	s.reply("220 A practice FTP server: say USER and PASS, or HELP")
	buf := make([]byte, readSize)
	for s.failed == nil && !s.over {
		if line, ok := s.in.Next(MaxLine); ok {
			s.take(line)
			continue
		}
		s.conn.SetReadDeadline(time.Now().Add(practice.IdleLimit))
		n, err := s.conn.Read(buf)
		s.in.Add(buf[:n])
		switch {
		case n > 0 || err == nil:
		case errors.Is(err, os.ErrDeadlineExceeded) && s.transfer != nil:
			s.wait()
		case errors.Is(err, os.ErrDeadlineExceeded):
			s.reply("421 no command for 10 minutes; goodbye")
			return errIdle
		case errors.Is(err, io.EOF):
			s.wait()
			return s.failed
		default:
			return err
		}
	}
	if s.over {
		practice.Linger(s.conn)
	}
	return s.failed
}

// take answers a line.
func (s *session) take(line linewise.Line) {
	r, wrong := parse(line, s.server.Lenient)
	if s.transfer != nil {
		if wrong == "" && r.verb == "ABOR" {
			s.abort()
			return
		}
		s.wait()
	}
	if wrong != "" {
		s.reply(wrong)
		return
	}
	c, ok := find(r.verb)
	switch {
	case !ok:
		s.reply(fmt.Sprintf("500 line %d begins with no command of FTP; HELP lists them", line.Number))
	case c.do == nil:
		s.reply("502 " + c.verb + " is a command of FTP, but not done here")
	case c.inside && s.name == "":
		s.reply("530 Log in first: say USER and PASS, such as USER anonymous")
	case c.wants == "" && r.argument != "":
		s.reply("501 " + c.verb + " stands alone")
	case c.wants != "" && !c.optional && r.argument == "":
		s.reply("501 " + c.verb + " wants " + c.wants)
	default:
		c.do(s, r.argument)
	}
}

// reply sends an answer, of several lines if there are some in it: RFC 959, section 4.2.
func (s *session) reply(words string) {
	if err := s.say(words); s.failed == nil {
		s.failed = err
	}
}

func (s *session) replyf(format string, args ...any) { s.reply(fmt.Sprintf(format, args...)) }

func (s *session) say(words string) error {
	_, err := io.WriteString(s.conn, strings.ReplaceAll(words, "\n", "\r\n")+"\r\n")
	return err
}

// wait waits until the transfer is done, if there is one.
func (s *session) wait() {
	if s.transfer == nil {
		return
	}
	<-s.transfer.done
	if s.failed == nil {
		s.failed = s.transfer.failed
	}
	s.transfer = nil
}

// abort ends the transfer that is under way: RFC 959, section 4.1.3.
func (s *session) abort() {
	t := s.transfer
	t.abort()
	if s.wait(); t.aborted {
		s.reply("226 The transfer is aborted, and its data connection closed")
	} else {
		s.reply("225 The transfer had ended before ABOR came")
	}
}

// upgrade has the connection become TLS. What has come in clear after AUTH is dropped, and
// who has logged in has to again: RFC 4217, section 4.
func (s *session) upgrade(argument string) {
	switch {
	case s.server.TLS == nil:
		s.reply("502 There is no TLS here: this server has no certificate")
		return
	case s.conn != s.wire:
		s.reply("503 The connection is TLS already")
		return
	case !strings.EqualFold(argument, "TLS"):
		s.reply("504 There is AUTH TLS, and no other")
		return
	}
	if s.reply("234 Begin the TLS handshake now; PBSZ 0 and PROT P are for data connections"); s.failed != nil {
		return
	}
	secure := tls.Server(s.wire, s.server.TLS)
	s.wire.SetDeadline(time.Now().Add(practice.StallLimit))
	if err := secure.HandshakeContext(s.ctx); err != nil {
		s.failed = fmt.Errorf("TLS handshake: %w", err)
		return
	}
	s.wire.SetDeadline(time.Time{})
	s.forget()
	s.conn, s.in = secure, linewise.Lines{}
	s.user, s.name, s.dir, s.image, s.rest, s.moves = "", "", "/", false, 0, ""
}
