package keep

import (
	"fmt"

	"github.com/protocol-workbench/workbench/core/session"
)

// windowFor returns the window of a name. mu is held.
func (s *Session) windowFor(name, was string) *window {
	if known := s.windows[name]; known != nil {
		return known
	}
	if len(s.windows) >= MaxWindows {
		for other, one := range s.windows {
			if one.connected == 0 && one != s.holder {
				delete(s.windows, other)
			}
		}
	}
	made := &window{}
	if old := s.windows[was]; old != nil { // the same person, who has reloaded the page
		made.number = old.number
		delete(s.windows, was)
		if s.holder == old {
			s.holder = made
		}
		if old.connected > 0 { // a copy of the page: the old one goes on under a number of its own
			s.numbers++
			old.number = s.numbers
			s.windows[was] = old
		}
	} else {
		s.numbers++
		made.number = s.numbers
	}
	s.windows[name] = made
	return made
}

// giveTo gives a window the keyboard, and reports whether that is to be remarked
// on: the first to have it is not. mu is held.
func (s *Session) giveTo(w *window) (moved bool) {
	moved = s.holder != nil && s.holder != w && s.holder.number != w.number
	s.holder = w
	if s.asks == w {
		s.asks = nil
	}
	s.tell()
	s.changed.Broadcast()
	return moved
}

// sayHolder remarks in the session's log on who has the keyboard. mu is not held.
func (s *Session) sayHolder() {
	s.mu.Lock()
	remark, number := s.remark, s.holder.number
	s.mu.Unlock()
	if remark != nil {
		remark(session.Remark{Code: session.Keyboard, Words: fmt.Sprintf("window %d has the keyboard", number)})
	}
}

// TakeKeyboard gives the window the keyboard if whoever has it is not connected,
// and otherwise asks for it.
func (w *Watcher) TakeKeyboard() error {
	if w.window == nil {
		return ErrLooksOn
	}
	s := w.session
	s.mu.Lock()
	moved := false
	switch {
	case s.holder == w.window:
	case s.holder == nil || s.holder.connected == 0:
		moved = s.giveTo(w.window)
	default:
		s.asks = w.window
		s.tell()
	}
	s.mu.Unlock()
	if moved {
		s.sayHolder()
	}
	return nil
}

// GiveKeyboard gives a window, by its number, the keyboard that this one has.
func (w *Watcher) GiveKeyboard(to int) error {
	if w.window == nil {
		return ErrLooksOn
	}
	s := w.session
	s.mu.Lock()
	if s.holder != w.window {
		s.mu.Unlock()
		return ErrNoKeyboard
	}
	var next *window
	for _, one := range s.windows {
		if one.number == to && one.connected > 0 {
			next = one
		}
	}
	moved := next != nil && next != s.holder && s.giveTo(next)
	s.mu.Unlock()
	if moved {
		s.sayHolder()
	}
	return nil
}
