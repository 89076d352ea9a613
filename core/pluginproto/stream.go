package pluginproto

import "net"

// Stream is a session's stream that releases its receive buffer before it waits,
// if the buffer may have grown. Most sessions are idle most of the time, and a
// multiplexed stream would otherwise keep room for the largest frame that it ever
// received.
type Stream struct {
	net.Conn
	read int // bytes since the buffer was released
}

const keepBuffer = 4 << 10 // bytes that a stream may read before it releases its buffer

// Read reads from the stream.
func (s *Stream) Read(b []byte) (int, error) {
	if s.read > keepBuffer {
		if c, ok := s.Conn.(interface{ Shrink() }); ok { // does nothing while bytes wait
			c.Shrink()
		}
		s.read = 0
	}
	n, err := s.Conn.Read(b)
	s.read += n
	return n, err
}
