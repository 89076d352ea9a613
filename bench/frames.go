package main

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
)

// Opcodes of RFC 6455, section 5.2.
const (
	opText   = 0x1
	opBinary = 0x2
	opClose  = 0x8
	opPing   = 0x9
	opPong   = 0xA
)

const maxReply = 1 << 20 // bytes of a message that read returns

// client is the near end of one WebSocket, made to cost little and the same
// for every system: it counts messages and skips over their bytes where they
// lie. Its own messages are masked with the key zero, which RFC 6455 allows
// and which leaves the payload as it is; the other side unmasks as ever.
//
// A client is used by one goroutine. Deadlines are the connection's.
type client struct {
	conn net.Conn
	r    *bufio.Reader
	out  []byte // the frame being sent
}

// newClient speaks frames on a connection whose upgrade is done and from which
// nothing more has been read.
func newClient(conn net.Conn, buffer int) *client {
	return &client{conn: conn, r: bufio.NewReaderSize(conn, buffer)}
}

// appendFrame appends a whole message as one masked frame.
func appendFrame(dst []byte, opcode byte, payload []byte) []byte {
	dst = append(dst, 0x80|opcode)
	switch n := len(payload); {
	case n < 126:
		dst = append(dst, 0x80|byte(n))
	case n < 1<<16:
		dst = binary.BigEndian.AppendUint16(append(dst, 0x80|126), uint16(n))
	default:
		dst = binary.BigEndian.AppendUint64(append(dst, 0x80|127), uint64(n))
	}
	dst = append(dst, 0, 0, 0, 0) // the masking key
	return append(dst, payload...)
}

// send sends a message in one write.
func (c *client) send(opcode byte, payload []byte) error {
	c.out = appendFrame(c.out[:0], opcode, payload)
	_, err := c.conn.Write(c.out)
	return err
}

// receive skips messages until at least so many of them and so many bytes of
// payload have come, and returns how many did.
func (c *client) receive(messages, payload int64) (gotMessages, gotPayload int64, err error) {
	for gotMessages < messages || gotPayload < payload {
		last, size, err := c.header()
		if err != nil {
			return gotMessages, gotPayload, err
		}
		for left := size; left > 0; {
			n, err := c.r.Discard(int(min(left, 1<<30)))
			left -= int64(n)
			if err != nil {
				return gotMessages, gotPayload, unexpected(err)
			}
		}
		gotPayload += size
		if last {
			gotMessages++
		}
	}
	return gotMessages, gotPayload, nil
}

// read returns the next message, at most maxReply bytes.
func (c *client) read() ([]byte, error) {
	var message []byte
	for {
		last, size, err := c.header()
		if err != nil {
			return nil, err
		}
		if int64(len(message))+size > maxReply {
			return nil, fmt.Errorf("a reply is larger than %d bytes", maxReply)
		}
		from := len(message)
		message = append(message, make([]byte, size)...)
		if _, err := io.ReadFull(c.r, message[from:]); err != nil {
			return nil, unexpected(err)
		}
		if last {
			return message, nil
		}
	}
}

// closedError is a close frame from the other side.
type closedError struct {
	code   int
	reason string
}

func (e *closedError) Error() string {
	return fmt.Sprintf("the WebSocket was closed with %d %q", e.code, e.reason)
}

// header reads up to the payload of the next data frame. It answers pings and
// skips pongs on the way; a close frame is a *closedError. last says that the
// message ends with this frame.
func (c *client) header() (last bool, size int64, err error) {
	for {
		h, err := c.r.Peek(2)
		if err != nil {
			if len(h) > 0 {
				err = unexpected(err)
			}
			return false, 0, err
		}
		first, length := h[0], h[1]
		if length&0x80 != 0 {
			return false, 0, errors.New("a frame from the server is masked")
		}
		size, skip := int64(length), 2
		switch length {
		case 126:
			skip = 4
			if h, err = c.r.Peek(skip); err == nil {
				size = int64(binary.BigEndian.Uint16(h[2:]))
			}
		case 127:
			skip = 10
			if h, err = c.r.Peek(skip); err == nil {
				size = int64(binary.BigEndian.Uint64(h[2:]))
			}
		}
		if err != nil {
			return false, 0, unexpected(err)
		}
		if size < 0 {
			return false, 0, errors.New("a frame's length has its highest bit set")
		}
		c.r.Discard(skip) // was peeked
		if first&0x08 == 0 {
			return first&0x80 != 0, size, nil
		}
		if err := c.control(first&0x0F, size); err != nil {
			return false, 0, err
		}
	}
}

// control deals with a control frame whose header was read.
func (c *client) control(opcode byte, size int64) error {
	if size > 125 { // section 5.5
		return fmt.Errorf("a control frame has %d bytes; at most 125 are allowed", size)
	}
	payload := make([]byte, size)
	if _, err := io.ReadFull(c.r, payload); err != nil {
		return unexpected(err)
	}
	switch opcode {
	case opPing:
		return c.send(opPong, payload)
	case opClose:
		e := &closedError{code: 1005} // no code was sent, section 7.1.5
		if size >= 2 {
			e.code = int(binary.BigEndian.Uint16(payload))
			e.reason = string(payload[2:])
		}
		return e
	}
	return nil
}

// goodbye closes the WebSocket and waits until the other side has too.
func (c *client) goodbye() error {
	if err := c.send(opClose, []byte{1000 >> 8, 1000 & 0xFF}); err != nil {
		return err
	}
	for {
		_, _, err := c.receive(1, 0)
		var closed *closedError
		if errors.As(err, &closed) || errors.Is(err, io.EOF) {
			return c.conn.Close()
		}
		if err != nil {
			return err
		}
	}
}

// unexpected turns an end of stream inside a frame into an error of its own.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
