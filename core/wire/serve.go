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

// outs are lent for one batch, like buffers.
var outs = sync.Pool{New: func() any { return new(core.Out) }}

// Batcher is for adapters, whose machines are in yet another process and would
// pay for each event with a way there and back. Serve hands such a machine its
// batches whole and does not call Handle. It is no part of what an author of
// machines writes.
type Batcher interface {
	core.Machine
	// Batch answers the events in order: for each it appends the actions to
	// out and calls done with the event's number, which takes them and empties
	// out. The events and their data are valid only during the call.
	//
	// With an error done says that the machine cannot go on, as Handle does
	// by returning one. When done itself returns an error there is nothing more
	// to answer, and Batch returns it. Any other error of Batch says that the
	// machine is lost: the stream ends without a word, as if its process had
	// died.
	Batch(events []Event, out *core.Out, done func(n uint64, err error) error) error
	// End comes once, when the session is over, however that came about.
	End()
}

// Serve runs one session's machine on a stream until the host says bye, the
// machine fails or the stream ends, and closes the stream. A panic in the
// machine becomes a failed answer; its stack goes to log. The error is nil
// after a bye or a failed answer; else it says what the host did wrong, or
// that it went away.
//
// The session takes turns with the others of its process as turn says; nil: it
// waits for none.
func Serve(stream io.ReadWriteCloser, d core.Discipline, turn *Turn, log *slog.Logger) error {
	defer stream.Close()
	s := &server{stream: stream, in: reader{r: stream}, discipline: d, turn: turn, log: log}
	defer s.end()
	for {
		// The head is awaited with no buffer lent: an idle session waits here.
		t, size, err := s.in.head()
		if err != nil {
			return err
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

// errOver ends the loop in good order.
var errOver = errors.New("the session is over")

type server struct {
	stream     io.Writer
	in         reader
	discipline core.Discipline
	machine    core.Machine
	host       host
	marked     bool // the machine has marked a secret
	turn       *Turn
	flushed    time.Time // when the last frame left, or the one that is being answered came
	log        *slog.Logger
}

// answer answers one frame.
func (s *server) answer(t frameType, body []byte) error {
	if t == frameBye {
		return errOver
	}
	if opened := s.machine != nil; opened == (t == frameOpen) {
		return malformed("a frame of type %#02x at the wrong time", byte(t))
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
	return malformed("there is no frame of type %#02x", byte(t))
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
		out.Reset() // the opening happened when the session began
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
			err = fmt.Errorf("the machine asks for a silence of %v; from %v to %v are allowed", quiet, core.MinQuiet, core.MaxQuiet)
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

// batchAtOnce hands all events of a batch over in one call.
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
				return fmt.Errorf("event %d was answered out of turn", n)
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
		return fmt.Errorf("event %d was not answered", events[next].N)
	}
	return s.flush(reply, frameAnswer)
}

// end tells a machine that wants to know that its session is over.
func (s *server) end() {
	defer s.turn.end()
	if b, ok := s.machine.(Batcher); ok {
		s.guard(nil, func() error { b.End(); return nil })
	}
}

// done appends an event's answer to the reply, and sends the reply each time
// that it is large enough, or has waited long enough: who waits sees what is
// done, and that something is. A failed answer is sent at once and ends the
// loop.
func (s *server) done(e Event, out *core.Out, err error, reply *[]byte) error {
	if err == nil {
		err = out.Err()
	}
	var spans []core.Action // in place of out's actions, for a host that knows no values
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
		*reply = appendAction(*reply, a)
		if len(*reply) >= flushAt {
			if err := s.flush(reply, frameAnswer); err != nil {
				return err
			}
		}
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

// flush sends what there is. Meanwhile it is another session's turn: the host
// may be slow to take it.
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

// guard calls the machine in its turn, and turns its panic into an error. What
// it said is logged unless it may be a secret: one was marked, in this session or
// in out.
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

// Pipe returns a connection to a machine that runs in this process, on the
// same frames as one in a process of its own.
func Pipe(d core.Discipline, log *slog.Logger) *Conn {
	ours, theirs := net.Pipe()
	go Serve(theirs, d, nil, log)
	return NewConn(ours, 0)
}
