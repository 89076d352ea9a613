package dns

import (
	"bytes"
	"encoding/json"
	"errors"
	"math"

	"github.com/protocol-workbench/workbench/core"
)

var _ core.Checkpointer = (*machine)(nil)

var errState = errors.New("dns: the checkpoint does not parse")

// saved is the state of a machine, as JSON: at most about 700 KiB.
type saved struct {
	Queries, Replies decoder
	Pending          []pending
	Drawn            int
}

// Checkpoint appends the state.
func (m *machine) Checkpoint(dst []byte) ([]byte, error) {
	state, err := json.Marshal(saved{m.queries, m.replies, m.inOrder(), m.Drawn})
	return append(dst, state...), err
}

// Restore takes what Checkpoint wrote. After an error the machine is unchanged.
func (m *machine) Restore(state []byte) error {
	var s saved
	s.Queries.stream, s.Replies.stream = m.queries.stream, m.replies.stream
	err := json.Unmarshal(state, &s)
	if err != nil || !s.Queries.valid() || !s.Replies.valid() || len(s.Pending) > maxPending || s.Drawn < 0 || s.Drawn > math.MaxInt32 {
		return errState
	}
	all := make(map[uint16]pending, len(s.Pending))
	for _, p := range s.Pending {
		if !p.valid(s.Queries.At) {
			return errState
		}
		all[p.ID] = p
	}
	was := m.talk
	m.queries, m.replies, m.pending = s.Queries, s.Replies, all
	s.Pending = m.inOrder()
	if again, err := json.Marshal(s); err != nil || !bytes.Equal(again, state) { // the same may be written otherwise
		m.talk = was
		return errState
	}
	m.Drawn = s.Drawn
	return nil
}

// valid reports whether a decoder can have come to this.
func (d *decoder) valid() bool {
	most := 0
	if d.stream {
		most = 2 + maxMessage
	}
	return d.At >= 0 && d.At <= core.MaxFlow && len(d.Held) <= most && int64(len(d.Held)) <= d.At && (d.stream || !d.Gap)
}

func (p *pending) valid(at int64) bool {
	x := &p.Transfer
	return p.From >= 0 && p.From <= at && x.Messages >= 0 && x.Records >= 0 && x.Bytes >= 0 && x.Seen >= 0 &&
		(x.Messages > 0) == (*x != transfer{}) && x.Records <= core.MaxFlow && x.Bytes <= core.MaxFlow
}
