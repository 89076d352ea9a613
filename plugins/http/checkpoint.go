package http

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/protocol-workbench/workbench/core"
)

var _ core.Checkpointer = (*machine)(nil)

var errState = errors.New("http: the checkpoint does not parse")

// saved is the state of a machine, as JSON: at most about 800 KiB.
type saved struct {
	Requests, Replies decoder
	Expected          expected
	Typing            typing
}

// Checkpoint appends the state.
func (m *machine) Checkpoint(dst []byte) ([]byte, error) {
	text, err := json.Marshal(saved{m.requests, m.replies, m.expected, m.typing})
	return append(dst, text...), err
}

// Restore takes what Checkpoint wrote. After an error the machine is unchanged.
func (m *machine) Restore(data []byte) error {
	var s saved
	err := json.Unmarshal(data, &s)
	if err != nil || !s.Requests.valid(m.requests.keep) || !s.Replies.valid(m.replies.keep) || !s.Expected.valid() || len(s.Typing.Typed) > maxHead {
		return errState
	}
	if again, err := json.Marshal(s); err != nil || !bytes.Equal(again, data) { // the same may be written otherwise
		return errState
	}
	s.Requests.client, s.Requests.keep, s.Replies.keep = true, m.requests.keep, m.replies.keep
	s.Requests.joins, s.Replies.joins = m.requests.joins, m.replies.joins
	m.requests, m.replies, m.expected, m.typing = s.Requests, s.Replies, s.Expected, s.Typing
	return nil
}

// valid reports whether a decoder can have come to this, and can go on.
func (d *decoder) valid(keep int) bool {
	inLine := d.State != inBody && d.State != inChunk && d.State != inRest && d.State != inRaw
	return d.State < states && d.At >= 0 && d.At <= core.MaxFlow && len(d.Line) <= maxLine && bytes.IndexByte(d.Line, '\n') < 0 &&
		d.LineLen >= int64(len(d.Line)) && (d.LineLen == int64(len(d.Line)) || len(d.Line) == maxLine) && d.LineLen <= d.At && (inLine || d.LineLen == 0) &&
		d.Left >= 0 && d.Left <= core.MaxFlow && (d.Left > 0) == (d.State == inBody || d.State == inChunk) && d.Message.valid(d.At, keep)
}

func (m *message) valid(at int64, keep int) bool {
	for i := range m.Headers {
		if !m.Headers[i].valid(m, at) {
			return false
		}
	}
	for _, p := range m.Start.Parts {
		if p.From < 0 || p.From > p.To || p.To > maxLine || m.From+int64(p.To) > at || p.Wrong >= wrongs {
			return false
		}
	}
	return m.From >= 0 && m.From <= at && m.To == 0 && m.HeadTo >= 0 && m.HeadTo <= at && (m.HeadTo == 0 || m.HeadTo >= m.From) &&
		len(m.Text) <= maxHead*2 && m.HeadLen >= 0 && m.HeadLen <= len(m.Text) && m.Start.Kind < forms && m.Start.Code >= 0 && m.Start.Code < 1000 &&
		m.Start.Wrong < wrongs && len(m.Headers) <= maxHeaders+maxFraming && m.More >= 0 && (!m.Folded || len(m.Headers) > 0) &&
		len(m.Body) <= keep && m.Length >= int64(len(m.Body)) && m.Length <= core.MaxFlow && m.Chunks >= 0 && m.BodyWrong < wrongs &&
		!m.Cut && !m.Switches && m.Answers.From >= 0 && m.Answers.From <= core.MaxFlow
}

func (h *header) valid(m *message, at int64) bool {
	return h.At >= m.From && h.At <= at && h.Off >= 0 && h.Name >= 0 && h.Name <= h.Val && h.Val <= h.End && h.End <= maxHead*2 &&
		h.Off+h.End <= len(m.Text) && h.At+int64(h.End) <= at && int(h.Kind) < len(named) && h.Wrong < wrongs
}

func (e *expected) valid() bool {
	for _, p := range e.Pending {
		if p.From < 0 || p.From > core.MaxFlow || p.Kind >= askeds {
			return false
		}
	}
	return len(e.Pending) <= maxPending && e.Later >= 0 && e.RawAt >= -1 && e.RawAt <= core.MaxFlow
}
