package wire

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// outs are pooled like buffers, one for each batch.
var outs = sync.Pool{New: func() any { return new(core.Out) }}

// Batcher is for adapters, whose machines are in yet another process and would
// need a round trip for each event. Serve passes such a machine whole batches
// and does not call Handle. Authors of machines do not need it.
type Batcher interface {
	core.Machine
	// Batch answers the events in order: for each it appends the actions to
	// out and calls done with the event's number, which takes them and empties
	// out. The events and their data are valid only during the call.
	//
	// An error passed to done says that the machine cannot go on, as an error
	// from Handle does. If done itself returns an error, no more answers are
	// wanted, and Batch returns it. Any other error from Batch says that the
	// machine is lost: the stream ends without a word, as if its process had
	// died.
	Batch(events []Event, out *core.Out, done func(n uint64, err error) error) error
	// End is called once, when the session is over for any reason.
	End()
}

// Serve runs one session's machine on a stream until the host says bye, the
// machine fails or the stream ends, and closes the stream. A panic in the
// machine becomes a failed answer; its stack goes to log. The error is nil
// after a bye or a failed answer; otherwise it says what the host did wrong, or
// that the host went away.
//
// turn makes the session take turns with the others of its process; if nil, it
// waits for none. A [Lasting] stream is not closed after a bye.
func Serve(stream io.ReadWriteCloser, d core.Discipline, turn *Turn, log *slog.Logger) error {
	s := &server{stream: stream, in: reader{r: stream}, discipline: d, turn: turn, log: log}
	lasts := false
	defer func() {
		s.end()
		if !lasts {
			stream.Close()
		}
	}()
	for {
		// No buffer is held while waiting for the head: idle sessions wait here.
		t, size, err := s.in.head()
		if err != nil {
			return err
		}
		if next, ok := stream.(Lasting); ok && t == frameBye && size == 0 {
			lasts = true
			next.Next(s.in.rest())
			return nil
		}
		request := lend()
		if *request, err = s.in.body(*request, size); err == nil {
			err = s.answer(t, *request)
		}
		giveBack(request)
		if errors.Is(err, errOver) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// Lasting is a stream that carries one session after the other.
type Lasting interface {
	// Next says that the host has ended a session in an orderly way. rest is what
	// was read already of the next one; it is valid until Next returns.
	Next(rest []byte)
}

// errOver ends the loop in an orderly way.
var errOver = errors.New("the session is over")

type server struct {
	stream     io.Writer
	in         reader
	discipline core.Discipline
	machine    core.Machine
	host       host
	marked     bool // the machine has marked a secret
	turn       *Turn
	flushed    time.Time // when the last frame was sent, or the one being answered arrived
	log        *slog.Logger
}

// answer answers one frame.
func (s *server) answer(t frameType, body []byte) error {
	if t == frameBye {
		return errOver
	}
	if opened := s.machine != nil; opened == (t == frameOpen) {
		return malformed("frame of type %#02x at the wrong time", byte(t))
	}
	reply := lend()
	defer giveBack(reply)
	*reply = beginFrame(*reply)
	s.flushed = time.Now()
	switch t {
	case frameOpen, frameBatch:
		out := outs.Get().(*core.Out)
		defer func() {
			if out.Size() <= keepAtMost {
				outs.Put(out)
			}
		}()
		if t == frameOpen {
			return s.open(body, out, reply)
		}
		return s.batch(body, out, reply)
	case frameCheckpoint:
		return s.checkpoint(reply)
	}
	return malformed("unknown frame type %#02x", byte(t))
}

func (s *server) open(body []byte, out *core.Out, reply *[]byte) error {
	p := parser{body: body}
	opening, checkpoint, knows := p.open()
	if p.err != nil {
		return p.err
	}
	s.host = knows
	out.Reset()
	err := s.guard(out, func() (err error) {
		if s.machine, err = s.discipline.Open(opening, out); err != nil {
			return err
		}
		if s.machine == nil {
			return errors.New("the discipline opened no machine")
		}
		if checkpoint == nil {
			return nil
		}
		out.Reset() // the opening actions were carried out when the session began
		c, ok := s.machine.(core.Checkpointer)
		if !ok {
			return core.ErrNoCheckpoint
		}
		return c.Restore(checkpoint)
	})
	if q, ok := s.machine.(core.QuietAsker); ok && knows.settings && err == nil {
		var quiet time.Duration
		err = s.guard(nil, func() error { quiet = q.Quiet(); return nil })
		switch {
		case quiet == 0 || err != nil:
		case quiet < core.MinQuiet || quiet > core.MaxQuiet:
			err = fmt.Errorf("silence of %v asked for; %v to %v are allowed", quiet, core.MinQuiet, core.MaxQuiet)
		default:
			*reply = appendQuiet(*reply, quiet)
		}
	}
	return errors.Join(s.done(Event{}, out, err, reply), s.flush(reply, frameAnswer))
}

func (s *server) batch(body []byte, out *core.Out, reply *[]byte) error {
	p := parser{body: body}
	if b, ok := s.machine.(Batcher); ok {
		return s.batchAtOnce(b, &p, out, reply)
	}
	for count := 1; p.more(); count++ {
		e := p.batched(count)
		if p.err != nil {
			return p.err
		}
		out.Reset()
		err := s.guard(out, func() error { return s.machine.Handle(e.Event, out) })
		if err := s.done(e, out, err, reply); err != nil {
			return err
		}
	}
	if p.err != nil {
		return p.err
	}
	return s.flush(reply, frameAnswer)
}

// batchAtOnce passes all events of a batch to the machine in one call.
func (s *server) batchAtOnce(b Batcher, p *parser, out *core.Out, reply *[]byte) error {
	var events []Event
	for p.more() {
		events = append(events, p.batched(len(events)+1))
	}
	if p.err != nil {
		return p.err
	}
	out.Reset()
	next := 0
	err := s.guard(out, func() error {
		return b.Batch(events, out, func(n uint64, err error) error {
			if next == len(events) || n != events[next].N {
				return fmt.Errorf("event %d answered out of order", n)
			}
			err = s.done(events[next], out, err, reply)
			next++
			out.Reset()
			return err
		})
	})
	switch {
	case err != nil:
		return err
	case next < len(events):
		return fmt.Errorf("event %d not answered", events[next].N)
	}
	return s.flush(reply, frameAnswer)
}

// end tells a Batcher that its session is over.
func (s *server) end() {
	defer s.turn.end()
	if b, ok := s.machine.(Batcher); ok {
		s.guard(nil, func() error { b.End(); return nil })
	}
}

// done appends an event's answer to the reply, and sends the reply when it is
// large enough or old enough, so that the host sees what is done and that the
// machine is alive. A failed answer is sent at once and ends the loop.
func (s *server) done(e Event, out *core.Out, err error, reply *[]byte) error {
	if err == nil {
		err = out.Err()
	}
	var spans []core.Action // instead of out's actions, for a host that does not know values
	count := out.Len()
	if !s.host.secretBytes && hasValues(out) {
		spans = asSpans(e.Event, out)
		count = len(spans)
	}
	for i := range count {
		var a core.Action
		if spans != nil {
			a = spans[i]
		} else {
			a = out.Action(i)
		}
		if err != nil && !a.OutlivesFailure() {
			continue
		}
		s.marked = s.marked || a.Kind.IsMark()
		if !s.host.levels {
			a.Level = core.LevelInfo
		}
		*reply = appendAction(*reply, a)
		if len(*reply) >= flushAt {
			if err := s.flush(reply, frameAnswer); err != nil {
				return err
			}
		}
	}
	for _, mark := range s.discipline.Manifest.HideCommand(e.Event) {
		s.marked = true
		*reply = appendAction(*reply, mark)
	}
	if err != nil {
		*reply = appendFailed(*reply, e.N, err.Error())
		return errors.Join(s.flush(reply, frameAnswer), s.flush(reply, frameByePlugin), errOver)
	}
	*reply = appendDone(*reply, e.N)
	if time.Since(s.flushed) >= flushAfter {
		return s.flush(reply, frameAnswer)
	}
	return nil
}

func (s *server) checkpoint(reply *[]byte) error {
	var state []byte
	err := s.guard(nil, func() (err error) {
		c, ok := s.machine.(core.Checkpointer)
		if !ok {
			return core.ErrNoCheckpoint
		}
		state, err = c.Checkpoint(nil)
		return err
	})
	if err == nil && len(state) > core.MaxCheckpoint {
		err = fmt.Errorf("its state has %d bytes; at most %d fit", len(state), core.MaxCheckpoint)
	}
	if err != nil {
		*reply = appendString(append(*reply, 0), core.Words(err.Error()))
	} else {
		*reply = appendBytes(append(*reply, 1), state)
	}
	return s.flush(reply, frameCheckpointed)
}

// flush sends the reply. It gives up the turn first: the host may be slow to
// read.
func (s *server) flush(reply *[]byte, t frameType) error {
	s.turn.end()
	if len(*reply) == headerSize && t == frameAnswer {
		return nil
	}
	_, err := s.stream.Write(finishFrame(*reply, t))
	*reply = beginFrame(*reply)
	s.flushed = time.Now()
	return err
}

// guard calls the machine in its turn and turns a panic into an error. It logs
// the panic's value unless that may hold a secret: one was marked, in this
// session or in out.
func (s *server) guard(out *core.Out, call func() error) (err error) {
	s.turn.begin()
	defer func() {
		if v := recover(); v != nil {
			err = fmt.Errorf("panic: %v", v)
			if s.marks(out) {
				v = "left out: the machine has marked a secret"
			}
			s.log.Error("the machine panicked", "panic", fmt.Sprint(v), "stack", string(debug.Stack()))
		}
	}()
	return call()
}

// marks reports whether the machine has marked a secret, with what is in out.
func (s *server) marks(out *core.Out) bool {
	for i := 0; out != nil && i < out.Len(); i++ {
		s.marked = s.marked || out.Action(i).Kind.IsMark()
	}
	return s.marked
}

// Pipe returns a connection to a machine in this process. It uses the same
// frames as one to a process of its own.
func Pipe(d core.Discipline, log *slog.Logger) *Conn {
	ours, theirs := net.Pipe()
	go Serve(theirs, d, nil, log)
	return NewConn(ours, 0)
}
