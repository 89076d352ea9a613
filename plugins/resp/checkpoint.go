package resp

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/protocol-workbench/workbench/core"
)

var _ core.Checkpointer = (*machine)(nil)

var errState = errors.New("resp: the checkpoint does not parse")

// saved is the state of a machine, as JSON: at most about 800 KiB.
type saved struct {
	Requests, Replies decoder
	Expected          expected
}

// Checkpoint appends the state.
func (m *machine) Checkpoint(dst []byte) ([]byte, error) {
	state, err := json.Marshal(saved{m.requests, m.replies, m.expected})
	return append(dst, state...), err
}

// Restore takes what Checkpoint wrote. After an error the machine is unchanged.
func (m *machine) Restore(state []byte) error {
	var s saved
	err := json.Unmarshal(state, &s)
	if err != nil || !s.Requests.valid() || !s.Replies.valid() || !s.Expected.valid() {
		return errState
	}
	if again, err := json.Marshal(s); err != nil || !bytes.Equal(again, state) { // the same may be written otherwise
		return errState
	}
	s.Requests.client = true
	m.requests, m.replies, m.expected = s.Requests, s.Replies, s.Expected
	return nil
}

// valid reports whether a decoder can have come to this. It may go on then.
func (d *decoder) valid() bool {
	kept := int64(0)
	for i := range d.Values {
		v := &d.Values[i]
		if !v.valid(d.At) {
			return false
		}
		kept += int64(len(v.Text))
	}
	for _, l := range d.Open {
		if l.Left < 1 || l.Value < -1 || l.Value >= len(d.Values) {
			return false
		}
	}
	d.owned = len(d.Values)
	inValue := d.State >= inString && d.State <= inRest
	return d.State < states && d.At >= 0 && d.At <= core.MaxFlow &&
		len(d.Line) <= maxLine && d.LineLen >= int64(len(d.Line)) && d.LineLen <= d.At && d.Left >= 0 && (d.Left > 0) == (d.State == inString) &&
		len(d.Values) <= maxValues && (!d.Full || len(d.Values) == maxValues) && d.Kept == kept && kept <= maxKept &&
		len(d.Open) <= maxDepth && (len(d.Values) > 0) == (inValue || len(d.Open) > 0)
}

func (v *value) valid(at int64) bool {
	return typeNames[v.Kind] != "" && v.Wrong < wrongs && v.From >= 0 && v.From <= v.Mid && v.Mid <= v.Body && v.Body <= at &&
		v.To <= at && (v.To == 0 || v.To >= v.Body) && v.Size >= -1 && v.Size <= maxCount && len(v.Text) <= maxLine &&
		(v.Kind != '#' || v.Wrong != 0 || len(v.Text) == 1 && (v.Text[0] == 't' || v.Text[0] == 'f'))
}

func (e *expected) valid() bool {
	for _, p := range e.Pending {
		if p.From < 0 || p.From > core.MaxFlow || p.Confirms < -1 {
			return false
		}
	}
	return len(e.Pending) <= maxPending && e.Later >= 0 && e.Mute < mutes
}
