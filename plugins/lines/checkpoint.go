package lines

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/protocol-workbench/workbench/core"
)

var _ core.Checkpointer = (*machine)(nil)

var errState = errors.New("lines: the checkpoint does not parse")

// saved is the state of a machine, as JSON.
type saved struct {
	Requests, Replies savedSide
	State             state
}

// savedSide is where a stream is.
type savedSide struct {
	At   int64
	Held []byte
	sideState
}

func (s *side) saved() savedSide {
	at, held := s.Held()
	return savedSide{at, held, s.sideState}
}

// Checkpoint appends the state: at most about 850 KiB.
func (m *machine) Checkpoint(dst []byte) ([]byte, error) {
	text, err := json.Marshal(saved{m.requests.saved(), m.replies.saved(), m.state})
	return append(dst, text...), err
}

// Restore takes what Checkpoint wrote. After an error the machine is unchanged.
func (m *machine) Restore(data []byte) error {
	var s saved
	if err := json.Unmarshal(data, &s); err != nil || !s.Requests.valid() || !s.Replies.valid() || !s.State.valid() {
		return errState
	}
	if again, err := json.Marshal(s); err != nil || !bytes.Equal(again, data) { // the same may be written otherwise
		return errState
	}
	m.requests.Resume(s.Requests.At, s.Requests.Held)
	m.requests.sideState = s.Requests.sideState
	m.replies.Resume(s.Replies.At, s.Replies.Held)
	m.replies.sideState = s.Replies.sideState
	m.state = s.State
	return nil
}

// valid reports whether a stream can have come to this, and can go on.
func (s *savedSide) valid() bool {
	u := s.Unit
	return s.At >= 0 && s.At <= core.MaxFlow && len(s.Held) < maxLine && (s.Lost || !s.Torn) &&
		(u == nil || u.From >= 0 && u.From <= u.To && u.To == s.At && len(u.Raw) <= maxKept && int64(len(u.Raw)) == min(u.To-u.From, maxKept) && len(u.Raw) > 0 &&
			u.Hidden >= -1 && (u.Hidden < 0 || u.Hidden >= u.From && u.Hidden-u.From <= int64(len(trimmed(first(u.Raw))))) &&
			u.Lines >= 0 && u.Left >= 0 && u.Left <= core.MaxFlow && u.Items >= 0 && u.Items <= core.MaxFlow && (u.Quote == 0 || u.Quote == '"' || u.Quote == '\''))
}

// valid reports whether a machine can have come to this.
func (s *state) valid() bool {
	for _, p := range s.Pending {
		if p.From < 0 || p.From > core.MaxFlow || p.Kind == unanswered || p.Kind >= kinds {
			return false
		}
	}
	return len(s.Pending) <= maxPending && s.Later >= 0 && (!s.Unnamed || len(s.Pending) == 0 && s.Later == 0)
}
