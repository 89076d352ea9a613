package frames

import (
	"bytes"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core/framing"
)

// side is one direction of a connection.
type side struct {
	*layout
	framing.Stream
	gap
}

// gap is what is known of bytes that are passed over.
type gap struct {
	Long *long `json:",omitempty"`
	Rest int64 // so many are the rest of a frame that began before bytes were missed
	Lost bool  // … all up to a delimiter are
}

// long is a frame that is too long to be kept.
type long struct {
	From, Left int64  // where it began, and how much of it has not come; -1: all up to a delimiter
	Begin      []byte // what is shown of it
}

const maxBegin = 1 << 10 // bytes of a long frame that are shown

func newSide(l *layout) side {
	s := side{layout: l}
	s.Most = maxFrame + 1
	s.Plausible = l.plausible
	return s
}

// feed takes bytes, and hands on each frame that is whole: with all of its bytes, or, if long
// is not nil, as far as it was kept.
func (s *side) feed(data []byte, each func(at, to int64, frame []byte, long *long)) {
	s.Cut = s.cut
	s.Feed(data, func(at int64, frame []byte) error {
		to := at + int64(len(frame))
		switch {
		case s.Rest > 0:
			s.Rest -= int64(len(frame))
		case s.Long != nil:
			if s.Long.Left < 0 && !bytes.HasSuffix(frame, []byte(s.delimiter)) {
				break
			}
			if s.Long.Left = max(0, s.Long.Left-int64(len(frame))); s.Long.Left > 0 {
				break
			}
			done, lost := s.Long, s.Lost
			if s.Long, s.Lost = nil, false; !lost {
				each(done.From, to, done.Begin, done)
			}
		default:
			n, _ := s.measure(frame, 0)
			switch {
			case n == 0:
				s.Long = &long{at, -1, bytes.Clone(frame[:maxBegin])}
			case n > int64(len(frame)):
				s.Long = &long{at, n - int64(len(frame)), bytes.Clone(frame[:maxBegin])}
			case s.Lost:
				s.Lost = false
			case s.framing == framingSLIP && n == 1: // between two packets may be two ends
			default:
				each(at, to, frame, nil)
			}
		}
		return nil
	})
}

// cut is the Cut of the stream. Of what is passed over it takes what there is.
func (s *side) cut(data []byte, seen int) (int, error) {
	piece := maxFrame - max(0, len(s.delimiter)-1)
	switch {
	case s.Rest > 0:
		return int(min(s.Rest, int64(len(data)))), nil
	case s.Long != nil && s.Long.Left > 0:
		return int(min(s.Long.Left, int64(len(data)))), nil
	case s.Long != nil:
		if n, _ := s.measure(data, seen); n > 0 {
			return int(n), nil
		}
		return max(0, len(data)-len(s.delimiter)+1), nil
	}
	n, _ := s.measure(data, seen)
	if n > maxFrame || n == 0 && len(data) >= maxFrame {
		return piece, nil
	}
	return int(n), nil
}

// missed says that so many bytes were missed.
func (s *side) missed(n int64) {
	s.gap = gap{}
	switch s.framing {
	case framingLength, framingContentLength:
		s.Resync(n)
		return
	case framingFixed:
		s.Stream.Skip(n)
		at, _ := s.Held()
		s.Rest = (int64(s.size) - at%int64(s.size)) % int64(s.size)
		return
	}
	s.Stream.Skip(n)
	s.Lost = true
}

// plausible reports whether bytes can be a frame, for frames that say how long they are.
func (l *layout) plausible(frame []byte, whole bool) bool {
	n, bad := l.measure(frame, 0)
	switch {
	case bad != "" || n > maxFrame:
		return false
	case l.framing == framingContentLength:
		return bytes.HasPrefix(bytes.ToLower(frame[:min(len(frame), 8)]), []byte("content-")[:min(len(frame), 8)])
	case l.modbus && len(frame) >= 4 && (frame[2] != 0 || frame[3] != 0):
		return false
	case !whole:
		return true
	}
	p := l.open(frame)
	if l.payload == payloadText && !utf8.Valid(p.payload) {
		return false
	}
	_, wrong := l.show(p.payload)
	return p.wrong == "" && p.wrongSum == "" && wrong == "" && len(p.payload) > 0
}
