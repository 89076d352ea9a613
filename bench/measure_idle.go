package main

import (
	"context"
	"math"
	"slices"
	"time"
)

// measureIdle opens many sessions that do nothing after one line there and
// back, and returns what each costs in KiB over the processes that serve it,
// how many were held, and how many in a hundred answer at the end; then how
// many other processes the system has, and the memory of one in MiB. Those are
// the workbench's for modes that nobody uses, and its spare ones.
//
// The memory is what the processes occupy, unused heap that the runtime has
// not given back included: what a user would see.
func measureIdle(ctx context.Context, t *trial) ([]float64, error) {
	greet := func(s *session) error { return t.system.greet(s, "http-line", 1) }
	// The first session may start what later ones share.
	first, err := openMany(ctx, t, 1, t.servers.echo, "http-line", greet)
	if err != nil {
		return nil, err
	}
	defer dropAll(first)
	before, err := t.settledMemory(ctx)
	if err != nil {
		return nil, err
	}
	n := t.amount(t.sizes.idle)
	sessions, err := openMany(ctx, t, n, t.servers.echo, "http-line", greet)
	if err != nil {
		return nil, err
	}
	defer dropAll(sessions)
	after, err := t.settledMemory(ctx)
	if err != nil {
		return nil, err
	}
	spare, spareMemory, err := t.spares(ctx)
	if err != nil {
		return nil, err
	}
	answered := 0
	for _, s := range sessions {
		if greet(s) == nil {
			answered++
		}
	}
	return []float64{
		float64(after-before) / 1024 / float64(n), float64(n), 100 * float64(answered) / float64(n),
		spare, spareMemory,
	}, nil
}

// serving returns the processes of the system: those that serve sessions, and
// the others.
func (t *trial) serving(ctx context.Context) (serving, others []int, err error) {
	all, err := family(t.process.pid)
	if err != nil || !t.system.modes {
		return all, nil, err
	}
	modes, err := t.process.modes(ctx)
	if err != nil {
		return nil, nil, err
	}
	for _, pid := range all {
		holds := func(m modeState) bool { return m.PID == pid && m.Sessions > 0 }
		if pid == t.process.pid || slices.ContainsFunc(modes, holds) {
			serving = append(serving, pid)
		} else {
			others = append(others, pid)
		}
	}
	return serving, others, nil
}

// spares returns how many processes serve no session, and the memory of one in
// MiB. For systems that have none, both are NaN.
func (t *trial) spares(ctx context.Context) (count, memory float64, err error) {
	_, others, err := t.serving(ctx)
	if err != nil || len(others) == 0 {
		return math.NaN(), math.NaN(), err
	}
	all, err := memoryOfAll(others)
	return float64(len(others)), mebi(all) / float64(len(others)), err
}

// settledMemory returns the memory in bytes of the processes that serve
// sessions, once it has changed by less than one in a hundred over eight
// samples, or as it is after the longest wait.
func (t *trial) settledMemory(ctx context.Context) (int64, error) {
	const steady = 8
	var seen []int64
	for deadline := time.Now().Add(t.sizes.settle); ; {
		pids, _, err := t.serving(ctx)
		if err != nil {
			return 0, err
		}
		now, err := memoryOfAll(pids)
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
		if err := wait(ctx, t.sizes.sample); err != nil {
			return 0, err
		}
	}
}
