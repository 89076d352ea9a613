package framing

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// ErrTooLong says that a frame does not end within the most bytes that one may have.
var ErrTooLong = errors.New("a frame is longer than is taken")

// DefaultMost is how many bytes a frame of a Stream may have that sets no other bound.
const DefaultMost = 1 << 20

// Stream is one direction of a connection. Its memory is bounded by Most. The zero value
// with a Cut is ready to use.
type Stream struct {
	Cut  Cut
	Most int // bytes of a frame, what marks its end or its length included; 0: DefaultMost
	// Plausible is for Resync: see there.
	Plausible Plausible
	// Search is set by Resync and Feed. Who keeps a stream by Held keeps it too.
	Search Search

	held []byte // the beginning of a frame, or what Search looks for one in
	at   int64  // where held begins in the stream
}

// Feed takes the next bytes of the stream, and calls frame for each frame that is whole
// now: at is where it begins, counted from 0 since the stream began. The frame is valid
// during the call alone. An error is frame's, the Cut's, or wraps ErrTooLong; the stream
// cannot go on after one.
func (s *Stream) Feed(data []byte, frame func(at int64, frame []byte) error) error {
	most := s.Most
	if most == 0 {
		most = DefaultMost
	}
	seen := len(s.held)
	if seen > 0 {
		s.held = append(s.held, data...)
		data = s.held
	}
	for len(data) > 0 {
		if s.Search == Searching {
			passed := s.find(data, most)
			s.at += int64(passed)
			data, seen = data[passed:], 0
			if s.Search == Searching {
				break
			}
		}
		n, err := s.Cut(data, seen)
		switch {
		case s.Search == Found && s.misplaced(data, n, most, err):
			s.Search = Searching
			s.at++
			data = data[1:]
			continue
		case err != nil:
			return err
		case n > most, n == 0 && len(data) >= most:
			return fmt.Errorf("%w: %d bytes", ErrTooLong, most)
		case n == 0, n > len(data):
			s.held = append(s.held[:0], data...)
			return nil
		}
		if err := frame(s.at, data[:n:n]); err != nil {
			return err
		}
		s.at += int64(n)
		data, seen = data[n:], 0
	}
	s.held = append(s.held[:0], data...)
	return nil
}

// Held returns the beginning of a frame that has come so far, and where it begins. It is
// valid until the next call.
func (s *Stream) Held() (at int64, beginning []byte) { return s.at, s.held }

// Skip says that so many bytes were missed. What came of a frame is dropped with them, and
// the next byte is taken for the beginning of one, which a caller may not be able to know: see
// Resync.
func (s *Stream) Skip(n int64) {
	s.at += int64(len(s.held)) + n
	s.held = s.held[:0]
	s.Search = Unsought
}

// Resume has the stream go on at a place, with the beginning of a frame there that has come
// so far, as Held has returned them.
func (s *Stream) Resume(at int64, beginning []byte) {
	s.at, s.held = at, append(s.held[:0], beginning...)
}

// State appends where the stream is to dst: for a checkpoint.
func (s *Stream) State(dst []byte) []byte {
	dst = binary.AppendUvarint(dst, uint64(s.at))
	dst = binary.AppendUvarint(dst, uint64(len(s.held)))
	return append(append(dst, s.held...), byte(s.Search))
}

// Restore takes what State has appended from the beginning of state, and returns the rest.
func (s *Stream) Restore(state []byte) (rest []byte, err error) {
	at, n := binary.Uvarint(state)
	if n <= 0 || int64(at) < 0 {
		return nil, errState
	}
	size, m := binary.Uvarint(state[n:])
	if m <= 0 || size >= uint64(len(state)-n-m) {
		return nil, errState
	}
	state = state[n+m:]
	search := Search(state[size])
	if search > Found {
		return nil, errState
	}
	s.Resume(int64(at), state[:size])
	s.Search = search
	return state[size+1:], nil
}

var errState = errors.New("the state of a stream does not parse")
