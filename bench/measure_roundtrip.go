package main

import (
	"context"
	"slices"
	"time"

	"github.com/gorilla/websocket"
)

// measureRoundTrip sends a small line through an echo server and back, one at
// a time, and returns the median and the 99th percentile in microseconds.
func measureRoundTrip(ctx context.Context, t *trial) ([]float64, error) {
	s, err := t.system.dial(ctx, t.process, t.servers.echo, "http-line", largeBuffer)
	if err != nil {
		return nil, err
	}
	defer s.drop()
	trip := greeting(t.system)
	trips := t.amount(t.sizes.roundTrips)
	took := make([]time.Duration, 0, trips)
	for i := range trips + trips/10 {
		start := time.Now()
		if err := trip(s); err != nil {
			return nil, err
		}
		if i >= trips/10 { // those before warm up
			took = append(took, time.Since(start))
		}
	}
	slices.Sort(took)
	return []float64{micros(took[len(took)/2]), micros(took[len(took)*99/100])}, s.end()
}

// greeting returns a function that sends one small line to the echo server
// and waits until it is back.
func greeting(system *system) func(*session) error {
	kind, message := websocket.TextMessage, []byte("HELLO workbench")
	if !system.lines {
		kind, message = websocket.BinaryMessage, append(message, "\r\n"...)
	}
	return func(s *session) error {
		if err := s.WriteMessage(kind, message); err != nil {
			return err
		}
		_, _, err := s.receive(1, int64(len(message)))
		return err
	}
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
