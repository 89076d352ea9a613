package echoquit

import (
	"bytes"
	"encoding/binary"
	"errors"

	"github.com/protocol-workbench/workbench/core"
)

var _ core.Checkpointer = (*machine)(nil)

var errState = errors.New("echo-quit: the checkpoint does not parse")

// The bits of a checkpoint's first byte.
const (
	bitBinary = 1 << iota
	bitOver
	bitQuitting
	bitsEnd
)

// Checkpoint appends a byte of flags, then as varints how much of the first
// outstanding message has come back and how many bytes are held, then the held
// bytes, then the queue as it is in memory. Past core.MaxCheckpoint it returns
// core.ErrNoCheckpoint.
func (m *machine) Checkpoint(dst []byte) ([]byte, error) {
	queued := m.outstanding.buf[m.outstanding.head:]
	if 1+2*binary.MaxVarintLen32+len(m.held)+len(queued) > core.MaxCheckpoint {
		return dst, core.ErrNoCheckpoint
	}
	flags := byte(0)
	if m.binary {
		flags |= bitBinary
	}
	if m.over {
		flags |= bitOver
	}
	if m.quitting {
		flags |= bitQuitting
	}
	dst = append(dst, flags)
	dst = binary.AppendUvarint(dst, uint64(m.outstanding.matched))
	dst = binary.AppendUvarint(dst, uint64(len(m.held)))
	return append(append(dst, m.held...), queued...), nil
}

// Restore takes what Checkpoint wrote. After an error the machine is unchanged.
func (m *machine) Restore(state []byte) error {
	var r machine
	if len(state) == 0 || state[0] >= bitsEnd {
		return errState
	}
	r.binary = state[0]&bitBinary != 0
	r.over = state[0]&bitOver != 0
	r.quitting = state[0]&bitQuitting != 0
	matched, rest, ok := cutUvarint(state[1:])
	if !ok {
		return errState
	}
	held, rest, ok := cutUvarint(rest)
	if !ok || held >= maxHeld || held > uint64(len(rest)) {
		return errState
	}
	r.held = append(r.held, rest[:held]...)
	if !r.outstanding.restore(rest[held:], matched) || r.over && !r.outstanding.empty() {
		return errState
	}
	// One state, one encoding: a varint may be written longer than necessary.
	if again, err := r.Checkpoint(nil); err != nil || !bytes.Equal(again, state) {
		return errState
	}
	*m = r
	return nil
}

// restore fills an empty queue. It reports whether the messages are complete and
// not empty, and the first not fully matched. A checkpoint is no larger than
// maxOutstanding, so they are within that bound.
func (q *queue) restore(messages []byte, matched uint64) bool {
	for rest := messages; len(rest) > 0; {
		h, after, ok := cutUvarint(rest)
		size := h >> 1
		if !ok || size == 0 || size > uint64(len(after)) || len(rest) == len(messages) && matched >= size {
			return false
		}
		q.push(after[:size], h&1 == 1)
		rest = after[size:]
	}
	q.matched = int(matched)
	return matched == 0 || !q.empty()
}

// cutUvarint returns the varint at the start of b, and what follows it.
func cutUvarint(b []byte) (v uint64, rest []byte, ok bool) {
	v, n := binary.Uvarint(b)
	if n <= 0 {
		return 0, nil, false
	}
	return v, b[n:], true
}
