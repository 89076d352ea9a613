package wire

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// Conn is the core's end of a session's stream. It is not safe for concurrent
// use, except for Lost, and for Close and Lose, which may interrupt a call. Calls
// one after the other may come from different goroutines.
type Conn struct {
	stream  net.Conn
	timeout time.Duration
	in      reader
	over    bool // the machine failed, or the stream did
	due     int  // frames that are not answered
	quiet   time.Duration

	lose  sync.Once
	lost  chan struct{}
	cause error // why it was lost; set before lost is closed

	waits atomic.Pointer[func(Load)]
}

// NewConn wraps a stream. Each frame that is due must arrive within timeout; 0
// waits forever.
func NewConn(stream net.Conn, timeout time.Duration) *Conn {
	return &Conn{stream: stream, timeout: timeout, in: reader{r: stream}, lost: make(chan struct{})}
}

// Lose tells the connection's owner that the machine is gone, with the cause,
// and closes the stream. It is for the watcher of the process: the owner of an
// idle session reads nothing from the stream and would not notice.
func (c *Conn) Lose(cause error) {
	c.lose.Do(func() {
		c.cause = cause
		close(c.lost)
		c.stream.Close()
	})
}

// Lost is closed when the machine is gone.
func (c *Conn) Lost() <-chan struct{} { return c.lost }

// Cause returns why the machine is gone, or nil before Lost is closed.
func (c *Conn) Cause() error {
	select {
	case <-c.lost:
		return c.cause
	default:
		return nil
	}
}

// OnWait sets a function that is called, from another goroutine, again and again
// while an answer waits for its turn in a busy process.
func (c *Conn) OnWait(waits func(Load)) { c.waits.Store(&waits) }

// Waits tells the connection's owner that an answer waits for its turn. It is
// for the watcher of the process.
func (c *Conn) Waits(l Load) {
	if waits := c.waits.Load(); waits != nil {
		(*waits)(l)
	}
}

// Answer is the answer to one event. If the machine failed, the last action is
// of kind core.Failed, and no more answers follow.
type Answer struct {
	N       uint64
	Actions []core.Action // valid, with their Data, until the callback returns
	// Digest is over all actions. Within one run of the program, equal actions
	// have equal digests, and different ones different digests.
	Digest uint64
}

// Quiet returns the silence of the server that the machine asked to be told of,
// once Open has returned; 0 means none.
func (c *Conn) Quiet() time.Duration { return c.quiet }

// Open begins the session, or continues it from a checkpoint (nil for none), and
// passes the answer to event 0 to each.
func (c *Conn) Open(o core.Opening, checkpoint []byte, each func(Answer)) error {
	err := c.write(frameOpen, func(dst []byte) []byte {
		return appendOpen(dst, o, checkpoint)
	})
	if err != nil {
		return err
	}
	return c.Answers([]Event{{N: 0}}, each)
}

// Batch feeds events (1 to MaxBatch, numbers rising; at most MaxBatchBytes of
// data unless there is only one event) and passes each answer to each as soon as
// the event is done. An event whose answer was passed on has happened
// completely; the others of a batch that ends in an error have not happened.
func (c *Conn) Batch(events []Event, each func(Answer)) error {
	if err := c.Send(events); err != nil {
		return err
	}
	return c.Answers(events, each)
}

// Send is the first half of Batch: it sends the events, and Answers must follow. More
// batches may be sent before, within [Conn.Ahead].
func (c *Conn) Send(events []Event) error {
	return c.write(frameBatch, func(dst []byte) []byte {
		for i := range events {
			dst = appendEvent(dst, &events[i])
		}
		return dst
	})
}

// Answers is the second half of Batch: it waits for the answers to the events that
// were sent.
func (c *Conn) Answers(events []Event, each func(Answer)) error {
	r := readings.Get().(*reading)
	defer func() {
		r.next()
		readings.Put(r)
	}()
	return c.answers(r, events, each)
}

// Checkpoint asks for the machine's state and returns a copy of it, or
// core.ErrNoCheckpoint with the machine's reason.
func (c *Conn) Checkpoint() ([]byte, error) {
	if err := c.write(frameCheckpoint, func(dst []byte) []byte { return dst }); err != nil {
		return nil, err
	}
	buf := lend()
	defer giveBack(buf)
	body, err := c.read(frameCheckpointed, buf)
	if err != nil {
		return nil, err
	}
	c.due--
	p := parser{body: body}
	ok := p.byte() == 1
	state := p.bytes(core.MaxCheckpoint)
	switch {
	case p.err != nil:
		return nil, c.end(p.err)
	case !ok:
		return nil, fmt.Errorf("%w: %s", core.ErrNoCheckpoint, state)
	}
	return append([]byte{}, state...), nil
}

// Bye ends the session in an orderly way, and closes the stream, or releases one
// that is [Releasable].
func (c *Conn) Bye() error {
	if c.over {
		return c.stream.Close()
	}
	c.over = true
	err := c.write(frameBye, func(dst []byte) []byte { return dst })
	if stream, ok := c.stream.(Releasable); ok && err == nil && c.due == 0 && len(c.in.rest()) == 0 {
		return stream.Release()
	}
	return errors.Join(err, c.stream.Close())
}

// Releasable is a stream that may carry another session, since the other end's is
// [Lasting].
type Releasable interface {
	// Release is called in place of Close after a session that has ended in an
	// orderly way.
	Release() error
}

// Ahead returns how many bytes of batches may be sent while the answers to others
// are due: what the stream holds although neither end reads, or 0.
func (c *Conn) Ahead() int {
	if stream, ok := c.stream.(interface{ Ahead() int }); ok {
		return stream.Ahead()
	}
	return 0
}

// Close closes the stream. A call in progress returns an error.
func (c *Conn) Close() error { return c.stream.Close() }

// Stream returns the underlying stream, for owners that tune it.
func (c *Conn) Stream() net.Conn { return c.stream }

// reading is the memory needed while answers arrive, pooled like buffers.
type reading struct {
	actions []core.Action // of the event being answered
	size    int           // of these
	digest  maphash.Hash  // of their records
	held    []*[]byte     // earlier frames of the answer, which hold their Data
}

var readings = sync.Pool{New: func() any {
	r := new(reading)
	r.digest.SetSeed(digestSeed)
	return r
}}

var digestSeed = maphash.MakeSeed()

// next prepares for the next event's answer.
func (r *reading) next() {
	r.actions, r.size = r.actions[:0], 0
	r.digest.Reset()
	for _, b := range r.held {
		giveBack(b)
	}
	r.held = r.held[:0]
}

func (c *Conn) answers(r *reading, events []Event, each func(Answer)) error {
	r.next()
	for done := 0; done < len(events); {
		buf := lend()
		body, err := c.read(frameAnswer, buf)
		if err != nil {
			giveBack(buf)
			return err
		}
		p := parser{body: body}
		if !p.more() {
			p.fail("empty answer")
		}
		if events[0].Kind == 0 && c.quiet == 0 {
			c.quiet = p.quiet()
		}
		hashed := p.body // not yet in the digest
		for p.more() {
			before := p.body
			a, n, last := p.record()
			if p.err != nil {
				break
			}
			if last && (done == len(events) || n != events[done].N) {
				p.fail("answer to event %d, which was not fed", n)
				break
			}
			if a.Kind != 0 {
				r.actions = append(r.actions, a)
				r.size += len(a.Data) + core.ActionOverhead
			}
			if last {
				r.digest.Write(hashed[:len(hashed)-len(before)])
				hashed = p.body
				c.over = a.Kind == core.Failed
				each(Answer{N: n, Actions: r.actions, Digest: r.digest.Sum64()})
				done++
				r.next()
				if c.over {
					giveBack(buf)
					return nil
				}
			} else if r.size > core.MaxAnswer {
				p.fail("answer to one event larger than %d bytes", core.MaxAnswer)
			}
		}
		if p.err != nil {
			return c.end(p.err)
		}
		if len(r.actions) == 0 {
			giveBack(buf)
			continue
		}
		// The answer continues in the next frame.
		r.digest.Write(hashed)
		r.held = append(r.held, buf)
	}
	if len(r.actions) > 0 {
		return c.end(malformed("actions that answer no event"))
	}
	c.due--
	return nil
}

func (c *Conn) write(t frameType, body func([]byte) []byte) error {
	if c.over && t != frameBye {
		return fmt.Errorf("%w: the session is over", ErrLost)
	}
	buf := lend()
	defer giveBack(buf)
	*buf = finishFrame(body(beginFrame(*buf)), t)
	if size := len(*buf) - headerSize; size > MaxFrame {
		return c.end(fmt.Errorf("frame of %d bytes; at most %d are allowed", size, MaxFrame))
	}
	if t != frameBye {
		c.due++
	}
	if c.timeout > 0 {
		c.stream.SetWriteDeadline(time.Now().Add(c.timeout))
	}
	if _, err := c.stream.Write(*buf); err != nil {
		return c.end(lost(err))
	}
	return nil
}

// read reads one frame, which must be of type want.
func (c *Conn) read(want frameType, buf *[]byte) ([]byte, error) {
	if c.timeout > 0 {
		c.stream.SetReadDeadline(time.Now().Add(c.timeout))
	}
	t, size, err := c.in.head()
	if err == nil {
		*buf, err = c.in.body(*buf, size)
	}
	switch {
	case errors.Is(err, ErrProtocol):
		return nil, c.end(err)
	case err != nil:
		return nil, c.end(lost(err))
	case t == frameByePlugin:
		return nil, c.end(ErrBye)
	case t != want:
		return nil, c.end(malformed("frame of type %#02x instead of %#02x", byte(t), byte(want)))
	}
	return *buf, nil
}

func (c *Conn) end(err error) error {
	c.over = true
	return err
}

// lost wraps an error of the stream in one of this package's errors.
func lost(err error) error {
	var timeout net.Error
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded), errors.As(err, &timeout) && timeout.Timeout():
		return ErrHung
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		return ErrLost
	}
	return fmt.Errorf("%w: %v", ErrLost, err)
}
