package main

import (
	"context"
	"encoding/binary"
	"fmt"
	"time"

	"github.com/gorilla/websocket"
)

const upMessage = 64 << 10 // bytes of a message on the way up

// measureDown has the bulk source send, and returns megabytes (10⁶) a second.
func measureDown(ctx context.Context, t *trial) ([]float64, error) {
	s, err := t.system.dial(ctx, t.process, t.servers.bulk, "raw", largeBuffer)
	if err != nil {
		return nil, err
	}
	defer s.drop()
	size := t.amount(t.sizes.bulk)
	start := time.Now()
	if err := s.WriteMessage(websocket.BinaryMessage, fmt.Appendf(nil, "%d\n", size)); err != nil {
		return nil, err
	}
	_, got, err := s.receive(0, size)
	if err != nil {
		return nil, err
	}
	took := time.Since(start)
	if got != size {
		return nil, fmt.Errorf("%d bytes came where %d were sent", got, size)
	}
	return []float64{float64(size) / took.Seconds() / 1e6}, s.end()
}

// measureUp sends to the bulk sink until it says that all has come, and
// returns megabytes (10⁶) a second.
func measureUp(ctx context.Context, t *trial) ([]float64, error) {
	s, err := t.system.dial(ctx, t.process, t.servers.sink, "raw", largeBuffer)
	if err != nil {
		return nil, err
	}
	defer s.drop()
	messages := max(1, t.amount(t.sizes.bulk)/upMessage)
	// Masked once, with the key zero, which leaves the payload as it is; the other
	// side unmasks as ever.
	frame := binary.BigEndian.AppendUint64([]byte{0x80 | websocket.BinaryMessage, 0x80 | 127}, upMessage)
	frame = append(frame, make([]byte, 4+upMessage)...)
	start := time.Now()
	if err := s.WriteMessage(websocket.BinaryMessage, fmt.Appendf(nil, "%d\n", messages*upMessage)); err != nil {
		return nil, err
	}
	for range messages {
		if _, err := s.NetConn().Write(frame); err != nil {
			return nil, err
		}
	}
	if _, _, err := s.receive(0, int64(len("done\n"))); err != nil {
		return nil, err
	}
	took := time.Since(start)
	return []float64{float64(messages*upMessage) / took.Seconds() / 1e6}, s.end()
}
