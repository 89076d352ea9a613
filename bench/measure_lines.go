package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/gorilla/websocket"
)

// measureLines has the line source send, and returns lines a second for each
// length of line, each of them a message of its own.
func measureLines(ctx context.Context, t *trial) ([]float64, error) {
	var rates []float64
	for _, size := range allLineSizes {
		rate := math.NaN()
		if slices.Contains(t.sizes.lineSizes, size) {
			// Short lines cost by their number, long ones by their bytes.
			lines := max(1, min(t.amount(t.sizes.lines), t.amount(t.sizes.bulk)/4/size))
			took, err := askForLines(ctx, t, lines, size)
			if err != nil {
				return nil, fmt.Errorf("lines of %s: %w", bytesText(size), err)
			}
			rate = float64(lines) / took.Seconds()
		}
		rates = append(rates, rate)
	}
	return rates, nil
}

// keptLines is how many lines a session may have whose recording is whole: it
// stays under the bound of 16 MiB.
const keptLines = 64 << 10

// settle is the time after which a recording that has ended is surely written.
const settle = time.Second

// measureKept does as measureLines in sessions none of which reaches the bound
// of its recording: once those before are written, and one right after the
// other.
func measureKept(ctx context.Context, t *trial) ([]float64, error) {
	all := max(1, t.amount(t.sizes.lines)/keptLines)
	alone, err := keptRate(ctx, t, min(all, 4), settle)
	if err != nil {
		return nil, err
	}
	inARow, err := keptRate(ctx, t, all, 0)
	return []float64{alone, inARow}, err
}

// keptRate returns the lines a second of so many sessions, with a pause before
// each.
func keptRate(ctx context.Context, t *trial, sessions int64, pause time.Duration) (float64, error) {
	took := time.Duration(0)
	for range sessions {
		if err := wait(ctx, pause); err != nil {
			return 0, err
		}
		session, err := askForLines(ctx, t, keptLines, lineSize)
		if err != nil {
			return 0, err
		}
		took += session
	}
	return float64(sessions*keptLines) / took.Seconds(), nil
}

// askForLines has the line source send in a session of its own, and returns how
// long that took.
func askForLines(ctx context.Context, t *trial, lines, size int64) (time.Duration, error) {
	s, err := t.system.dial(ctx, t.process, t.servers.lines, "http-line", largeBuffer)
	if err != nil {
		return 0, err
	}
	defer s.drop()
	start := time.Now()
	if err := s.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, "%d %d", lines, size)); err != nil {
		return 0, err
	}
	got, payload, err := s.receive(lines, 0)
	if err != nil {
		return 0, err
	}
	took := time.Since(start)
	if want := lines * (size - int64(len("\r\n"))); got != lines || payload != want {
		return 0, fmt.Errorf("%d messages with %d bytes came where %d with %d were wanted", got, payload, lines, want)
	}
	return took, s.end()
}

// wait returns after a time, or when ctx is done.
func wait(ctx context.Context, d time.Duration) error {
	select {
	case <-time.After(d):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
