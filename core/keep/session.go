package keep

import (
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/limit"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Bounds of a kept session.
const (
	LogAt      = 8 << 20   // bytes of entries that are kept in memory
	LagAt      = 256 << 10 // a session waits for the keyboard's connection while so much is on its way to it
	MaxWindows = 64        // that a session remembers
	maxNotices = 4 << 10   // bytes that wait for one watcher alone
	little     = 8 << 10   // bytes, at least what session.Client calls little
)

// Session is the client of a session that goes on without a connection.
type Session struct {
	ID string // unguessable, and unique beyond this process
	// Hello is what the session's watchers are told first. It is not changed once the
	// target was reached.
	Hello map[string]any
	Began time.Time

	all  *Sessions
	stop func(session.End) // ends it, of one that is only looked on; nil: Receive does

	mu       sync.Mutex
	changed  sync.Cond // on mu; for whoever waits for what is not an entry
	log      log
	reached  bool   // the target, at address
	address  string // as ip:port
	refused  error
	end      *session.End // the session's, once all its entries are here
	leaving  *session.End // how the client left
	cut      bool
	remark   func(session.Remark) // into the session's log
	watchers []*Watcher
	lookers  []*Watcher // those that only look on
	windows  map[string]*window
	numbers  int     // windows so far
	holder   *window // of the keyboard, connected or not
	asks     *window // for the keyboard
	finished bool    // the client's input has ended
	said     *said   // waits for Receive
	alone    *limit.Timer
	since    time.Time     // nobody has watched
	gone     chan struct{} // closed once it can be joined no more
}

// window is what somebody watches from, in one connection after the other.
type window struct {
	number    int
	connected int    // connections that it has
	taken     uint64 // the last number of what it said that the session has taken
}

// said is what a watcher has to say.
type said struct {
	Message
	by    *Watcher
	taken bool
}

var _ session.Client = (*Session)(nil)

// Receive waits for what the window with the keyboard says.
func (s *Session) Receive() (core.Event, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.leaving != nil:
			return core.Event{}, *s.leaving
		case s.end != nil || s.cut:
			return core.Event{}, session.End{Cause: session.ByClient, Words: "the client closed"}
		case s.said != nil:
			return s.take(), nil
		}
		s.changed.Wait()
	}
}

// take takes what was said. mu is held.
func (s *Session) take() core.Event {
	m := s.said
	m.taken, s.said = true, nil
	if m.Number > 0 {
		m.by.window.taken = m.Number
	}
	if m.Event.Kind == core.ClientEOF {
		s.finished = true
		s.tell()
	}
	m.by.tell()
	s.changed.Broadcast()
	return m.Event
}

// Accept has all who watch told that the target was reached.
func (s *Session) Accept(address string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.reached, s.address = true, address
	s.changed.Broadcast()
	return nil
}

// Refuse has all who watch told why there is no session.
func (s *Session) Refuse(reason error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = reason
	s.changed.Broadcast()
}

// Send keeps entries, and waits while the window with the keyboard lags behind.
func (s *Session) Send(m *session.Messages) error {
	bound := s.all.logBound()
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range m.Len() {
		entry, _ := m.At(i)
		s.log.add(entry, bound)
	}
	for _, w := range s.watchers {
		w.signal()
	}
	for _, w := range s.lookers {
		w.signal()
	}
	for s.lags(0) && !s.cut {
		s.changed.Wait()
	}
	return nil
}

// Ready reports that Send of little would not wait.
func (s *Session) Ready() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.lags(little)
}

// lags reports that the window with the keyboard is connected and, once it was sent
// so much more, lags behind.
func (s *Session) lags(more uint64) bool {
	for _, w := range s.watchers {
		if w.window == s.holder && s.log.total-w.offset+more > LagAt {
			return true
		}
	}
	return false
}

// Close has all who watch told how the session ended, after all else.
func (s *Session) Close(end session.End) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.end = &end
	s.tell()
	s.changed.Broadcast()
}

// Cut ends what waits for anybody.
func (s *Session) Cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cut = true
	if s.end == nil && s.refused == nil {
		s.end = &session.End{Cause: session.ByClient, Words: "the client closed"}
		s.tell()
	}
	s.changed.Broadcast()
}

// tell has each watcher told how things stand. mu is held.
func (s *Session) tell() {
	for _, w := range s.watchers {
		w.tell()
	}
	for _, w := range s.lookers {
		w.tell()
	}
}

// leave has the client leave, so that the session ends. The first reason stands.
func (s *Session) leave(why session.End) {
	s.mu.Lock()
	if s.leaving == nil {
		s.leaving = &why
	}
	s.changed.Broadcast()
	s.mu.Unlock()
	if s.stop != nil {
		s.stop(why)
	}
}

// Observer returns what lets the session's log say who has the keyboard.
func (s *Session) Observer() session.Observer { return &observer{s: s} }

type observer struct {
	session.Ignore
	s *Session
}

// Began keeps the way to remark.
func (o *observer) Began(b session.Beginning) {
	o.s.mu.Lock()
	defer o.s.mu.Unlock()
	o.s.remark = b.Remark
}

// Done does nothing.
func (o *observer) Done(time.Duration, wire.Event, []core.Action) {}
