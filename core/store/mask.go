package store

import (
	"fmt"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/secret"
)

// maxHeld is how many bytes are held back until it is decided whether
// a value begins at their end. Past it what may begin one is covered.
const maxHeld = 256 << 10

// masker covers what is secret in what a recorder was told, once something is.
// What may be the beginning of a value it holds back, with all that follows.
type masker struct {
	streams  secret.Streams
	held     []heldRecord
	size     int64 // of these
	toldOver bool
}

type heldRecord struct {
	record
	undecided *secret.Pending // nil: nothing of it is
}

// idle reports that a record may be written as it is: no secret was marked so far,
// nor in it.
func (m *masker) idle(it record) bool {
	return !m.streams.Marked() && !secret.Marks(it.actions)
}

// skip reports that a record may be written of which no bytes are kept, and takes
// note of what it marks.
func (m *masker) skip(it record) bool {
	skips := it.kind == eventRecord && m.held == nil
	if skips {
		m.streams.Add(it.actions)
	}
	return skips
}

// take covers a record, and holds it back.
func (m *masker) take(it record) {
	h := heldRecord{record: it}
	switch it.kind {
	case eventRecord:
		h.e, h.actions = it.e.Clone(), core.CloneActions(it.actions)
		h.undecided = m.streams.Feed(h.e, h.actions)
	case endRecord:
		m.streams.End()
		fallthrough
	default:
		h.e.Data = []byte(m.streams.Words(string(it.e.Data)))
	}
	m.held = append(m.held, h)
	if m.size += it.size; m.size > maxHeld {
		m.streams.Decide()
	}
}

// next returns the next record that is decided, if there is one.
func (m *masker) next() (it record, ok bool) {
	if len(m.held) == 0 || m.held[0].undecided != nil && !m.held[0].undecided.Done() {
		return record{}, false
	}
	it = m.held[0].record
	m.held[0] = heldRecord{}
	if m.held = m.held[1:]; len(m.held) == 0 {
		m.held = nil
	}
	m.size -= it.size
	return it, true
}

// tellOver reports once that all is covered from here on.
func (m *masker) tellOver() bool {
	tell := m.streams.Over() && !m.toldOver
	m.toldOver = m.streams.Over()
	return tell
}

var overWords = fmt.Sprintf("more secrets were marked than the %d, of %d KiB, that a recording keeps apart: all that follows is recorded as *", secret.MaxValues, secret.MaxBytes>>10)
