package mqtt

import (
	"bytes"
	"encoding/json"
	"errors"

	"github.com/protocol-workbench/workbench/core"
)

var _ core.Checkpointer = (*machine)(nil)

var errState = errors.New("mqtt: the checkpoint does not parse")

// saved is the state of a machine, as JSON: at most about 600 KiB.
type saved struct {
	Sides [2]decoder
	Open  [2][]exchange
	State state
}

// Checkpoint appends the state.
func (m *machine) Checkpoint(dst []byte) ([]byte, error) {
	text, err := json.Marshal(saved{m.sides, [2][]exchange{m.inOrder(ofClient), m.inOrder(ofServer)}, m.state})
	return append(dst, text...), err
}

// Restore takes what Checkpoint wrote. After an error the machine is unchanged.
func (m *machine) Restore(data []byte) error {
	var s saved
	if err := json.Unmarshal(data, &s); err != nil || !s.State.valid() {
		return errState
	}
	restored := talk{flows: m.flows, sides: s.Sides, state: s.State}
	for side := range restored.sides {
		d := &restored.sides[side]
		if !d.valid() || len(s.Open[side]) > maxOpen {
			return errState
		}
		restored.open[side] = make(map[uint16]exchange, len(s.Open[side]))
		for _, e := range s.Open[side] {
			if e.ID == 0 || e.From < 0 || e.From > core.MaxFlow || !begins(side, e.Kind) {
				return errState
			}
			restored.open[side][e.ID] = e
		}
	}
	was := m.talk
	m.talk = restored
	if again, err := m.Checkpoint(nil); err != nil || !bytes.Equal(again, data) { // the same may be written otherwise
		m.talk = was
		return errState
	}
	return nil
}

// begins reports whether an exchange of a side's can have come to a packet of a type.
func begins(side int, kind byte) bool {
	return kind == publish || kind == pubrec || kind == pubrel || side == ofClient && (kind == subscribe || kind == unsubscribe)
}

// valid reports whether a decoder can have come to this.
func (d *decoder) valid() bool {
	switch {
	case d.At < 0 || d.At > core.MaxFlow || int64(d.Got) > d.At || d.Got < 0 || len(d.Held) > maxKept || int64(len(d.Held)) > d.At:
		return false
	case d.Gap || d.Got == 0:
		return d.Got == 0 && (d.Gap || len(d.Held) == 0)
	}
	_, size, ok := header(d.Held)
	return ok && len(d.Held) == min(d.Got, maxKept) && (size == 0 || d.Got < size)
}

func (s *state) valid() bool {
	for _, p := range s.Pings {
		if p.From < 0 || p.From > core.MaxFlow {
			return false
		}
	}
	return s.Version >= 3 && s.Version <= 5 && s.Connect >= -1 && s.Connect <= core.MaxFlow && len(s.Pings) <= maxPings
}
