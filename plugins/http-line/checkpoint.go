package httpline

import (
	"errors"

	"github.com/protocol-workbench/workbench/core"
)

var _ core.Checkpointer = (*machine)(nil)

var errState = errors.New("http-line: the checkpoint does not parse")

// The flags of a checkpoint.
const (
	flagLong   = 1 << iota // parts of the unfinished line were sent
	flagSkipLF             // an LF that comes first belongs to the last line's end
)

// Checkpoint appends one byte of flags and the bytes held of the unfinished
// line: at most 64 KiB + 2 bytes.
func (m *machine) Checkpoint(dst []byte) ([]byte, error) {
	flags := byte(0)
	if m.long {
		flags |= flagLong
	}
	if m.skipLF {
		flags |= flagSkipLF
	}
	return append(append(dst, flags), m.held...), nil
}

// Restore takes what Checkpoint wrote. After an error the machine is unchanged.
func (m *machine) Restore(state []byte) error {
	if len(state) == 0 || state[0]&^(flagLong|flagSkipLF) != 0 {
		return errState
	}
	long, skipLF, held := state[0]&flagLong != 0, state[0]&flagSkipLF != 0, state[1:]
	switch {
	case len(held) > maxLine+1, m.ends.find(nil, held) >= 0:
		return errState
	case skipLF && (m.ends != endsAny || len(held) > 0):
		return errState
	case long && len(held) < 2: // a part leaves at least two bytes
		return errState
	}
	m.long, m.skipLF, m.held = long, skipLF, append(emptied(m.held), held...)
	return nil
}
