package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"time"

	"github.com/gorilla/websocket"
)

// session is the near end of an open WebSocket. One goroutine may
// write and another read. Deadlines are the connection's.
//
// It writes by the library, and reads by itself: the library's reader takes five
// times as long for a small message, time that a fast system would be charged for.
type session struct {
	*websocket.Conn
	r       *bufio.Reader
	release func() bool
}

// receive skips messages until at least so many of them and so many bytes of
// payload have come, and returns how many did. It answers pings on the way; a
// close frame is a *websocket.CloseError.
func (s *session) receive(messages, payload int64) (gotMessages, gotPayload int64, err error) {
	for gotMessages < messages || gotPayload < payload {
		first, size, err := s.header()
		switch {
		case err != nil:
		case first&0x08 != 0:
			err = s.control(int(first&0x0F), size)
		default:
			if _, err = s.r.Discard(size); err == nil {
				gotPayload += int64(size)
				gotMessages += int64(first >> 7) // the last frame of its message
			}
		}
		if err != nil {
			return gotMessages, gotPayload, err
		}
	}
	return gotMessages, gotPayload, nil
}

// header reads a frame up to its payload (RFC 6455, section 5.2).
func (s *session) header() (first byte, size int, err error) {
	h, err := s.r.Peek(2)
	if err != nil {
		return 0, 0, err
	}
	first, size = h[0], int(h[1])
	if size >= 126 {
		more := 2
		if size == 127 {
			more = 8
		}
		if h, err = s.r.Peek(2 + more); err != nil {
			return 0, 0, err
		}
		size = 0
		for _, b := range h[2:] {
			size = size<<8 | int(b)
		}
	}
	s.r.Discard(len(h)) // was peeked
	return first, size, nil
}

// control deals with a control frame whose header was read.
func (s *session) control(opcode, size int) error {
	payload := make([]byte, size)
	if _, err := io.ReadFull(s.r, payload); err != nil {
		return err
	}
	switch opcode {
	case websocket.PingMessage:
		err := s.WriteControl(websocket.PongMessage, payload, time.Now().Add(time.Minute)) // another goroutine may write messages
		if errors.Is(err, websocket.ErrCloseSent) {
			return nil // one who says goodbye need not answer
		}
		return err
	case websocket.CloseMessage:
		e := &websocket.CloseError{Code: websocket.CloseNoStatusReceived}
		if size >= 2 {
			e.Code, e.Text = int(binary.BigEndian.Uint16(payload)), string(payload[2:])
		}
		return e
	}
	return nil
}

// drop ends the session without a word.
func (s *session) drop() {
	s.release()
	s.Close()
}

// end ends the session as a good client does, and waits for the other side.
func (s *session) end() error {
	defer s.drop()
	bye := websocket.FormatCloseMessage(websocket.CloseNormalClosure, "")
	if err := s.WriteMessage(websocket.CloseMessage, bye); err != nil {
		return err
	}
	_, _, err := s.receive(math.MaxInt64, 0)
	if errors.As(err, new(*websocket.CloseError)) || errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

// next appends the payload that comes next to got, until that has so many
// bytes; messages may end anywhere.
func (s *session) next(got []byte, size int) ([]byte, error) {
	for len(got) < size {
		first, n, err := s.header()
		switch {
		case err != nil:
		case first&0x08 != 0:
			err = s.control(int(first&0x0F), n)
		default:
			from := len(got)
			got = append(got, make([]byte, n)...)
			_, err = io.ReadFull(s.r, got[from:])
		}
		if err != nil {
			return got, err
		}
	}
	return got, nil
}
