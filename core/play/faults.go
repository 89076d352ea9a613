package play

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/fault"
	"github.com/protocol-workbench/workbench/core/stall"
)

// CheckFaults returns why a server that plays scripts cannot have these rules.
func CheckFaults(rules *fault.Rules, scripts ...*Script) error {
	switch {
	case rules == nil:
		return nil
	case rules.OfClient():
		return errors.New("a played server has only from-server, which is what it says, and to-server, which is what clients say")
	case rules.OfMessages():
		return errors.New("a rule waits for messages, and a played server decodes none; use match or line")
	}
	for _, s := range scripts {
		if s.Datagrams() || s.Upgrades() {
			return errors.New("faults are made at places of a stream, and what is played is of datagrams, or upgrades to TLS")
		}
	}
	return nil
}

// faulty is a played server's connection with rules on faults: what it writes is
// from-server, and what it reads is to-server.
type faulty struct {
	Conn
	says, hears *fault.Stream // nil: no rule is about it
	told        func(*fault.Fault)

	hurried chan struct{} // closed when nothing is to be waited for any more
	left    chan struct{} // closed when the client has ended its stream
	hurry   sync.Once

	ready []byte // was read and may go on; like end, of the reader alone
	end   error  // what comes after that
	buf   []byte

	mu     sync.Mutex // for writes: an answer in the server's place comes by the reader
	said   int64      // bytes that were written
	heard  int64      // … and that the reader passed on
	broken bool       // a fault has reset the connection
}

// faultyPiece is how much is read at once: what a rule makes of it waits in memory.
const faultyPiece = 1 << 10

// newFaulty returns a connection with rules. It stops waiting when ctx is done.
func newFaulty(ctx context.Context, conn Conn, rules *fault.Rules, told func(*fault.Fault)) (f *faulty, release func() bool) {
	f = &faulty{
		Conn: patient{stall.New(conn), conn}, told: told,
		says: fault.NewStream(rules, core.FromServer), hears: fault.NewStream(rules, core.ToServer),
		hurried: make(chan struct{}), left: make(chan struct{}), buf: make([]byte, faultyPiece),
	}
	return f, context.AfterFunc(ctx, f.waitNoMore)
}

// patient is a connection whose writes fail when the peer has taken nothing for
// stall.Limit.
type patient struct {
	*stall.Conn
	half Conn
}

func (p patient) CloseWrite() error { return p.half.CloseWrite() }

func (f *faulty) waitNoMore() { f.hurry.Do(func() { close(f.hurried) }) }

// begin does what is due before the first byte that is said.
func (f *faulty) begin() error { _, err := f.Write(nil); return err }

// Read reads what the client says, as rules allow.
func (f *faulty) Read(b []byte) (int, error) {
	if f.hears == nil {
		n, err := f.Conn.Read(b)
		return n, f.ended(err)
	}
	for len(f.ready) == 0 {
		if f.end != nil {
			return 0, f.end
		}
		n, err := f.Conn.Read(f.buf)
		f.hears.Write(f.buf[:n], f.hear)
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			return 0, err
		case err != nil:
			f.hears.End(f.hear)
			if err = f.ended(err); f.end == nil {
				f.end = err
			}
		}
	}
	n := copy(b, f.ready)
	f.ready = f.ready[n:]
	return n, nil
}

// ended takes note of the end of what the client says.
func (f *faulty) ended(err error) error {
	if err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	select {
	case <-f.left:
	default:
		close(f.left)
	}
	if f.broken {
		return syscall.ECONNRESET
	}
	return err
}

// hear does what rules say about what the client says. Only the reader calls it.
func (f *faulty) hear(op fault.Op) {
	if op.Kind == fault.Reply {
		f.mu.Lock()
		defer f.mu.Unlock()
		f.tell(op.Fault, f.said)
		f.said += int64(len(op.Data))
		f.Conn.Write(op.Data) // its own end is noticed by who writes
		return
	}
	f.tell(op.Fault, f.heard)
	switch op.Kind {
	case fault.Pass:
		f.heard += int64(len(op.Data))
		f.ready = append(f.ready, op.Data...)
	case fault.Pause:
		f.wait(op.Wait, nil)
	case fault.Hold:
		f.wait(fault.MaxStall, nil)
	case fault.End:
		f.end = io.EOF
	case fault.Break:
		f.breakOff()
		f.end = syscall.ECONNRESET
	}
}

// Write says something to the client, as rules allow.
func (f *faulty) Write(b []byte) (int, error) {
	if f.says == nil {
		return f.write(b)
	}
	var failed error
	f.says.Write(b, func(op fault.Op) {
		if failed == nil {
			failed = f.say(op)
		}
	})
	return len(b), failed
}

func (f *faulty) write(b []byte) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.said += int64(len(b))
	return f.Conn.Write(b)
}

// say does what rules say about what is said. Only the writer calls it.
func (f *faulty) say(op fault.Op) (err error) {
	f.mu.Lock()
	at := f.said
	f.mu.Unlock()
	f.tell(op.Fault, at)
	switch op.Kind {
	case fault.Pass:
		_, err = f.write(op.Data)
	case fault.Pause:
		f.wait(op.Wait, f.left)
	case fault.Hold:
		f.wait(fault.MaxStall, f.left)
	case fault.End:
		f.Conn.CloseWrite()
	case fault.Break:
		f.breakOff()
		err = syscall.ECONNRESET
	}
	return err
}

func (f *faulty) tell(made *fault.Fault, at int64) {
	if made != nil {
		made.At = at
		f.told(made)
	}
}

// wait waits for a time, or less if nothing is to be waited for any more.
func (f *faulty) wait(d time.Duration, enough <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-enough:
	case <-f.hurried:
	}
}

// breakOff resets the connection.
func (f *faulty) breakOff() {
	f.mu.Lock()
	f.broken = true
	f.mu.Unlock()
	f.SetLinger(0)
	f.Conn.Close()
}

// SetLinger has the connection reset when it is closed, where it can be.
func (f *faulty) SetLinger(seconds int) error {
	if c, ok := f.Conn.(patient).half.(interface{ SetLinger(int) error }); ok {
		return c.SetLinger(seconds)
	}
	return net.ErrClosed
}

// CloseWrite says what rules held back, and ends what is said.
func (f *faulty) CloseWrite() error {
	if f.says != nil {
		f.says.End(func(op fault.Op) { f.say(op) })
	}
	return f.Conn.CloseWrite()
}

// SetReadDeadline is called with a time once nothing that comes matters any more.
func (f *faulty) SetReadDeadline(t time.Time) error {
	if !t.IsZero() {
		f.waitNoMore()
	}
	return f.Conn.SetReadDeadline(t)
}

// SetWriteDeadline does nothing: below is a stall.Conn.
func (f *faulty) SetWriteDeadline(time.Time) error { return nil }

// Close closes the connection.
func (f *faulty) Close() error {
	f.waitNoMore()
	return f.Conn.Close()
}
