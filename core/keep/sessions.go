package keep

import (
	"cmp"
	"crypto/rand"
	"slices"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core/session"
)

// Bounds of all sessions together.
const (
	AllLogsAt = 256 << 20 // bytes of entries in memory
	LeastLog  = 128 << 10 // … of which each session has at least this
	MaxOver   = 64        // sessions that have ended and can still be read
)

// Sessions are the sessions of one workbench that go on without a connection.
type Sessions struct {
	// Keep is how long a session goes on that nobody watches, and how long one that
	// has ended can be read. It is set before the first session.
	Keep time.Duration

	mu   sync.Mutex
	byID map[string]*Session
	over []*Session // those that have ended, in that order
}

// Info is a session as a list shows it.
type Info struct {
	*Session
	Watchers int
	Over     bool
	Left     time.Duration // until it ends, or is forgotten, for want of a watcher; 0: it is watched
}

// New returns a new session, which Run has to be called of.
func (all *Sessions) New(name string, hello map[string]any) *Session {
	s := &Session{
		ID: name + "-" + rand.Text()[:20], Hello: hello, Began: time.Now(),
		all: all, log: log{next: 1}, windows: map[string]*window{}, gone: make(chan struct{}),
	}
	s.changed.L = &s.mu
	all.mu.Lock()
	defer all.mu.Unlock()
	if all.byID == nil {
		all.byID = map[string]*Session{}
	}
	all.byID[s.ID] = s
	return s
}

// Ended says that the session has ended. Who comes later may still read it, if it
// ever began.
func (s *Session) Ended() {
	s.mu.Lock()
	reached, unwatched := s.reached, len(s.watchers) == 0
	if s.alone != nil {
		s.alone.Stop()
		s.alone = nil
	}
	if reached && unwatched {
		s.since = time.Now()
		s.waitForSomebody()
	}
	s.mu.Unlock()
	if !reached {
		s.all.forget(s)
		return
	}
	s.all.retire(s)
}

// retire keeps a session among those that have ended, and forgets the oldest that
// are too many.
func (all *Sessions) retire(s *Session) {
	all.mu.Lock()
	var oldest *Session
	if all.over = append(all.over, s); len(all.over) > MaxOver {
		oldest = all.over[0]
	}
	all.mu.Unlock()
	if oldest != nil {
		all.forget(oldest)
	}
}

// forget lets a session go. Those who watch it go on.
func (all *Sessions) forget(s *Session) {
	all.mu.Lock()
	if all.byID[s.ID] == s {
		close(s.gone)
	}
	delete(all.byID, s.ID)
	all.over = slices.DeleteFunc(all.over, func(other *Session) bool { return other == s })
	all.mu.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.alone != nil {
		s.alone.Stop()
		s.alone = nil
	}
}

// ForgetAll lets all sessions go that have ended: the workbench stops.
func (all *Sessions) ForgetAll() {
	all.mu.Lock()
	over := slices.Clone(all.over)
	all.mu.Unlock()
	for _, s := range over {
		all.forget(s)
	}
}

// Find returns the session of an ID, or nil.
func (all *Sessions) Find(id string) *Session { return all.find(id) }

func (all *Sessions) find(id string) *Session {
	all.mu.Lock()
	defer all.mu.Unlock()
	return all.byID[id]
}

// Reached returns the session of an ID, or nil, also while its target is dialled.
func (all *Sessions) Reached(id string) *Session {
	s := all.find(id)
	if s == nil {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.reached {
		return nil
	}
	return s
}

// List returns all sessions whose target was reached, the newest first.
func (all *Sessions) List() []Info {
	all.mu.Lock()
	var sessions []*Session
	for _, s := range all.byID {
		sessions = append(sessions, s)
	}
	all.mu.Unlock()
	var list []Info
	for _, s := range sessions {
		s.mu.Lock()
		info := Info{Session: s, Watchers: len(s.watchers), Over: s.end != nil}
		if s.LooksOnly() {
			info.Watchers = len(s.lookers)
		}
		if info.Watchers == 0 && (info.Over || !s.LooksOnly()) {
			info.Left = max(all.Keep-time.Since(s.since), 1)
		}
		if s.reached {
			list = append(list, info)
		}
		s.mu.Unlock()
	}
	slices.SortFunc(list, func(a, b Info) int { return cmp.Or(b.Began.Compare(a.Began), cmp.Compare(a.ID, b.ID)) })
	return list
}

// Leave ends a session, whoever has its keyboard, or forgets one that has ended.
func (all *Sessions) Leave(s *Session) {
	s.mu.Lock()
	over := s.end != nil
	s.mu.Unlock()
	if over {
		all.forget(s)
		return
	}
	s.leave(session.End{Cause: session.ByClient, Words: "the client closed"})
}

// Gone returns a channel that is closed once the session can be joined no more.
func (s *Session) Gone() <-chan struct{} { return s.gone }

// logBound is how many bytes of entries each session may keep now.
func (all *Sessions) logBound() int {
	all.mu.Lock()
	defer all.mu.Unlock()
	return max(min(LogAt, AllLogsAt/max(len(all.byID), 1)), LeastLog)
}
