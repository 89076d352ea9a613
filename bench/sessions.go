package main

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
)

// openers is how many sessions are opened at a time where many are.
const openers = 16

// smallBuffer is the near end's read buffer where there are many sessions.
const smallBuffer = 4 << 10

// Descriptors that the process with the most of them may need: the workbench
// for two sockets, a recording and the way to the plugin of each session.
const (
	filesOfSession = 4
	filesOfOthers  = 500
)

// fitting returns how many of so many sessions the limit of open files allows,
// and says so where that is fewer.
func (t *trial) fitting(want int64) int64 {
	limit := maxFiles()
	fit := max(1, (limit-filesOfOthers)/filesOfSession)
	if fit >= want {
		return want
	}
	t.note(fmt.Sprintf("%s sessions need %s open files in a process, %d each and %d; the hard limit here (ulimit -Hn) is %s, which allows %s sessions",
		number(float64(want), 0), number(float64(want*filesOfSession+filesOfOthers), 0), filesOfSession, filesOfOthers, number(float64(limit), 0), number(float64(fit), 0)))
	return fit
}

// openMany opens sessions to a target, and has each do something first.
// dropAll ends them, also those of a call that fails.
func openMany(ctx context.Context, t *trial, n int64, target, mode string, first func(*session) error) (sessions []*session, err error) {
	sessions = make([]*session, n)
	err = inParallel(openers, n, func(i int64) error {
		s, err := t.system.dial(ctx, t.process, target, mode, smallBuffer)
		if err != nil {
			return fmt.Errorf("session %d of %d: %w", i+1, n, err)
		}
		sessions[i] = s
		return first(s)
	})
	if err != nil {
		dropAll(sessions)
		return nil, err
	}
	return sessions, nil
}

func dropAll(sessions []*session) {
	for _, s := range sessions {
		if s != nil {
			s.drop()
		}
	}
}

// inParallel calls do for 0 to n-1 from so many goroutines, and returns the
// first error. After an error it calls no more.
func inParallel(workers int, n int64, do func(i int64) error) error {
	var (
		next  atomic.Int64
		group sync.WaitGroup
		once  sync.Once
		first error
	)
	for range workers {
		group.Go(func() {
			for i := next.Add(1) - 1; i < n; i = next.Add(1) - 1 {
				if err := do(i); err != nil {
					once.Do(func() { first = err })
					next.Store(n)
				}
			}
		})
	}
	group.Wait()
	return first
}
