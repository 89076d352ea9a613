package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"
)

// All busy sessions together send about so many lines a second, but none more
// than one each shortestPause.
const (
	busyLines     = 10_000
	shortestPause = 20 * time.Millisecond
)

// killPatience is for all kills of some sessions.
const killPatience = time.Minute

// measureRecovery kills the process that serves many busy sessions, several
// times, and returns the median and the 99th percentile over sessions and
// kills of the longest time in milliseconds in which a session heard nothing,
// for each number of sessions. Without a kill that time is the pause between
// two lines: 20 ms, for 1,000 sessions 100 ms.
func measureRecovery(ctx context.Context, t *trial) ([]float64, error) {
	var values []float64
	for _, n := range allBusy {
		if !slices.Contains(t.sizes.busy, n) {
			values = append(values, math.NaN(), math.NaN())
			continue
		}
		patience, cancel := context.WithTimeout(ctx, killPatience)
		silences, err := killed(patience, t, n)
		cancel()
		switch {
		case err == nil:
			values = append(values, millis(percentile(silences, 50)), millis(percentile(silences, 99)))
		case ctx.Err() != nil:
			return nil, err
		default: // the others count all the same
			t.note(fmt.Sprintf("a round with %s sessions is not in the figures: %v", number(float64(n), 0), err))
			values = append(values, math.NaN(), math.NaN())
		}
	}
	return values, nil
}

// killed returns the silences around the kills, sorted.
func killed(ctx context.Context, t *trial, n int64) (silences []time.Duration, err error) {
	talking, err := busy(ctx, t, n)
	if err != nil {
		return nil, err
	}
	defer talking.stop()
	for range t.sizes.kills {
		if err := wait(ctx, time.Second); err != nil { // also for what gets ready beforehand
			return nil, err
		}
		pid, err := t.process.readyMode(ctx, "http-line")
		if err != nil {
			return nil, err
		}
		talking.mark()
		at := time.Now()
		if err := kill(pid); err != nil {
			return nil, err
		}
		if err := talking.allHeardSince(ctx, at.Add(shortestPause)); err != nil {
			return nil, err
		}
		silences = append(silences, talking.silences()...)
	}
	if failed, why := talking.failed(); failed > 0 {
		return nil, fmt.Errorf("%d sessions failed: %w", failed, why)
	}
	slices.Sort(silences)
	return silences, nil
}

// busy opens sessions that send lines all the time.
func busy(ctx context.Context, t *trial, n int64) (*talkers, error) {
	sessions, err := openMany(ctx, t, n, t.servers.echo, "http-line", func(*session) error { return nil })
	if err != nil {
		return nil, err
	}
	pause := max(shortestPause, time.Duration(n)*time.Second/busyLines)
	return startTalking(ctx, t.system, sessions, pause), nil
}
