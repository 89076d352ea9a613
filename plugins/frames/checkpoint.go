package frames

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/framing"
)

var _ core.Checkpointer = (*machine)(nil)

var errState = errors.New("frames: the checkpoint does not parse")

// saved is the state of a machine, as JSON.
type saved struct {
	Requests, Replies sideState
	State             state
}

// sideState is where a stream is.
type sideState struct {
	At     int64
	Held   []byte
	Search framing.Search
	Gap    gap
}

func (s *side) state() sideState {
	at, held := s.Held()
	return sideState{at, held, s.Search, s.gap}
}

func (s *side) restore(from sideState) {
	s.Resume(from.At, from.Held)
	s.Search, s.gap = from.Search, from.Gap
}

// Checkpoint appends the state: at most about 730 KiB.
func (m *machine) Checkpoint(dst []byte) ([]byte, error) {
	text, err := json.Marshal(saved{m.requests.state(), m.replies.state(), m.state})
	return append(dst, text...), err
}

// Restore takes what Checkpoint wrote. After an error the machine is unchanged.
func (m *machine) Restore(data []byte) error {
	var s saved
	if err := json.Unmarshal(data, &s); err != nil || !s.Requests.valid(m.layout) || !s.Replies.valid(m.layout) || !s.State.valid(m.modbus) {
		return errState
	}
	if again, err := json.Marshal(s); err != nil || !bytes.Equal(again, data) { // the same may be written otherwise
		return errState
	}
	m.requests.restore(s.Requests)
	m.replies.restore(s.Replies)
	m.state = s.State
	return nil
}

// valid reports whether a stream can have come to this, and can go on.
func (s *sideState) valid(l *layout) bool {
	g := &s.Gap
	sized := l.framing == framingLength || l.framing == framingContentLength
	return s.At >= 0 && s.At <= core.MaxFlow && len(s.Held) <= maxFrame &&
		(s.Search == framing.Unsought || sized && s.Search <= framing.Found) &&
		g.Rest >= 0 && (g.Rest == 0 || l.framing == framingFixed && g.Rest < int64(l.size)) &&
		(!g.Lost || l.delimiter != "") &&
		(g.Long == nil || g.Long.From >= 0 && g.Long.From <= s.At && len(g.Long.Begin) <= maxBegin &&
			(g.Long.Left > 0 && sized || g.Long.Left == -1 && l.delimiter != ""))
}

func (s *state) valid(modbus bool) bool {
	for _, w := range s.Waiting {
		if w.From < 0 || w.From > core.MaxFlow {
			return false
		}
	}
	return len(s.Waiting) <= maxWaiting && (modbus || len(s.Waiting) == 0)
}
