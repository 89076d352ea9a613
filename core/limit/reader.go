package limit

import (
	"errors"
	"sync"
	"time"
)

// Conn is what a [Reader] reads from.
type Conn interface {
	Read(b []byte) (int, error)
	SetReadDeadline(t time.Time) error
}

// Reader reads from a connection with deadlines that a stop of this process does
// not use up. When a stopped process continues, its deadline has passed, and a
// read fails although the peer has said something meanwhile. So the time to a
// deadline is waited for in [Parts], and a part that ended late, since this
// process was stopped, does not count.
//
// The connection's read deadline belongs to the Reader. SetReadDeadline may be
// called while Read waits.
type Reader struct {
	conn Conn

	mu   sync.Mutex
	part time.Duration
	left int       // parts, with the one that goes on; 0: none is waited for
	due  time.Time // when that one ends
}

// NewReader returns a Reader of a connection.
func NewReader(conn Conn) *Reader { return &Reader{conn: conn} }

// SetReadDeadline says how long the peer has from now on, as that of net.Conn
// does. A time in the past ends a Read at once.
func (r *Reader) SetReadDeadline(t time.Time) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.left = 0
	d := time.Until(t)
	if t.IsZero() || d <= 0 {
		return r.conn.SetReadDeadline(t)
	}
	r.part, r.left = (d+Parts-1)/Parts, Parts
	return r.begin()
}

// begin begins a part. The lock is held.
func (r *Reader) begin() error {
	r.due = time.Now().Add(r.part)
	return r.conn.SetReadDeadline(r.due)
}

// Read reads as the connection does.
func (r *Reader) Read(b []byte) (int, error) {
	for {
		n, err := r.conn.Read(b)
		if n > 0 || !timedOut(err) || !r.goesOn() {
			return n, err
		}
	}
}

// goesOn reports whether to read again after a deadline has passed.
func (r *Reader) goesOn() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left == 0 {
		return false
	}
	late := time.Since(r.due)
	if late < 0 { // SetReadDeadline was called meanwhile
		return true
	}
	if late < r.part {
		r.left--
	}
	return r.left > 0 && r.begin() == nil
}

func timedOut(err error) bool {
	var e interface{ Timeout() bool }
	return errors.As(err, &e) && e.Timeout()
}
