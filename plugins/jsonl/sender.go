package jsonl

import (
	"io"
	"sync"
	"sync/atomic"
)

// maxPending bounds what waits for the program to read it: at this many bytes,
// who has another line waits too.
const maxPending = 1 << 20

// sender gathers lines while others are being written, so that many sessions
// cost one call.
type sender struct {
	turn sync.Mutex // held by who has the next line: first come, first served

	mu      sync.Mutex
	count   uint64 // lines so far
	changed *sync.Cond
	pending []byte
	closed  bool
}

func newSender() *sender {
	s := &sender{}
	s.changed = sync.NewCond(&s.mu)
	return s
}

// line has a line written, later. It waits while too much is pending. Then
// number is set to the line's number among all, from 1.
func (s *sender) line(line []byte, number *atomic.Uint64) {
	s.turn.Lock()
	defer s.turn.Unlock()
	s.mu.Lock()
	defer s.mu.Unlock()
	for len(s.pending) >= maxPending && !s.closed {
		s.changed.Wait()
	}
	if !s.closed {
		s.count++
		number.Store(s.count)
		s.pending = append(s.pending, line...)
		s.changed.Broadcast()
	}
}

// close drops what is pending and all that comes.
func (s *sender) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed, s.pending = true, nil
	s.changed.Broadcast()
}

// run writes until close, or an error.
func (s *sender) run(w io.Writer) error {
	defer s.close()
	var spare []byte
	for {
		s.mu.Lock()
		for len(s.pending) == 0 && !s.closed {
			s.changed.Wait()
		}
		if s.closed {
			s.mu.Unlock()
			return nil
		}
		lines := s.pending
		s.pending = spare[:0]
		s.changed.Broadcast()
		s.mu.Unlock()
		if _, err := w.Write(lines); err != nil {
			return err
		}
		if spare = lines; cap(spare) > maxPending {
			spare = nil
		}
	}
}
