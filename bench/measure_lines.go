package main

import (
	"context"
	"fmt"
	"time"
)

// measureLines has the line source send, and returns lines a second, each of
// them a message of its own.
func measureLines(ctx context.Context, t *trial) ([]float64, error) {
	s, err := t.system.dial(ctx, t.process, t.servers.lines, "http-line", largeBuffer)
	if err != nil {
		return nil, err
	}
	defer s.drop()
	lines := t.amount(t.sizes.lines)
	start := time.Now()
	if err := s.send(opText, fmt.Appendf(nil, "%d", lines)); err != nil {
		return nil, err
	}
	got, size, err := s.receive(lines, 0)
	if err != nil {
		return nil, err
	}
	took := time.Since(start)
	if want := lines * int64(lineSize-len("\r\n")); got != lines || size != want {
		return nil, fmt.Errorf("%d messages with %d bytes came where %d with %d were wanted", got, size, lines, want)
	}
	return []float64{float64(lines) / took.Seconds()}, s.end()
}
