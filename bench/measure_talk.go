package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"sync/atomic"
	"time"
)

// In a burst, a session sends so many messages and then waits for their answers.
const burst = 16

// burstTalkers is how many sessions send bursts.
const burstTalkers = 200

// measureTalk has so many sessions send a small line through the echo server,
// each its next one once the last is back; and, at last, each a burst once the
// last burst is back. It returns the messages, of both ways together, for each
// second of processor time that the system's processes used; what the driver
// uses does not count.
func measureTalk(ctx context.Context, t *trial) ([]float64, error) {
	var rates []float64
	for _, n := range allTalkers {
		rate := math.NaN()
		if slices.Contains(t.sizes.talkers, n) && t.fitting(n) == n {
			var err error
			if rate, err = talkRate(ctx, t, n, 1); err != nil {
				return nil, fmt.Errorf("%d sessions: %w", n, err)
			}
		}
		rates = append(rates, rate)
	}
	rate, err := talkRate(ctx, t, min(burstTalkers, slices.Max(t.sizes.talkers)), burst)
	return append(rates, rate), err
}

func talkRate(ctx context.Context, t *trial, n, atOnce int64) (float64, error) {
	greet := func(s *session) error { return t.system.greet(s, "http-line", atOnce) }
	sessions, err := openMany(ctx, t, n, t.servers.echo, "http-line", greet)
	if err != nil {
		return 0, err
	}
	defer dropAll(sessions)
	before, err := familyTime(t.process.pid)
	if err != nil {
		return 0, err
	}
	var messages atomic.Int64
	deadline := time.Now().Add(t.sizes.talk)
	err = inParallel(len(sessions), n, func(i int64) error {
		for time.Now().Before(deadline) {
			if err := greet(sessions[i]); err != nil {
				return err
			}
			messages.Add(2 * atOnce)
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	after, err := familyTime(t.process.pid)
	if err != nil {
		return 0, err
	}
	if after == before {
		return math.NaN(), nil // too short to be seen
	}
	return float64(messages.Load()) / (after - before).Seconds(), nil
}
