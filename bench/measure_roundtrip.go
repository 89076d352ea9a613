package main

import (
	"context"
	"fmt"
	"math"
	"slices"
	"time"

	"github.com/gorilla/websocket"
)

// roundTrip sends a small line through an echo server and back, one at a
// time, and returns the median and the 99th percentile in microseconds.
func roundTrip(mode string) func(context.Context, *trial) ([]float64, error) {
	return func(ctx context.Context, t *trial) ([]float64, error) {
		s, err := t.system.dial(ctx, t.process, t.servers.echo, mode, largeBuffer)
		if err != nil {
			return nil, err
		}
		defer s.drop()
		took, err := timed(t.amount(t.sizes.roundTrips), func() error { return t.system.greet(s, mode, 1) })
		if err != nil {
			return nil, err
		}
		return []float64{micros(percentile(took, 50)), micros(percentile(took, 99))}, s.end()
	}
}

// measureMessages returns the median of round trips in microseconds for each
// size of message, through raw.
func measureMessages(ctx context.Context, t *trial) ([]float64, error) {
	s, err := t.system.dial(ctx, t.process, t.servers.mirror, "raw", largeBuffer)
	if err != nil {
		return nil, err
	}
	defer s.drop()
	var medians []float64
	for _, size := range allMessageSizes {
		message := make([]byte, size)
		trips := max(5, min(t.amount(t.sizes.roundTrips), t.amount(t.sizes.bulk)/4/size))
		took, err := timed(trips, func() error {
			sent := make(chan error, 1)
			send := func() { sent <- s.WriteMessage(websocket.BinaryMessage, message) }
			if size <= 4<<10 {
				send()
			} else {
				go send() // what fits in no buffer comes back while the rest is sent
			}
			_, _, err := s.receive(1, size)
			if err != nil {
				s.drop() // also ends a write that waits
			}
			if sendErr := <-sent; err == nil {
				err = sendErr
			}
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("messages of %s: %w", bytesText(size), err)
		}
		medians = append(medians, micros(percentile(took, 50)))
	}
	return medians, s.end()
}

// timed does something so many times after warming up, and returns how long
// each took, sorted.
func timed(times int64, do func() error) ([]time.Duration, error) {
	took := make([]time.Duration, 0, times)
	warm := times / 10
	for i := range times + warm {
		start := time.Now()
		if err := do(); err != nil {
			return nil, err
		}
		if i >= warm {
			took = append(took, time.Since(start))
		}
	}
	slices.Sort(took)
	return took, nil
}

// percentile returns a value of a sorted list, 0 of an empty one.
func percentile(sorted []time.Duration, p float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[int(math.Round(p/100*float64(len(sorted)-1)))]
}

// greet sends some small lines to the echo server and waits until they are back.
func (system *system) greet(s *session, mode string, lines int64) error {
	return system.say(s, mode, "HELLO workbench", lines)
}

// say sends a message to the echo server, so many times, and waits until all are back.
func (system *system) say(s *session, mode, message string, lines int64) error {
	kind := websocket.TextMessage
	if !system.lines || mode == "raw" {
		kind, message = websocket.BinaryMessage, message+"\r\n"
	}
	if system.terminal {
		message = "0" + message // input, and output
	}
	for range lines {
		if err := s.WriteMessage(kind, []byte(message)); err != nil {
			return err
		}
	}
	messages := int64(1) // what passes as bytes may come back as fewer messages
	if kind == websocket.TextMessage {
		messages = lines
	}
	_, _, err := s.receive(messages, lines*int64(len(message)))
	return err
}

func micros(d time.Duration) float64 { return float64(d) / float64(time.Microsecond) }
func millis(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }
func mebi(n int64) float64           { return float64(n) / (1 << 20) }
