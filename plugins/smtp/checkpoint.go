package smtp

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/protocol-workbench/workbench/core"
)

var _ core.Checkpointer = (*machine)(nil)

var errState = errors.New("smtp: the checkpoint does not parse")

// saved is the state of a machine, as JSON.
type saved struct {
	Requests, Replies saidSoFar
	State             state
}

// saidSoFar is where a stream is.
type saidSoFar struct {
	At   int64
	Held []byte
}

// Checkpoint appends the state: at most about 900 KiB.
func (m *machine) Checkpoint(dst []byte) ([]byte, error) {
	s := saved{State: m.state}
	s.Requests.At, s.Requests.Held = m.requests.Held()
	s.Replies.At, s.Replies.Held = m.replies.Held()
	text, err := json.Marshal(s)
	return append(dst, text...), err
}

// Restore takes what Checkpoint wrote. After an error the machine is unchanged.
func (m *machine) Restore(data []byte) error {
	var s saved
	if err := json.Unmarshal(data, &s); err != nil || !s.Requests.valid() || !s.Replies.valid() || !s.State.valid(m.keep) {
		return errState
	}
	if again, err := json.Marshal(s); err != nil || !bytes.Equal(again, data) { // the same may be written otherwise
		return errState
	}
	m.requests.Resume(s.Requests.At, s.Requests.Held)
	m.replies.Resume(s.Replies.At, s.Replies.Held)
	m.state = s.State
	return nil
}

// valid reports whether a stream can have come to this.
func (s *saidSoFar) valid() bool {
	return place(s.At) && len(s.Held) < maxLine && bytes.IndexByte(s.Held, '\n') < 0
}

// place reports whether a stream has such a place.
func place(at int64) bool { return at >= 0 && at <= core.MaxFlow }

// valid reports whether a machine can have come to this, and can go on.
func (s *state) valid(keep int) bool {
	for _, p := range s.Pending {
		if p.From < -1 || p.From > core.MaxFlow || p.Kind >= kinds || !place(p.Lines) || !place(p.Left) {
			return false
		}
	}
	inMail := s.Phase == mailing || s.Phase == chunking
	return len(s.Pending) <= maxPending && place(s.Later) && place(s.Recipients) && s.Phase < phases &&
		inMail == (s.Mail != nil) && (!inMail || s.Mail.valid(s.Phase == chunking)) &&
		(s.Reply == nil || s.Reply.valid(keep)) &&
		(s.Login == nil || s.Login.Step >= 0 && isAnswered(s.Login.Mechanism) && len(s.Login.User)+len(s.Login.Password) <= maxLogin)
}

func (m *mail) valid(part bool) bool {
	return place(m.From) && place(m.Size) && place(m.Lines) && place(m.Bare) && place(m.Doubtful) && m.Bare <= m.Lines &&
		len(m.Text) <= maxMail+1 && int64(len(m.Text)) <= m.Size && m.Part == part && (m.Left > 0) == part && m.Left <= core.MaxFlow
}

func (r *reply) valid(keep int) bool {
	if !place(r.From) || !place(r.To) || r.From > r.To || len(r.Wrong) > maxValue || !place(r.Lines) || r.Lines == 0 ||
		len(r.Texts) > maxFields || len(r.Body) > keep || !place(r.Left) {
		return false
	}
	for _, l := range r.Texts {
		if l.From < r.From || l.From > l.To || l.To > r.To || len(l.Text) > maxValue+1 || len(l.Wrong) > maxValue {
			return false
		}
	}
	code, _ := status([]byte(r.Code))
	return code == r.Code && r.Code != "" && r.To-r.From >= 3
}
