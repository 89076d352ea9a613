package main

import (
	"context"
	"fmt"
	"time"

	"github.com/gorilla/websocket"
)

// measureLines has the line source send, and returns lines a second, each of
// them a message of its own.
func measureLines(ctx context.Context, t *trial) ([]float64, error) {
	lines := t.amount(t.sizes.lines)
	took, err := askForLines(ctx, t, lines)
	return []float64{float64(lines) / took.Seconds()}, err
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
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return 0, ctx.Err()
		}
		session, err := askForLines(ctx, t, keptLines)
		if err != nil {
			return 0, err
		}
		took += session
	}
	return float64(sessions*keptLines) / took.Seconds(), nil
}

// askForLines has the line source send in a session of its own, and returns how
// long that took.
func askForLines(ctx context.Context, t *trial, lines int64) (time.Duration, error) {
	s, err := t.system.dial(ctx, t.process, t.servers.lines, "http-line", largeBuffer)
	if err != nil {
		return 0, err
	}
	defer s.drop()
	start := time.Now()
	if err := s.WriteMessage(websocket.TextMessage, fmt.Appendf(nil, "%d", lines)); err != nil {
		return 0, err
	}
	got, size, err := s.receive(lines, 0)
	if err != nil {
		return 0, err
	}
	took := time.Since(start)
	if want := lines * int64(lineSize-len("\r\n")); got != lines || size != want {
		return 0, fmt.Errorf("%d messages with %d bytes came where %d with %d were wanted", got, size, lines, want)
	}
	return took, s.end()
}
