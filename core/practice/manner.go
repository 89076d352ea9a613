package practice

import (
	"fmt"
	"net"
	"time"
)

// Manner is how a server sends and ends, for those who learn that TCP is a stream and
// that a peer may be gone at any byte. The zero value sends an answer in one piece, as
// fast as the client reads, and ends as the protocol says.
type Manner struct {
	Fragment bool // a byte at a time
	Slow     bool // with a pause after each piece, of 16 bytes if they are not smaller
	Closing  Closing
}

// Closing is how a server's connection ends.
type Closing string

// The ways to end. Those but Orderly happen to the first answer to what the client says.
const (
	Orderly   Closing = ""           // as the protocol says
	HalfClose Closing = "half-close" // after the first answer the server sends no more, and reads on
	Reset     Closing = "reset"      // after the first answer the connection is reset
	Cut       Closing = "cut"        // in the middle of the first answer the connection ends
)

// Closings are the names of the ways to end but Orderly.
func Closings() []string { return []string{string(HalfClose), string(Reset), string(Cut)} }

// ParseClosing reads a name.
func ParseClosing(name string) (Closing, error) {
	switch c := Closing(name); c {
	case Orderly, HalfClose, Reset, Cut:
		return c, nil
	}
	return "", fmt.Errorf("%q is no way to close; it must be half-close, reset or cut", name)
}

const (
	slowPiece = 16
	slowPause = 100 * time.Millisecond
	apart     = 2 * time.Millisecond // between pieces that should be read one by one
)

// pieces cuts an answer into what is written at a time, and says how long to wait after
// each.
func (m Manner) pieces(answer []byte) (size int, pause time.Duration) {
	switch {
	case m.Fragment && m.Slow:
		return 1, slowPause
	case m.Fragment:
		return 1, apart
	case m.Slow:
		return slowPiece, slowPause
	}
	return len(answer), 0
}

// finish ends the stream to the client, as far as the connection can.
func finish(conn net.Conn) error {
	if half, ok := conn.(interface{ CloseWrite() error }); ok {
		return half.CloseWrite()
	}
	return conn.Close()
}

// reset has the client see a reset, as far as the connection can.
func reset(conn net.Conn) {
	if tcp, ok := conn.(interface{ SetLinger(int) error }); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}
