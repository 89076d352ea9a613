package pluginhost

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/hashicorp/yamux"

	"github.com/protocol-workbench/workbench/core/limit"
	"github.com/protocol-workbench/workbench/core/pluginproto"
	"github.com/protocol-workbench/workbench/core/wire"
)

// stream is one session's stream, which its process knows of until it is
// closed.
type stream struct {
	pluginproto.Stream
	process *process
	number  uint32 // as the process calls it
	mux     *yamux.Session
	conn    *wire.Conn // that runs on this stream
	late    int        // parts of the time-out that have passed while something was waited for
	closed  func()     // told by Close, if not nil; it bears more than one call

	answers uint64       // of the process, when the wait began; the reader's own
	asked   atomic.Int64 // Unix time in nanoseconds at which the wait began; 0: nothing is awaited
	over    atomic.Bool  // Close was called
}

// Read reads from the stream.
func (s *stream) Read(b []byte) (int, error) {
	n, err := s.Stream.Read(b)
	for s.again(err, s.Stream.SetReadDeadline) || errors.Is(err, yamux.ErrTimeout) && s.mayWait() {
		n, err = s.Stream.Read(b)
	}
	if n > 0 {
		s.process.answers.Add(1)
		s.asked.Store(0)
	}
	s.checkHang(err)
	return n, s.explained(err)
}

// SetReadDeadline gives the process its time-out to answer, whenever that ends:
// the time-out is waited for in parts, as package limit does.
func (s *stream) SetReadDeadline(time.Time) error {
	s.late, s.answers = 0, s.process.answers.Load()
	s.asked.Store(time.Now().UnixNano())
	return s.Stream.SetReadDeadline(time.Now().Add(s.process.timeout / limit.Parts))
}

// SetWriteDeadline gives the process its time-out to take a frame.
func (s *stream) SetWriteDeadline(time.Time) error {
	s.late = 0
	return s.Stream.SetWriteDeadline(time.Now().Add(s.process.timeout / limit.Parts))
}

// again begins the next part of the time-out, if one is left.
func (s *stream) again(err error, deadline func(time.Time) error) bool {
	if !errors.Is(err, yamux.ErrTimeout) || s.late == limit.Parts-1 {
		return false
	}
	s.late++
	deadline(time.Now().Add(s.process.timeout / limit.Parts))
	return true
}

// checkHang has a process killed that did not answer, or did not read, in the
// time that wire.Conn gives it.
func (s *stream) checkHang(err error) {
	if errors.Is(err, yamux.ErrTimeout) && !s.over.Load() {
		s.process.hangs("to answer an event")
	}
}

// Write writes to the stream.
func (s *stream) Write(b []byte) (int, error) {
	n, err := s.Stream.Write(b)
	for s.again(err, s.Stream.SetWriteDeadline) {
		var more int
		more, err = s.Stream.Write(b[n:])
		n += more
	}
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

// Close ends the session's stream, and a Read that waits: yamux itself closes
// only its half.
func (s *stream) Close() error {
	s.process.forget(s)
	if s.closed != nil {
		defer s.closed()
	}
	s.over.Store(true)
	defer s.Stream.SetReadDeadline(time.Now())
	return s.Stream.Close()
}

// link is the connection to a process, which tells when it is closed. yamux
// closes it when the other end is gone.
type link struct {
	net.Conn
	once sync.Once
	down chan struct{}

	// yamux writes a frame's header and its body one after the other, from one
	// goroutine. They leave together: a process that is woken by the header
	// alone goes to sleep again before the body is there.
	header []byte
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
	if len(l.header) == 0 && hasBody(b) {
		l.header = append(l.header, b...)
		return len(b), nil
	}
	var err error
	switch {
	case len(l.header) == 0:
		_, err = l.Conn.Write(b)
	case len(b) <= joinAtMost:
		l.header = append(l.header, b...)
		_, err = l.Conn.Write(l.header)
	default:
		_, err = (&net.Buffers{l.header, b}).WriteTo(l.Conn)
	}
	l.header = l.header[:0]
	if err != nil {
		l.Close()
	}
	return len(b), nil
}

// joinAtMost is up to where a copy is cheaper than writing two pieces at once.
const joinAtMost = 4 << 10

// hasBody reports that b is the header of a yamux frame that a body follows:
// version 0, type 0 (data), and a length that is not 0 (yamux's spec.md,
// "Framing").
func hasBody(b []byte) bool {
	const headerSize = 12
	return len(b) == headerSize && b[0] == 0 && b[1] == 0 && binary.BigEndian.Uint32(b[8:]) > 0
}

// Read reads from the process. Once we have closed the connection it is at its
// end, and not an error, which yamux would print.
func (l *link) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	if err != nil && l.isDown() {
		err = io.EOF
	}
	return n, err
}

func (l *link) Close() error {
	l.once.Do(func() { close(l.down) })
	return l.Conn.Close()
}
