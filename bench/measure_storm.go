package main

import (
	"context"
	"slices"
	"time"
)

const (
	stormSessions = 200
	stormPause    = 300 * time.Millisecond
)

// measureStorm kills all of the workbench's plugin processes again and again,
// also while they start. It returns the median and the 99th percentile over
// sessions and kills of the longest silence that ended after each, in
// milliseconds, and how many sessions ended, or got a line that was not the next one.
func measureStorm(ctx context.Context, t *trial) ([]float64, error) {
	talking, err := busy(ctx, t, stormSessions)
	if err != nil {
		return nil, err
	}
	defer talking.stop()
	if err := wait(ctx, time.Second); err != nil {
		return nil, err
	}
	var silences []time.Duration
	tick := time.NewTicker(stormPause)
	defer tick.Stop()
	talking.mark()
	for end := time.Now().Add(t.sizes.storm); time.Now().Before(end); {
		all, err := family(t.process.pid)
		if err != nil {
			return nil, err
		}
		for _, pid := range all[1:] {
			kill(pid) // it may have ended since
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
		silences = append(silences, talking.silences()...)
		talking.mark()
	}
	// One that never recovers shows in the limit of this measure.
	if err := talking.allHeardSince(ctx, time.Now()); err != nil {
		return nil, err
	}
	silences = append(silences, talking.silences()...)
	failed, _ := talking.failed()
	slices.Sort(silences)
	return []float64{millis(percentile(silences, 50)), millis(percentile(silences, 99)), float64(failed)}, nil
}
