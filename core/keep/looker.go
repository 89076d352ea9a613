package keep

import "slices"

// Watch adds a connection that only looks on, from the entry of number first. It has no
// window, so nothing that it says is taken: that is ErrLooksOn. The session never waits for
// it, does not live on for its sake, and does not count it in [State.Watchers].
//
// The session's windows are told how many look on, as [State.Observed], except of those
// that are silent.
func (s *Session) Watch(first uint64, silent bool) (*Watcher, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.removed() {
		return nil, ErrOver
	}
	w := &Watcher{session: s, silent: silent, next: max(first, 1), news: true, wake: make(chan struct{}, 1)}
	s.place(w)
	s.lookers = append(s.lookers, w)
	if !silent {
		s.tell()
	}
	return w, nil
}

// unwatch removes a watcher that only looks on. mu is held.
func (s *Session) unwatch(w *Watcher) {
	s.lookers = slices.DeleteFunc(s.lookers, func(other *Watcher) bool { return other == w })
	if !w.silent {
		s.tell()
	}
	w.signal()
	s.changed.Broadcast() // for Reached and Tell
}

// observed returns how many look on and are not silent. mu is held.
func (s *Session) observed() (n int) {
	for _, w := range s.lookers {
		if !w.silent {
			n++
		}
	}
	return n
}
