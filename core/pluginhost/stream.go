package pluginhost

import (
	"errors"
	"net"
	"sync"

	"github.com/hashicorp/yamux"

	"github.com/protocol-workbench/workbench/core/pluginproto"
	"github.com/protocol-workbench/workbench/core/wire"
)

// stream is one session's stream, which its process knows of until it is
// closed.
type stream struct {
	pluginproto.Stream
	process *process
	mux     *yamux.Session
	conn    *wire.Conn // that runs on this stream
	closed  func()     // told by Close, if not nil; it bears more than one call
}

// Read reads from the stream.
func (s *stream) Read(b []byte) (int, error) {
	n, err := s.Stream.Read(b)
	if n > 0 && !s.process.answered.Load() {
		s.process.answered.Store(true)
	}
	s.checkHang(err)
	return n, s.explained(err)
}

// checkHang has a process killed that did not answer, or did not read, in the
// time that wire.Conn gives it.
func (s *stream) checkHang(err error) {
	if errors.Is(err, yamux.ErrTimeout) {
		s.process.hangs("to answer an event")
	}
}

// Write writes to the stream.
func (s *stream) Write(b []byte) (int, error) {
	n, err := s.Stream.Write(b)
	s.checkHang(err)
	return n, s.explained(err)
}

// explained returns err, and when it comes from the process's death only after
// the connection was told how it died: whoever sees it can ask Cause.
func (s *stream) explained(err error) error {
	if err != nil && s.mux.IsClosed() {
		select {
		case <-s.conn.Lost():
		case <-s.process.gone: // the owner had closed the stream before, and is told nothing
		}
	}
	return err
}

// Close ends the session's stream.
func (s *stream) Close() error {
	s.process.forget(s)
	if s.closed != nil {
		defer s.closed()
	}
	return s.Stream.Close()
}

// link is the connection to a process, which tells when it is closed. yamux
// closes it when the other end is gone.
type link struct {
	net.Conn
	once sync.Once
	down chan struct{}
}

func newLink(conn net.Conn) *link { return &link{Conn: conn, down: make(chan struct{})} }

func (l *link) isDown() bool {
	select {
	case <-l.down:
		return true
	default:
		return false
	}
}

// Write writes to the process. It hides an error, which yamux would print to
// our standard error: the connection is down then, which the reader sees.
func (l *link) Write(b []byte) (int, error) {
	if _, err := l.Conn.Write(b); err != nil {
		l.Close()
	}
	return len(b), nil
}

func (l *link) Close() error {
	l.once.Do(func() { close(l.down) })
	return l.Conn.Close()
}
