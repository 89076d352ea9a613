package main

import (
	"context"
	"time"
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
