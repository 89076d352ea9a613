package pluginproto

import "net"

// Stream is a session's stream that gives its receive buffer up before it
// waits, once the buffer may have grown. Most sessions are idle most of the
// time, and a multiplexed stream would otherwise keep room for the largest frame
// that it ever saw.
type Stream struct {
	net.Conn
	read int // bytes since the buffer was given up
}

const keepBuffer = 4 << 10 // bytes that a stream may read before it gives its buffer up

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
