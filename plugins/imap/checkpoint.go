package imap

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/protocol-workbench/workbench/core"
)

var _ core.Checkpointer = (*machine)(nil)

var errState = errors.New("imap: the checkpoint does not parse")

// saved is the state of a machine, as JSON.
type saved struct {
	Requests, Replies said
	State             state
}

// Checkpoint appends the state: at most about 800 KiB.
func (m *machine) Checkpoint(dst []byte) ([]byte, error) {
	text, err := json.Marshal(saved{m.requests.said, m.replies.said, m.state})
	return append(dst, text...), err
}

// Restore takes what Checkpoint wrote. After an error the machine is unchanged.
func (m *machine) Restore(data []byte) error {
	var s saved
	if err := json.Unmarshal(data, &s); err != nil || !s.Requests.valid(&m.requests) || !s.Replies.valid(&m.replies) || !s.State.valid() {
		return errState
	}
	if again, err := json.Marshal(s); err != nil || !bytes.Equal(again, data) { // the same may be written otherwise
		return errState
	}
	m.requests.said, m.replies.said, m.state = s.Requests, s.Replies, s.State
	return nil
}

// valid reports whether a direction can have come to this.
func (s *said) valid(of *decoder) bool {
	if s.From < 0 || s.At < s.From || s.At > core.MaxFlow || len(s.Text) > of.keep || len(s.Tail) > maxTail || bytes.IndexByte(s.Tail, '\n') >= 0 ||
		len(s.Literals) > maxLiterals || s.Left < 0 || s.Left > core.MaxFlow-s.At || s.Unkept < 0 || s.Lost >= losts || s.Awaits && of.server || s.Plain && of.server {
		return false
	}
	if s.Left > 0 && !s.Full && len(s.Literals) == 0 {
		return false
	}
	end, place := 0, s.From // of the text so far
	for i, l := range s.Literals {
		last := i == len(s.Literals)-1
		if l.Head < end || l.At < l.Head+len("{0}\n") || l.Kept < 0 || l.Kept > of.keepLiteral || l.At > len(s.Text) || l.Kept > len(s.Text)-l.At ||
			l.Size < int64(l.Kept) || l.Size > core.MaxFlow || l.From != place+int64(l.At-end) || !last && l.From+l.Size > s.At || last && l.From > s.At {
			return false
		}
		end, place = l.At+l.Kept, l.From+l.Size
	}
	return true
}

// valid reports whether a machine can have come to this, and can go on.
func (s *state) valid() bool {
	for _, p := range s.Pending {
		if p.From < 0 || p.From > core.MaxFlow || p.Kind >= kinds || len(p.Tag) > maxTag || !isTag([]byte(p.Tag)) {
			return false
		}
	}
	for _, a := range s.Answers {
		if len(a) > 2*maxLiteral {
			return false
		}
	}
	return len(s.Pending) <= maxPending && s.Tags >= 0 && s.Tags < core.MaxFlow && len(s.Queue) <= maxQueue && len(s.Answers) <= 2
}
