package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// measureCrowd holds very many sessions, of which one in ten sends a line each
// second. It returns how many are held, how many lines in a hundred were
// answered, the 99th percentile of the time to an answer in milliseconds, and
// the memory of all of the system's processes in MiB.
func measureCrowd(ctx context.Context, t *trial) ([]float64, error) {
	n := t.fitting(t.sizes.crowd)
	greet := func(s *session) error { return t.system.greet(s, "http-line", 1) }
	sessions, err := openMany(ctx, t, n, t.servers.echo, "http-line", greet)
	if err != nil {
		return nil, err
	}
	defer dropAll(sessions)
	active := max(1, n/10)
	talking := startTalking(ctx, t.system, sessions[:active], time.Second)
	defer talking.stop()
	// The first second is that of sessions that were just opened.
	if err := wait(ctx, time.Second); err != nil {
		return nil, err
	}
	talking.mark()
	if err := wait(ctx, t.sizes.crowdTalk); err != nil {
		return nil, err
	}
	took, missing := talking.answers(time.Second)
	if failed, why := talking.failed(); failed > 0 {
		return nil, fmt.Errorf("%d of %d sessions failed: %w", failed, active, why)
	}
	pids, err := family(t.process.pid)
	if err != nil {
		return nil, err
	}
	memory, err := memoryOfAll(pids)
	if err != nil {
		return nil, err
	}
	slices.Sort(took)
	answered := 100 * float64(len(took)) / float64(len(took)+missing)
	return []float64{float64(n), answered, millis(percentile(took, 99)), mebi(memory)}, nil
}
