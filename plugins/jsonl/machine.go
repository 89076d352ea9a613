package jsonl

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"sync"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// errLost says that nobody is left to answer.
var errLost = errors.New("the plugin's program is gone")

// maxReplies bounds the lines that wait for a session to take them.
const maxReplies = 4

// machine is one session of the program. Its methods are called one at a time,
// except take, which the reader calls.
type machine struct {
	child   *Child
	id      uint64
	stream  uint32        // as the host calls the session
	n       uint64        // events that came one at a time
	broken  error         // why it cannot go on
	quiet   time.Duration // that the program asked for
	replies chan *reply
	ended   chan struct{} // closed by End
	givenUp chan struct{} // closed by take

	deaf bool // nothing more of this session counts; take's own

	line atomic.Uint64 // number of the last request's line; 0: it waits for room

	mu    sync.Mutex
	due   int   // answers that were asked for and have not come
	stray error // what came when nothing was due
	asked time.Time
	seen  sighting // by load, since the last answer
}

var (
	_ core.Checkpointer = (*machine)(nil)
	_ core.QuietAsker   = (*machine)(nil)
	_ wire.Batcher      = (*machine)(nil)
)

// open is the discipline's Open, for the session on a stream of the host's.
func (c *Child) open(stream uint32, o core.Opening, out *core.Out) (core.Machine, error) {
	m := &machine{child: c, id: c.last.Add(1), stream: stream, replies: make(chan *reply, maxReplies),
		ended: make(chan struct{}), givenUp: make(chan struct{})}
	c.mu.Lock()
	c.sessions[m.id] = m
	c.mu.Unlock()
	if o.Options == nil {
		o.Options = core.Options{}
	}
	opening := opening{Options: o.Options, Target: o.Target, Watch: o.Watch}
	if o.Client != core.Messages {
		opening.Client = o.Client.String()
	}
	if o.Server != core.ServerStream {
		opening.Server = o.Server.String()
	}
	if o.ServerEOFStays {
		opening.ServerEOF = "stay"
	}
	if c.hello.Manifest.Seeded {
		opening.Seed, opening.Start = o.Seed.String(), core.FormatStart(o.Start)
	}
	if err := m.ask(request{Open: &opening}, 1); err != nil {
		return nil, err
	}
	if err := m.answer(0, out); err != nil {
		m.End()
		return nil, err
	}
	return m, nil
}

// Quiet returns what the program asked for in its answer to open.
func (m *machine) Quiet() time.Duration { return m.quiet }

// Handle answers one event.
func (m *machine) Handle(ev core.Event, out *core.Out) error {
	m.n++
	var failed error
	lost := m.Batch([]wire.Event{{N: m.n, Event: ev}}, out, func(_ uint64, err error) error {
		failed = err
		return nil
	})
	return errors.Join(failed, lost)
}

// Batch sends the events, in lines that take the program about sliceTime each, and
// hands the answers over as they come.
func (m *machine) Batch(events []wire.Event, out *core.Out, done func(uint64, error) error) error {
	for len(events) > 0 {
		slice := events[:min(len(events), m.child.turns.slice())]
		events = events[len(slice):]
		said := make([]event, len(slice))
		for i, e := range slice {
			said[i] = newEvent(e, m.child.hello.Manifest.Commands)
		}
		if err := m.ask(request{Events: said}, len(slice)); err != nil {
			return done(slice[0].N, err)
		}
		for _, e := range slice {
			err := m.answer(e.N, out)
			if errors.Is(err, errLost) {
				return err
			}
			failed := err != nil
			if err := done(e.N, err); err != nil || failed {
				return err
			}
		}
	}
	return nil
}

// Checkpoint asks for the state, which is any JSON value but null.
func (m *machine) Checkpoint(dst []byte) ([]byte, error) {
	if !m.child.hello.Checkpoint {
		return dst, core.ErrNoCheckpoint
	}
	if err := m.ask(request{Checkpoint: true}, 1); err != nil {
		return dst, err
	}
	r, err := m.next()
	switch {
	case err != nil:
		return dst, err
	case r.State == nil:
		return dst, m.refuse(r, errors.New("a checkpoint is answered with its state, or null"))
	case string(r.State) == "null":
		return dst, core.ErrNoCheckpoint
	}
	var state bytes.Buffer
	err = json.Compact(&state, r.State)
	return append(dst, state.Bytes()...), err
}

// Restore hands a state back that the program may have given.
func (m *machine) Restore(state []byte) error {
	switch {
	case !m.child.hello.Checkpoint:
		return core.ErrNoCheckpoint
	case !isState(state):
		return errors.New("the checkpoint is not JSON that this program could have given: another one wrote it")
	}
	if err := m.ask(request{Restore: state}, 1); err != nil {
		return err
	}
	var out core.Out
	if err := m.answer(0, &out); err != nil {
		return err
	}
	if out.Len() > 0 {
		return m.refuse(nil, errors.New("the plugin's program breaks the protocol: a restore is answered with no actions"))
	}
	return nil
}

// isState reports whether Checkpoint can have returned these bytes.
func isState(state []byte) bool {
	return json.Valid(state) && utf8.Valid(state) && !halfRune(state) && string(state) != "null"
}

// End tells the program that the session is over.
func (m *machine) End() {
	m.child.mu.Lock()
	delete(m.child.sessions, m.id)
	m.child.mu.Unlock()
	close(m.ended)
	m.say(request{Bye: true})
}

// ask sends a request that expects so many answers.
func (m *machine) ask(r request, answers int) error {
	m.mu.Lock()
	m.broken = cmp.Or(m.broken, m.stray)
	m.due, m.asked, m.seen = answers, time.Now(), sighting{}
	m.line.Store(0)
	m.mu.Unlock()
	if m.broken == nil {
		m.say(r)
	}
	return m.broken
}

// lines are lent for one request.
var lines = sync.Pool{New: func() any { return new(bytes.Buffer) }}

const keepAtMost = 1 << 20 // a line that grew beyond this is not kept

func (m *machine) say(r request) {
	r.Session = m.id
	line := lines.Get().(*bytes.Buffer)
	line.Reset()
	e := json.NewEncoder(line)
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		panic(err) // none of its types can fail
	}
	m.child.send.line(line.Bytes(), &m.line)
	if line.Cap() <= keepAtMost {
		lines.Put(line)
	}
}

// answer gathers the answer to event n in out. Errors are of the machine,
// unless they are errLost.
func (m *machine) answer(n uint64, out *core.Out) error {
	for {
		r, err := m.next()
		if err != nil {
			return err
		}
		if r.State != nil {
			return m.refuse(r, errors.New("no checkpoint was asked for"))
		}
		if r.Quiet != nil {
			if m.quiet, err = time.ParseDuration(*r.Quiet); err != nil || m.quiet < core.MinQuiet || m.quiet > core.MaxQuiet {
				return m.refuse(r, fmt.Errorf("quiet has to be a time from %v to %v, such as \"200ms\"", core.MinQuiet, core.MaxQuiet))
			}
		}
		if r.Done != nil && *r.Done != n {
			return m.refuse(r, fmt.Errorf("event %d was answered, and event %d is due", *r.Done, n))
		}
		for i := range r.Actions {
			if err := r.Actions[i].appendTo(out); err != nil {
				return m.refuse(r, err)
			}
		}
		if r.Done != nil {
			return nil
		}
	}
}

// next waits for the next line of the session.
func (m *machine) next() (*reply, error) {
	var r *reply
	select {
	case r = <-m.replies:
	default:
		select {
		case r = <-m.replies:
		case <-m.givenUp:
			m.broken = fmt.Errorf("answers not taken for %v", m.child.config.patience)
			return nil, m.broken
		case <-m.child.over:
			return nil, fmt.Errorf("%w: %w", errLost, m.child.Err())
		}
	}
	switch {
	case r.refused != nil:
		return nil, m.refuse(r, r.refused)
	case r.Failed != nil:
		m.broken = errors.New(core.Words(*r.Failed))
		return nil, m.broken
	}
	return r, nil
}

// refuse ends the session for a line that is not as the protocol says.
func (m *machine) refuse(r *reply, err error) error {
	if r != nil {
		err = wrong(r, err)
	}
	m.broken = err
	return err
}

// wrong puts the reason first; the line shows without the session's number, which
// is another one each time.
func wrong(r *reply, err error) error {
	return fmt.Errorf("the plugin's program breaks the protocol: %w; it answered %s", err, regexp.MustCompile(sessionField).ReplaceAllString(r.line, ""))
}

// sessionField is where a quoted line names the session.
const sessionField = `\\"session\\":\s*\d+(,\s*)?`

// take takes a line for the session. It is called by the child's reader alone,
// and bounds how long that is kept.
func (m *machine) take(r *reply) {
	if m.deaf {
		return
	}
	m.deaf = r.refused != nil || r.Failed != nil
	if !m.expected(r) {
		m.deaf = true
		return
	}
	select {
	case m.replies <- r:
		return
	default:
	}
	late := time.NewTimer(m.child.config.patience)
	defer late.Stop()
	select {
	case m.replies <- r:
	case <-m.ended:
	case <-late.C:
		m.deaf = true
		close(m.givenUp)
	}
}

// expected reports whether an answer is due. An answer too many is kept for the
// next request: until then nobody listens.
func (m *machine) expected(r *reply) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.due == 0 && r.refused != nil:
		m.stray = wrong(r, r.refused)
	case m.due == 0:
		m.stray = wrong(r, errors.New("nothing was asked"))
	case r.ends():
		m.due--
		var n uint64
		if r.Done != nil {
			n = *r.Done
		}
		m.child.turns.answered(m.line.Load(), m.asked, n)
		m.seen = sighting{}
		return true
	default:
		m.seen = sighting{}
		return true
	}
	return false
}
