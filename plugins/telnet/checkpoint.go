package telnet

import (
	"bytes"
	"encoding/json"
	"errors"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/telopt"
)

var _ core.Checkpointer = (*machine)(nil)

var errState = errors.New("telnet: the checkpoint does not parse")

// saved is the state of a machine, as JSON.
type saved struct {
	Client, Server progress
	Options        []savedOption // those that are not as at the beginning
	Last           []byte
	Values         int
	Missed, Told   bool
	Width, Height  int
}

// savedOption is an option of a side.
type savedOption struct {
	Side int
	Code byte
	option
}

// Checkpoint appends the state: at most about 300 KiB.
func (m *machine) Checkpoint(dst []byte) ([]byte, error) {
	s := saved{Client: m.client.progress, Server: m.server.progress, Last: m.Last, Values: m.Values, Missed: m.Missed, Told: m.Told, Width: m.Width, Height: m.Height}
	for side := range m.Options {
		for code, o := range m.Options[side] {
			if o != (option{}) {
				s.Options = append(s.Options, savedOption{side, byte(code), o})
			}
		}
	}
	for _, p := range []*progress{&s.Client, &s.Server} {
		if len(p.Line) == 0 {
			p.Line = nil
		}
	}
	text, err := json.Marshal(s)
	return append(dst, text...), err
}

// Restore takes what Checkpoint wrote. After an error the machine is unchanged.
func (m *machine) Restore(data []byte) error {
	var s saved
	if err := json.Unmarshal(data, &s); err != nil || !s.Client.valid() || !s.Server.valid() || !s.valid() {
		return errState
	}
	if again, err := json.Marshal(s); err != nil || !bytes.Equal(again, data) { // the same may be written otherwise
		return errState
	}
	var options sides
	for _, o := range s.Options {
		options[o.Side][o.Code] = o.option
	}
	m.client.progress, m.server.progress = s.Client, s.Server
	m.tracked = tracked{Options: options, Last: s.Last, Values: s.Values, Missed: s.Missed, Told: s.Told, Width: s.Width, Height: s.Height}
	m.refresh()
	return nil
}

// valid reports whether a machine can have come to this.
func (s *saved) valid() bool {
	last := -1
	for _, o := range s.Options {
		at := o.Side<<8 | int(o.Code)
		if o.Side < 0 || o.Side > 1 || at <= last || o.option == (option{}) || o.State >= telopt.Agreements ||
			o.Asked < 0 || o.Asked > core.MaxFlow || o.Send < 0 || o.Send > core.MaxFlow {
			return false
		}
		last = at
	}
	return len(s.Last) <= maxPrompt*utf8.UTFMax && s.Values >= 0 && s.Values <= maxValues &&
		s.Width >= 0 && s.Width <= 0xffff && s.Height >= 0 && s.Height <= 0xffff
}

// valid reports whether a decoder can have come to this, and can go on.
func (p *progress) valid() bool {
	return p.At >= 0 && p.At <= core.MaxFlow && p.From >= 0 && p.From <= p.At && p.State < states && p.Lost < losts &&
		len(p.Sub) <= maxSub && p.SubLen >= int64(len(p.Sub)) && p.SubLen < maxSubEnd &&
		len(p.Line) < maxLine && p.LineAt >= -1 && p.LineAt <= p.At && p.LineTo >= 0 && p.LineTo <= p.At &&
		(len(p.Line) == 0 || p.LineAt >= 0)
}
