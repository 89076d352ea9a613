package main

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

const (
	openers     = 16
	smallBuffer = 4 << 10 // the near end's read buffer where many sessions are
)

// measureOpens opens sessions to the echo server and closes each at once: the
// upgrade, the handshake, SUCC, the close from both sides. It returns opens a
// second, first one at a time, then many. For a system without a handshake
// the upgrade is all there is.
func measureOpens(ctx context.Context, t *trial) ([]float64, error) {
	var rates []float64
	for _, workers := range []int{1, openers} {
		opens := t.amount(t.sizes.opens)
		start := time.Now()
		err := inParallel(workers, opens, func(int64) error {
			s, err := t.system.dial(ctx, t.process, t.servers.echo, "http-line", smallBuffer)
			if err != nil {
				return err
			}
			return s.end()
		})
		if err != nil {
			return nil, err
		}
		rates = append(rates, float64(opens)/time.Since(start).Seconds())
	}
	return rates, nil
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
