package keep

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/limit"
	"github.com/protocol-workbench/workbench/core/session"
)

// Watcher is one connection to a session. Say and Next are called by one goroutine
// each, the others by any.
type Watcher struct {
	session *Session
	window  *window // nil: it only looks on; see Session.Watch
	silent  bool    // … and the windows are not told so
	next    uint64  // the number of the entry that comes next
	pending uint64  // … once what Next returned was written
	offset  uint64  // bytes of entries that were written, of those that ever came
	after   uint64  // offset, once …
	news    bool    // how things stand has changed
	notices []byte  // for this watcher alone, as Batch.Entries
	left    bool
	wake    chan struct{} // holds a value when Next may find something
}

// State is how things stand with a session, for those who watch it.
type State struct {
	Window   int    `json:"window"`             // the watcher's own, from 1
	Watchers int    `json:"watchers"`           // connections
	Keyboard int    `json:"keyboard"`           // the window that has it; 0: none
	Away     bool   `json:"away,omitempty"`     // that window has no connection
	Asks     int    `json:"asks,omitempty"`     // a window that wants it; 0: none
	Taken    uint64 `json:"taken"`              // the last number of what this window said that the session has taken
	EOF      bool   `json:"eof,omitempty"`      // the client's input has ended
	Observed int    `json:"observed,omitempty"` // those that only look on, but for the silent ones
}

// Batch is what a watcher is to be told next. One of its fields is set.
type Batch struct {
	State   *State
	Entries []byte       // objects in JSON, each followed by a comma
	Missing *Range       // entries that are not in memory any more
	End     *session.End // all was told
}

// Range is the entries from number First up to and without Next, which is Entry in
// JSON. Heads are of some before Next, by their numbers.
type Range struct {
	First, Next uint64
	Entry       []byte
	Heads       []Head
}

// Message is something that a watcher says. Number, from 1 and rising for each
// window, makes sure that it is taken once: what has a number that is not above the
// last one taken is ignored. 0: it has none.
type Message struct {
	Number uint64
	Event  core.Event // its data is not kept after Say has returned
}

// Why something that was said is not taken.
var (
	ErrNoKeyboard = errors.New("another window has the keyboard")
	ErrLooksOn    = errors.New("this connection only watches")
	ErrFinished   = errors.New("the input was ended")
	ErrOver       = errors.New("the session is over")
	ErrLeft       = errors.New("the connection is gone")
)

// Join adds a connection from a window, which wants the entries from number first
// on. was is a window that this one replaces, as after a reload, or "".
//
// The window gets the keyboard if nobody has it, or whoever has it is not connected.
func (s *Session) Join(name, was string, first uint64) (*Watcher, error) {
	if s.LooksOnly() {
		return nil, ErrLooksOn
	}
	s.mu.Lock()
	if s.removed() {
		s.mu.Unlock()
		return nil, ErrOver
	}
	w := &Watcher{session: s, window: s.windowFor(name, was), next: max(first, 1), news: true, wake: make(chan struct{}, 1)}
	w.pending = w.next
	s.place(w)
	s.watchers = append(s.watchers, w)
	w.window.connected++
	if s.alone != nil {
		s.alone.Stop()
		s.alone = nil
	}
	moved := (s.holder == nil || s.holder.connected == 0) && s.giveTo(w.window)
	s.tell()
	s.mu.Unlock()
	if moved {
		s.sayHolder()
	}
	return w, nil
}

// removed reports that the session can be joined no more. mu is held.
func (s *Session) removed() bool { return s.all.find(s.ID) != s }

// place sets the offset of a watcher's place. mu is held.
func (s *Session) place(w *Watcher) {
	w.next = min(w.next, s.log.next)
	w.pending = w.next
	switch {
	case w.next >= s.log.next:
		w.offset = s.log.total
	case w.next >= s.log.first():
		entries, _, total := s.log.from(w.next)
		w.offset = total - uint64(len(entries))
	default:
		w.offset = s.log.segments[0].from
	}
	w.after = w.offset
}

// Leave ends the connection. The session goes on.
func (w *Watcher) Leave() {
	s := w.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if w.left {
		return
	}
	w.left = true
	if w.window == nil {
		s.unwatch(w)
		return
	}
	w.window.connected--
	s.watchers = slices.DeleteFunc(s.watchers, func(other *Watcher) bool { return other == w })
	if s.said != nil && s.said.by == w {
		s.said = nil
	}
	if s.asks == w.window && w.window.connected == 0 {
		s.asks = nil
	}
	s.tell()
	w.signal()
	s.changed.Broadcast()
	if len(s.watchers) == 0 {
		s.since = time.Now()
		s.waitForSomebody()
	}
}

// waitForSomebody begins the time after which the session, if it still lives, ends
// for want of a watcher, and is forgotten otherwise. mu is held.
func (s *Session) waitForSomebody() {
	switch {
	case !s.reached && s.end == nil: // there is nothing yet to come back to
		s.leaving = &session.End{Cause: session.ByClient, Words: "the client closed"}
	case s.end != nil:
		s.alone = limit.AfterFunc(s.all.Keep, func() { s.all.forget(s) })
	default:
		s.alone = limit.AfterFunc(s.all.Keep, func() {
			s.leave(session.End{Cause: session.ByClient, Words: fmt.Sprintf("nobody came back for %v", s.all.Keep)})
		})
	}
}

// Reached waits until the target was reached, or not. Then the reason is the error.
func (w *Watcher) Reached() (address string, err error) {
	s := w.session
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case w.left:
			return "", ErrLeft
		case s.refused != nil:
			return "", s.refused
		case s.reached:
			return s.address, nil
		case s.end != nil:
			return "", *s.end
		}
		s.changed.Wait()
	}
}

// State returns how things stand. Next tells only what changes later.
func (w *Watcher) State() State {
	w.session.mu.Lock()
	defer w.session.mu.Unlock()
	w.news = false
	return w.state()
}

func (w *Watcher) state() State {
	s := w.session
	st := State{Watchers: len(s.watchers), EOF: s.finished, Observed: s.observed()}
	if w.window != nil {
		st.Window, st.Taken = w.window.number, w.window.taken
	}
	if s.holder != nil {
		st.Keyboard, st.Away = s.holder.number, s.holder.connected == 0
	}
	if s.asks != nil {
		st.Asks = s.asks.number
	}
	return st
}

// Next waits for what there is to tell, which by the next call counts as told.
// Entries are valid for good. The error is ErrLeft, or the context's.
func (w *Watcher) Next(ctx context.Context) (Batch, error) {
	w.told()
	for {
		if b, found, err := w.find(); found || err != nil {
			return b, err
		}
		select {
		case <-w.wake:
		case <-ctx.Done():
			return Batch{}, ctx.Err()
		}
	}
}

// told counts what Next returned as told.
func (w *Watcher) told() {
	s := w.session
	s.mu.Lock()
	defer s.mu.Unlock()
	w.next = w.pending
	if lagged := s.lags(0); w.offset != w.after {
		w.offset = w.after
		if lagged && !s.lags(0) {
			s.changed.Broadcast()
		}
	}
}

func (w *Watcher) find() (b Batch, found bool, err error) {
	s := w.session
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case w.left:
		return Batch{}, false, ErrLeft
	case w.news:
		w.news = false
		st := w.state()
		return Batch{State: &st}, true, nil
	case len(w.notices) > 0:
		b.Entries, w.notices = w.notices, nil
		s.changed.Broadcast()
		return b, true, nil
	case w.next < s.log.first():
		missing := s.missing(w.next)
		w.pending, w.after = missing.Next, s.log.segments[0].from
		return Batch{Missing: missing}, true, nil
	case w.next < s.log.next:
		b.Entries, w.pending, w.after = s.log.from(w.next)
		return b, true, nil
	case s.end != nil:
		return Batch{End: s.end}, true, nil
	}
	return Batch{}, false, nil
}

func (w *Watcher) signal() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// tell has the watcher told how things stand. mu is held.
func (w *Watcher) tell() {
	w.news = true
	w.signal()
}

// Tell has Next return an object, in JSON and followed by a comma, among the entries.
// It waits while much of that waits.
func (w *Watcher) Tell(object []byte) {
	s := w.session
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(w.notices) > maxNotices && !w.left {
		s.changed.Wait()
	}
	w.notices = append(w.notices, object...)
	w.signal()
}

// Say says something to the session, and waits until it was taken.
func (w *Watcher) Say(m Message) error {
	if w.window == nil {
		return ErrLooksOn
	}
	s := w.session
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.said != nil && !w.left && s.end == nil {
		s.changed.Wait()
	}
	switch {
	case w.left:
		return ErrLeft
	case s.end != nil || s.leaving != nil:
		return ErrOver
	case m.Number > 0 && m.Number <= w.window.taken:
		return nil
	case s.holder != w.window:
		return ErrNoKeyboard
	case s.finished:
		return ErrFinished
	}
	m.Event.Data = slices.Clone(m.Event.Data)
	said := &said{Message: m, by: w}
	s.said = said
	s.changed.Broadcast()
	for !said.taken && !w.left && s.end == nil && !s.cut {
		s.changed.Wait()
	}
	switch {
	case said.taken:
		return nil
	case w.left:
		return ErrLeft
	}
	return ErrOver
}

// Order does something to the session that is no event, once what was said before was taken,
// if the window may say things: also after the end of the input. Its number counts as that
// of a message, also where do returns an error, which Order then returns.
func (w *Watcher) Order(number uint64, do func() error) error {
	if w.window == nil {
		return ErrLooksOn
	}
	s := w.session
	s.mu.Lock()
	for s.said != nil && !w.left && s.end == nil {
		s.changed.Wait()
	}
	var err error
	known := false
	switch {
	case w.left:
		err = ErrLeft
	case s.end != nil || s.leaving != nil:
		err = ErrOver
	case number > 0 && number <= w.window.taken:
		known = true
	case s.holder != w.window:
		err = ErrNoKeyboard
	case number > 0:
		w.window.taken = number
		w.tell()
	}
	s.mu.Unlock() // do tells the session, which tells its client
	if err != nil || known {
		return err
	}
	return do()
}

// End ends the session, as a client does that closes.
func (w *Watcher) End() error {
	if w.window == nil {
		return ErrLooksOn
	}
	s := w.session
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.holder != w.window {
		return ErrNoKeyboard
	}
	if s.leaving == nil {
		s.leaving = &session.End{Cause: session.ByClient, Words: "the client closed"}
	}
	s.changed.Broadcast()
	return nil
}
