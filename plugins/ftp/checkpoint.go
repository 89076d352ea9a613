package ftp

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/protocol-workbench/workbench/core"
)

var _ core.Checkpointer = (*machine)(nil)

var errState = errors.New("ftp: the checkpoint does not parse")

// saved is the state of a machine, as JSON.
type saved struct {
	Requests, Replies saidSoFar
	State             state
	Hand              hand
}

// saidSoFar is where a stream is.
type saidSoFar struct {
	At   int64
	Held []byte
}

// Checkpoint appends the state: at most about 700 KiB.
func (m *machine) Checkpoint(dst []byte) ([]byte, error) {
	s := saved{State: m.state, Hand: m.hand}
	s.Requests.At, s.Requests.Held = m.requests.Held()
	s.Replies.At, s.Replies.Held = m.replies.Held()
	text, err := json.Marshal(s)
	return append(dst, text...), err
}

// Restore takes what Checkpoint wrote. After an error the machine is unchanged.
func (m *machine) Restore(data []byte) error {
	var s saved
	if err := json.Unmarshal(data, &s); err != nil || !s.Requests.valid() || !s.Replies.valid() || !s.State.valid(m.keep) || !s.Hand.valid() {
		return errState
	}
	if again, err := json.Marshal(s); err != nil || !bytes.Equal(again, data) { // the same may be written otherwise
		return errState
	}
	m.requests.Resume(s.Requests.At, s.Requests.Held)
	m.replies.Resume(s.Replies.At, s.Replies.Held)
	m.state, m.hand = s.State, s.Hand
	return nil
}

// valid reports whether a stream can have come to this.
func (s *saidSoFar) valid() bool {
	return s.At >= 0 && s.At <= core.MaxFlow && len(s.Held) < maxLine && bytes.IndexByte(s.Held, '\n') < 0
}

// valid reports whether a machine can have come to this, and can go on.
func (s *state) valid(keep int) bool {
	for _, p := range s.Pending {
		if p.From < 0 || p.From > core.MaxFlow || p.Kind >= kinds {
			return false
		}
	}
	return len(s.Pending) <= maxPending && s.Later >= 0 && s.Lost < losts && (s.Reply == nil || s.Reply.valid(keep))
}

func (r *reply) valid(keep int) bool {
	return r.From >= 0 && r.From <= r.To && r.To <= core.MaxFlow && len(r.First) <= maxLine && len(r.Wrong) <= maxValue &&
		int64(len(r.First)) <= r.To-r.From && r.Lines >= 0 && len(r.Body) <= keep && r.Left >= 0 && r.Bare >= 0 && r.Bare <= r.Lines && code(r.First) != ""
}

func (h *hand) valid() bool {
	waiting := 0
	for _, line := range h.Waiting {
		waiting += len(line)
	}
	return h.Conn < conns && len(h.Way) <= 4 && len(h.Address) <= maxAddress && len(h.Foreign) <= maxAddress && (h.Job == nil || h.Job.valid()) &&
		len(h.Waiting) <= maxWaiting && waiting <= maxWaitingBytes && len(h.Data) <= maxData && h.Left >= 0 && h.Moved >= 0
}

func (j *job) valid() bool {
	return j.Kind < jobKinds && j.Stage < stages && len(j.Line) < maxLine && len(j.Content) <= maxContent && len(j.Final) <= maxLine+maxShown+100
}
