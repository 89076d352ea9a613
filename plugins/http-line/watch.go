package httpline

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/protocol-workbench/workbench/core"
)

// watcher is the machine of a session that it watches. What it finds unusual about the
// lines of either side it notes the first time: a line that ends in LF alone, one over
// 64 KiB. It holds no line.
type watcher struct{ sides [2]lineCount }

// lineCount counts the lines of one side.
type lineCount struct {
	lines  uint64 // whole ones
	length uint64 // bytes of the unfinished line, without a CR that may be part of its end
	cr     bool   // its last byte is one
	saidLF bool
	said64 bool
}

func (m *watcher) Handle(ev core.Event, out *core.Out) error {
	switch c := (lineCount{saidLF: true, said64: true}); ev.Kind {
	case core.ClientUnseen: // from here on its lines cannot be counted
		m.sides[0] = c
	case core.ServerUnseen:
		m.sides[1] = c
	}
	if ev.Kind.IsStream() {
		m.sides[ev.Kind.Side()-core.Client].take(ev.Kind.Side(), ev.Data, out)
	}
	return nil
}

func (c *lineCount) take(side core.Side, data []byte, out *core.Out) {
	for len(data) > 0 {
		line, rest, whole := bytes.Cut(data, []byte("\n"))
		if n := len(line); n > 0 {
			if c.cr {
				c.length++
			}
			c.cr = line[n-1] == '\r'
			c.length += uint64(n)
			if c.cr {
				c.length--
			}
		}
		if c.length > maxLine && !c.said64 {
			c.said64 = true
			out.Note(fmt.Sprintf("line %d of the %s's is longer than 64 KiB", c.lines+1, side))
		}
		if whole {
			c.lines++
			if !c.cr && !c.saidLF {
				c.saidLF = true
				out.Note(fmt.Sprintf("line %d of the %s's ends in LF alone", c.lines, side))
			}
			c.length, c.cr = 0, false
		}
		data = rest
	}
}

var _ core.Checkpointer = (*watcher)(nil)

// The flags of a side in a watcher's checkpoint.
const (
	flagCR = 1 << iota
	flagSaidLF
	flagSaid64
	flagsEnd
)

// Checkpoint appends for each side a byte of flags, and as varints its lines and the
// length of the unfinished one.
func (m *watcher) Checkpoint(dst []byte) ([]byte, error) {
	for _, c := range m.sides {
		flags := byte(0)
		for i, is := range []bool{c.cr, c.saidLF, c.said64} {
			if is {
				flags |= 1 << i
			}
		}
		dst = binary.AppendUvarint(binary.AppendUvarint(append(dst, flags), c.lines), c.length)
	}
	return dst, nil
}

// Restore takes what Checkpoint wrote. After an error the machine is unchanged.
func (m *watcher) Restore(state []byte) error {
	var r watcher
	left := state
	for i := range r.sides {
		if len(left) == 0 || left[0] >= flagsEnd {
			return errState
		}
		c, flags := &r.sides[i], left[0]
		c.cr, c.saidLF, c.said64 = flags&flagCR != 0, flags&flagSaidLF != 0, flags&flagSaid64 != 0
		left = left[1:]
		for _, to := range []*uint64{&c.lines, &c.length} {
			v, n := binary.Uvarint(left)
			if n <= 0 {
				return errState
			}
			*to, left = v, left[n:]
		}
	}
	if again, _ := r.Checkpoint(nil); !bytes.Equal(again, state) { // a varint may be longer than necessary
		return errState
	}
	*m = r
	return nil
}
