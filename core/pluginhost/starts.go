package pluginhost

import (
	"context"
	"slices"
	"sync"
)

// starts lets as many processes start at a time as there are processors, since
// more would only make all of them late: first those that somebody waits for, then
// in the order in which they came.
type starts struct {
	mu    sync.Mutex
	free  int
	queue []*turn
}

// turn is a process's place in the queue.
type turn struct {
	wanted func() bool   // somebody waits for the process
	come   chan struct{} // closed when it is its turn
}

// wait waits for a turn, which the caller gives back by release; that is
// idempotent. ok is false if ctx ended first.
func (s *starts) wait(ctx context.Context, wanted func() bool) (release func(), ok bool) {
	t := &turn{wanted, make(chan struct{})}
	s.mu.Lock()
	s.queue = append(s.queue, t)
	s.next()
	s.mu.Unlock()
	select {
	case <-t.come:
		return sync.OnceFunc(func() { s.leave(t) }), true
	case <-ctx.Done():
		s.leave(t)
		return nil, false
	}
}

// leave takes a place out of the queue or, if its turn has come, gives that back.
func (s *starts) leave(t *turn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if i := slices.Index(s.queue, t); i >= 0 {
		s.queue = slices.Delete(s.queue, i, i+1)
		return
	}
	s.free++
	s.next()
}

// next hands out the free turns.
func (s *starts) next() {
	for s.free > 0 && len(s.queue) > 0 {
		i := max(0, slices.IndexFunc(s.queue, func(t *turn) bool { return t.wanted() }))
		close(s.queue[i].come)
		s.queue = slices.Delete(s.queue, i, i+1)
		s.free--
	}
}
