package play

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
)

// Series holds the scripts of one connection each, of which the n-th client that connects gets
// the n-th. After the last one the first comes again.
type Series struct {
	scripts []*Script

	mu    sync.Mutex
	round int
	left  []int // scripts of the round that nobody has, in their order
}

// NewSeries makes a series of 1 to MaxPool scripts.
func NewSeries(scripts []*Script) (*Series, error) {
	if len(scripts) == 0 || len(scripts) > MaxPool {
		return nil, fmt.Errorf("%d scripts: a series has 1 to %d", len(scripts), MaxPool)
	}
	for _, s := range scripts {
		if err := cmp.Or(s.WithoutMode(), s.Streams()); err != nil && len(scripts) > 1 {
			return nil, err
		}
	}
	return &Series{scripts: scripts}, nil
}

// take returns the script for a client that has connected. release gives it back for the next
// one, if this was no client.
func (s *Series) take() (script *Script, release func(wasClient bool)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.left) == 0 {
		s.round++
		for i := range s.scripts {
			s.left = append(s.left, i)
		}
	}
	round, i := s.round, s.left[0]
	s.left = s.left[1:]
	return s.scripts[i], func(wasClient bool) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if !wasClient && round == s.round {
			s.left = append(s.left, i)
			slices.Sort(s.left)
		}
	}
}
