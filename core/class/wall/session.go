package wall

import (
	"bytes"
	"slices"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/secret"
)

// maxHeld is how many bytes may be held back until it is decided whether a secret begins
// at their end. Past it, what may begin one is masked.
const maxHeld = 64 << 10

// Session is one of a student's. It is told what crosses, as a session.Observer is, in
// order.
type Session struct {
	of *Student // its mu guards the rest
	SessionTile
	client, server stream

	secrets secret.Streams
	held    []heldEvent
	size    int // bytes of these
}

// heldEvent is an event that may hold the beginning of a secret, or comes after one.
type heldEvent struct {
	at        time.Time
	event     core.Event
	undecided *secret.Pending
}

// Session returns a session that the student opens.
func (s *Student) Session(id, mode, target string) *Session {
	return &Session{of: s, SessionTile: SessionTile{Session: id, Mode: core.CutWords(mode, maxText), Target: core.CutWords(target, maxText)}}
}

// Kept tells by what ID one attaches to the session, before it has begun. Only one that
// has such an ID is among the student's sessions.
func (s *Session) Kept(attach string) {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.Attach = attach
}

// Began tells that the target was reached.
func (s *Session) Began(now time.Time) {
	o := s.of
	o.mu.Lock()
	defer o.mu.Unlock()
	o.active = now
	o.errors[dials].over()
	s.SessionTile.Began = inJSON(now)
	if s.Attach == "" {
		return
	}
	if len(o.sessions) == maxSessions {
		o.sessions = slices.Delete(o.sessions, 0, 1)
	}
	o.sessions = append(o.sessions, s)
}

// Done tells of one event with its actions. It keeps nothing of either.
func (s *Session) Done(now time.Time, e core.Event, actions []core.Action) {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	if e.Kind.Side() == core.Client && e.Kind.IsBytes() {
		s.of.active = now
	}
	if !s.secrets.Marked() && !secret.Marks(actions) {
		s.crossed(now, e)
		return
	}
	h := heldEvent{at: now, event: e.Clone()}
	h.undecided = s.secrets.Feed(h.event, core.CloneActions(actions))
	s.held = append(s.held, h)
	if s.size += len(e.Data); s.size > maxHeld {
		s.secrets.Decide()
	}
	s.release()
}

// release takes what is decided.
func (s *Session) release() {
	for len(s.held) > 0 && s.held[0].undecided.Done() {
		s.crossed(s.held[0].at, s.held[0].event)
		s.size -= len(s.held[0].event.Data)
		s.held[0] = heldEvent{}
		s.held = s.held[1:]
	}
	if len(s.held) == 0 {
		s.held = nil
	}
}

// Ended tells that the session is over, in words if it went wrong; they hold no secret.
func (s *Session) Ended(now time.Time, words string) {
	s.of.mu.Lock()
	defer s.of.mu.Unlock()
	s.secrets.End()
	s.release()
	s.Over = true
	if words != "" && !s.SessionTile.Began.IsZero() {
		s.of.line.set("workbench", []byte(words), now)
	}
}

func (s *Session) tile() SessionTile { return s.SessionTile }

// crossed takes an event from which secrets were masked.
func (s *Session) crossed(now time.Time, e core.Event) {
	if !e.Kind.IsBytes() || e.Kind.Side() == 0 { // a link's are shown nowhere
		return
	}
	if e.Kind.Side() == core.Server {
		s.server.add(e.Data, func(line []byte, answer bool) {
			if answer {
				s.answered(now, line)
			}
			s.of.line.set("server", line, now)
		})
		s.show(now, "server", &s.server)
		return
	}
	s.server.asked = true
	line := func(line []byte, _ bool) { s.of.line.set("client", line, now) }
	s.client.add(e.Data, line)
	if e.Kind == core.ClientText || e.Kind == core.ClientBinary {
		s.client.end(line)
		return
	}
	s.show(now, "client", &s.client)
}

// show shows a line that has not ended yet, such as a prompt.
func (s *Session) show(now time.Time, from string, st *stream) {
	if len(st.part) > 0 {
		s.of.line.set(from, st.part, now)
	}
}

// answered counts the first line of an answer.
func (s *Session) answered(now time.Time, line []byte) {
	run := &s.of.errors[answers]
	key := errorIn(line)
	switch {
	case key == nil:
		run.over()
	case run.n > 0 && run.key == string(key): // which makes no string
		run.n++
	default:
		run.came(now, string(key), string(line))
	}
}

// stream follows the lines of one side.
type stream struct {
	part   []byte // of the line that has not ended, at most maxText
	asked  bool   // the next line that begins is the first of an answer
	answer bool   // the line that has begun is
}

// add adds a piece of the stream, cut anywhere, and tells each line that ends in it and is
// not empty.
func (st *stream) add(data []byte, tell func(line []byte, answer bool)) {
	for len(data) > 0 {
		i := bytes.IndexAny(data, "\r\n")
		if i < 0 {
			st.begin(data)
			return
		}
		st.begin(data[:i])
		st.end(tell)
		data = data[i+1:]
	}
}

func (st *stream) begin(piece []byte) {
	if len(st.part) == 0 && len(piece) > 0 {
		st.answer, st.asked = st.asked, false
	}
	st.part = append(st.part, piece[:min(len(piece), maxText-len(st.part))]...)
}

func (st *stream) end(tell func(line []byte, answer bool)) {
	if len(st.part) > 0 {
		tell(st.part, st.answer)
	}
	st.part = st.part[:0]
}
