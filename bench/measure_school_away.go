package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// measureAway kills all brokers under sessions that talk, and starts them again after a
// while. It returns the 99th percentile of a line's round trip in milliseconds, before
// and while the brokers are away; how much was not in the shared log when they were back,
// in KiB; and the seconds until it was, from the start of the brokers, and from when each
// of them accepts connections.
func measureAway(ctx context.Context, t *trial) ([]float64, error) {
	sc, err := startSchool(ctx, t, "")
	if err != nil {
		return nil, err
	}
	defer sc.stop()
	sessions := make([]*session, t.sizes.under)
	defer func() { dropAll(sessions) }()
	if err := inParallel(openers, t.sizes.under, func(i int64) (err error) {
		g := sc.gateways[i%schoolGateways]
		sessions[i], err = g.dial(ctx, t, g.echo, "http-line")
		return err
	}); err != nil {
		return nil, err
	}
	talking := startTalking(ctx, t.system, sessions, time.Second)
	defer talking.stop()
	during := func(d time.Duration) (float64, error) {
		talking.mark()
		if err := wait(ctx, d); err != nil {
			return 0, err
		}
		took, missing := talking.answers(time.Second)
		if failed, why := talking.failed(); failed > 0 {
			return 0, fmt.Errorf("%d of %d sessions failed: %w", failed, len(sessions), why)
		}
		if missing > 0 {
			return 0, fmt.Errorf("%d lines had no answer within a second", missing)
		}
		slices.Sort(took)
		return millis(percentile(took, 99)), nil
	}
	if err := wait(ctx, time.Second); err != nil { // the first is that of sessions that were just opened
		return nil, err
	}
	before, err := during(t.sizes.away / 6)
	if err != nil {
		return nil, err
	}
	if err := sc.killBrokers(); err != nil {
		return nil, err
	}
	while, err := during(t.sizes.away)
	if err != nil {
		return nil, err
	}
	talking.cancel() // what comes now would never be all shipped
	lag, err := sc.sum(ctx, "workbench_shared_lag_bytes")
	if err != nil {
		return nil, err
	}
	if lag == 0 {
		return nil, fmt.Errorf("nothing waited for the brokers, which were away for %v", t.sizes.away)
	}
	started := time.Now()
	if err := sc.startBrokers(ctx); err != nil {
		return nil, err
	}
	listening := time.Now()
	if err := sc.caughtUp(ctx); err != nil {
		return nil, err
	}
	return []float64{before, while, lag / (1 << 10), time.Since(started).Seconds(), time.Since(listening).Seconds()}, nil
}
