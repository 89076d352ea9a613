package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// measureIdle opens many sessions that do nothing after one line there and
// back, and returns what each costs in KiB over the system's processes, how
// many were held, and how many of them answer at the end.
//
// The memory is what the processes occupy, unused heap that the runtime has
// not given back included: what a user would see.
func measureIdle(ctx context.Context, t *trial) ([]float64, error) {
	trip := greeting(t.system)
	// The first session may start what later ones share.
	first, err := t.system.dial(ctx, t.process, t.servers.echo, "http-line", smallBuffer)
	if err != nil {
		return nil, err
	}
	defer first.drop()
	if err := trip(first); err != nil {
		return nil, err
	}
	before, err := t.settledMemory(ctx)
	if err != nil {
		return nil, err
	}
	n := t.amount(t.sizes.idle)
	sessions := make([]*session, n)
	defer func() {
		for _, s := range sessions {
			if s != nil {
				s.drop()
			}
		}
	}()
	err = inParallel(openers, n, func(i int64) error {
		s, err := t.system.dial(ctx, t.process, t.servers.echo, "http-line", smallBuffer)
		if err != nil {
			return fmt.Errorf("idle session %d of %d: %w", i+1, n, err)
		}
		sessions[i] = s
		return trip(s)
	})
	if err != nil {
		return nil, err
	}
	after, err := t.settledMemory(ctx)
	if err != nil {
		return nil, err
	}
	answered := 0
	for _, s := range sessions {
		if trip(s) == nil {
			answered++
		}
	}
	return []float64{float64(after-before) / 1024 / float64(n), float64(n), float64(answered)}, nil
}

// settledMemory returns the system's memory in bytes once it has changed by
// less than one in a hundred over eight samples, or as it is after the longest
// wait.
func (t *trial) settledMemory(ctx context.Context) (int64, error) {
	const steady = 8
	var seen []int64
	ticker := time.NewTicker(t.sizes.sample)
	defer ticker.Stop()
	for deadline := time.Now().Add(t.sizes.settle); ; {
		now, err := familyMemory(t.process.pid)
		if err != nil {
			return 0, err
		}
		seen = append(seen, now)
		if len(seen) >= steady {
			last := seen[len(seen)-steady:]
			if low, high := slices.Min(last), slices.Max(last); high-low <= high/100 {
				return now, nil
			}
		}
		if time.Now().After(deadline) {
			return now, nil
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			return 0, ctx.Err()
		}
	}
}
