package lines

import (
	"bytes"
	"slices"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/framing"
)

// Bounds of what is kept.
const (
	maxLine = 64 << 10  // bytes of a line that are read at once
	maxKept = 192 << 10 // … of a message
)

// side is one direction of a connection.
type side struct {
	framing.Stream
	sideState
}

// sideState is what a checkpoint has of it beside the stream.
type sideState struct {
	Unit *unit // the message that has begun
	Lost bool  // what comes is not known until a line begins that can be one
	Torn bool  // … and this is the rest of one whose beginning was missed
}

// unit is a message that has begun.
type unit struct {
	From, To int64
	Raw      []byte // its beginning, as it came
	Hidden   int64  // where a secret of its first line begins; -1: nowhere
	Part     bool   // what comes is the rest of a line
	Lines    int64
	Left     int64 // bytes of a data block, its end included, that have not come
	Last     bool  // that block ends the message
	Dot      bool  // what comes are lines up to a lone dot
	Article  bool  // nntp: … from the first on
	Items    int64 // redis: values that have not come
	Quote    byte  // scpi: the quote that ends what is quoted
}

// newSide returns a side whose lines end in end.
func newSide(p *preset, end string) *side {
	s := &side{Stream: framing.Stream{Most: maxLine + 1}}
	s.Stream.Cut = func(data []byte, seen int) (int, error) {
		u := s.Unit
		if u == nil {
			u = new(unit)
		}
		if u.Left > 0 && !s.Lost {
			return int(min(u.Left, int64(len(data)), maxLine)), nil
		}
		data = data[:min(len(data), maxLine)]
		if p.cut != nil && !s.Lost {
			if n := p.cut(u, data, seen); n > 0 {
				return n, nil
			}
		}
		from := max(0, seen-len(end)+1)
		if i := bytes.Index(data[from:], []byte(end)); i >= 0 {
			return from + i + len(end), nil
		}
		if len(data) == maxLine {
			return maxLine - len(end) + 1, nil
		}
		return 0, nil
	}
	return s
}

// missed says that so many bytes were missed.
func (s *side) missed(n int64) {
	s.Skip(n)
	s.sideState = sideState{Lost: true, Torn: true}
}

// piece takes the next piece, and reports whether the message is whole with it.
func (t *talk) piece(s *side, at int64, piece []byte) (whole bool) {
	p, asks := &t.preset, s == t.requests
	end := t.end
	ended := bytes.HasSuffix(piece, []byte(end))
	line := piece
	if ended {
		if line = piece[:len(piece)-len(end)]; end == "\n" {
			line = bytes.TrimSuffix(line, []byte("\r"))
		}
	}
	if s.Lost {
		torn := s.Torn
		if s.Torn = !ended; torn || p.wrong != nil && p.wrong(line, asks) != "" {
			return false
		}
		s.Lost = false
	}
	u := s.Unit
	if u == nil {
		u = &unit{From: at, Hidden: -1}
		if asks && t.Posting {
			t.Posting = false
			u.Dot, u.Article = true, true
		}
		s.Unit = u
	}
	u.To = at + int64(len(piece))
	u.Raw = append(u.Raw, piece[:min(len(piece), maxKept-len(u.Raw))]...)
	if u.Left > 0 {
		u.Left -= int64(len(piece))
		return u.Left == 0 && u.Last
	}
	if !ended {
		u.Part = true
		if p.part != nil {
			p.part(u, piece)
		}
		return u.Last && u.Left == 0
	}
	part := u.Part
	u.Part = false
	u.Lines++
	switch {
	case u.Dot:
		return !part && string(line) == "."
	case part || p.next == nil: // too long to be one that something follows
		return true
	}
	return p.next(t, u, line)
}

// unfinished returns the message that will never be whole, if one has begun.
func (s *side) unfinished() *unit {
	at, part := s.Held()
	u, lost := s.Unit, s.Lost
	to := at + int64(len(part))
	if u == nil && len(part) > 0 {
		u = &unit{From: at, Hidden: -1}
	}
	if u != nil {
		u.To = to
		u.Raw = append(u.Raw, part[:min(len(part), maxKept-len(u.Raw))]...)
	}
	s.Resume(to, nil)
	s.sideState = sideState{}
	if lost {
		return nil
	}
	return u
}

// talk is what both sides of a connection have said.
type talk struct {
	preset
	end               string // of a line
	flow              core.Flow
	requests, replies *side
	state
}

// state is what a checkpoint has beside the sides.
type state struct {
	Pending   []pending // in the order of the requests
	Later     int64     // requests after them, which are not kept
	Posting   bool      // nntp: the client's next lines are an article
	Challenge bool      // nntp: the client's next line is an answer to a challenge
	Unnamed   bool      // bytes were missed, and which answer is for which request is not known any more
	Encrypted bool      // both sides speak TLS, with each other
}

// pending is a request that is not answered.
type pending struct {
	From int64
	Kind kind
}

const maxPending = 4096

// expect notes a request.
func (t *talk) expect(p pending) {
	switch {
	case t.Unnamed, p.Kind == unanswered, p.Kind == rest && len(t.Pending) > 0:
	case t.Later > 0 || len(t.Pending) == maxPending:
		t.Later++
	default:
		t.Pending = append(t.Pending, p)
	}
}

// waits reports whether a request may be without an answer.
func (t *talk) waits() bool { return t.Unnamed || len(t.Pending) > 0 }

// front says which request is answered next.
func (t *talk) front() (p pending, ok bool) {
	if len(t.Pending) == 0 {
		return p, false
	}
	return t.Pending[0], true
}

// answered returns the request that is answered next, and takes it off.
func (t *talk) answered() core.MessageRef {
	p, ok := t.front()
	switch {
	case !ok:
		t.Later = max(0, t.Later-1)
		return core.MessageRef{}
	case p.Kind != rest:
		if t.Pending = slices.Delete(t.Pending, 0, 1); len(t.Pending) == 0 {
			t.Pending = nil
		}
	}
	return core.MessageRef{Flow: t.flow, From: p.From}
}
