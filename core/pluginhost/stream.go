package pluginhost

import (
	"errors"
	"net"
	"sync/atomic"
	"time"

	"github.com/protocol-workbench/workbench/core/limit"
	"github.com/protocol-workbench/workbench/core/wire"
)

// stream is one session's stream with the process's time-out on it: it tells a
// process that hangs from one that is busy. Its process knows of it until it is
// closed.
type stream struct {
	net.Conn
	process *process
	number  uint32     // in what the process says of its load
	frames  *wire.Conn // that runs on this stream
	late    int        // parts of the time-out that have passed while something was waited for
	closed  func()     // called by Close, if not nil; idempotent

	answers uint64       // of the process, when the wait began; the reader's own
	asked   atomic.Int64 // Unix time in nanoseconds at which the wait began; 0: nothing is awaited
	over    atomic.Bool  // Close was called
}

// Read reads from the stream.
func (s *stream) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	for s.again(err, s.Conn.SetReadDeadline) || timedOut(err) && s.mayWait() {
		n, err = s.Conn.Read(b)
	}
	if n > 0 {
		s.process.answers.Add(1)
		s.asked.Store(0)
	}
	s.checkHang(err)
	return n, s.explained(err)
}

// SetReadDeadline gives the process its own time-out to answer, whatever deadline
// is asked for. Read waits for it in parts, as package limit does.
func (s *stream) SetReadDeadline(time.Time) error {
	s.late, s.answers = 0, s.process.answers.Load()
	s.asked.Store(time.Now().UnixNano())
	return s.Conn.SetReadDeadline(s.part())
}

// SetWriteDeadline gives the process its time-out to take a frame.
func (s *stream) SetWriteDeadline(time.Time) error {
	s.late = 0
	return s.Conn.SetWriteDeadline(s.part())
}

// part is the end of a part of the time-out that begins now.
func (s *stream) part() time.Time { return time.Now().Add(s.process.timeout / limit.Parts) }

// again begins the next part of the time-out, if one is left.
func (s *stream) again(err error, deadline func(time.Time) error) bool {
	if !timedOut(err) || s.late == limit.Parts-1 {
		return false
	}
	s.late++
	deadline(s.part())
	return true
}

// checkHang has the process killed if it did not answer, or did not read, within
// its time-out.
func (s *stream) checkHang(err error) {
	if timedOut(err) && !s.over.Load() {
		s.process.hangs("to answer an event")
	}
}

func timedOut(err error) bool {
	var e net.Error
	return err != nil && errors.As(err, &e) && e.Timeout()
}

// Write writes to the stream.
func (s *stream) Write(b []byte) (int, error) {
	n, err := s.Conn.Write(b)
	for s.again(err, s.Conn.SetWriteDeadline) {
		var more int
		more, err = s.Conn.Write(b[n:])
		n += more
	}
	s.checkHang(err)
	return n, s.explained(err)
}

// deathKnown is how long after the end of a stream it may take to know that the
// process has died, and how.
const deathKnown = 100 * time.Millisecond

// explained returns err. If the stream ended, the process's death is most often the
// reason; so it first waits until the connection knows how the process died, and
// its owner can ask Cause.
func (s *stream) explained(err error) error {
	if err != nil && !timedOut(err) && !s.over.Load() {
		select {
		case <-s.frames.Lost():
		case <-s.process.gone: // the owner had closed the stream before, and is told nothing
		case <-time.After(deathKnown): // the process ended only this stream
		}
	}
	return err
}

// Close ends the session's stream, and a Read that waits.
func (s *stream) Close() error {
	if !s.end() {
		return nil
	}
	if s.closed != nil {
		defer s.closed()
	}
	return s.Conn.Close()
}

// Ahead is less than what the socket of a lane, or the window of a yamux stream,
// holds.
func (s *stream) Ahead() int { return 64 << 10 }

// Release ends the session's stream, which may carry another session.
func (s *stream) Release() error {
	lane, ok := s.Conn.(*lane)
	if !ok {
		return s.Close()
	}
	if s.end() {
		lane.release()
		if s.closed != nil {
			s.closed()
		}
	}
	return nil
}

// end reports whether it is the first to end the stream.
func (s *stream) end() bool {
	if s.over.Swap(true) {
		return false
	}
	s.process.forget(s)
	return true
}
