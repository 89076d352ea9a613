package httpline

import (
	"bytes"
	"errors"

	"github.com/protocol-workbench/workbench/core"
)

var _ core.Checkpointer = (*machine)(nil)

var errState = errors.New("http-line: the checkpoint does not parse")

// Checkpoint appends one byte, 1 when parts of the unfinished line have left
// and else 0, and the bytes held of that line: at most 64 KiB + 2 bytes.
func (m *machine) Checkpoint(dst []byte) ([]byte, error) {
	flag := byte(0)
	if m.long {
		flag = 1
	}
	return append(append(dst, flag), m.held...), nil
}

// Restore takes what Checkpoint wrote. After an error the machine is unchanged.
func (m *machine) Restore(state []byte) error {
	if len(state) == 0 || state[0] > 1 {
		return errState
	}
	long, held := state[0] == 1, state[1:]
	switch {
	case len(held) > maxLine+1, bytes.IndexByte(held, '\n') >= 0:
		return errState
	case long && len(held) < 2: // a part leaves two bytes behind, or more
		return errState
	}
	m.long, m.held = long, append(emptied(m.held), held...)
	return nil
}
