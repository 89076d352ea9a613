package store

import (
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// tape holds what a recorder was told until text is made of it: a plain copy,
// made in a fraction of the time that the text takes. So a session pays for the
// copy only, and its burst is over when the text is made.
//
// An item lies whole in one chunk, and takes no more bytes than its text does.
type tape struct {
	chunks  [][]byte
	at      int           // the chunk that is read
	from    int           // and from where
	left    int64         // bytes of the items that are not read
	actions []core.Action // of what next returned
}

// tapeItem is what one item of a tape is.
type tapeItem uint8

const (
	tapedEvent  tapeItem = iota + 1 // event 0 is the opening
	tapedAction                     // answers the event before it
	tapedRemark
	tapedEnd
)

// told is one thing that a recorder was told: an event with its actions, or a
// remark or an end, whose words are in e.Data.
type told struct {
	item    tapeItem
	at      time.Duration
	e       core.Event
	actions []core.Action
	size    int64 // on the tape
}

// event appends an event with its actions.
func (t *tape) event(at time.Duration, e core.Event, actions []core.Action) {
	t.add(tapedEvent, uint8(e.Kind), 0, at, e.Data)
	for i := range actions {
		a := &actions[i]
		t.add(tapedAction, uint8(a.Kind), uint8(a.Side), a.After, a.Data)
	}
}

// words appends a remark or an end.
func (t *tape) words(item tapeItem, at time.Duration, words string) {
	t.add(item, 0, 0, at, []byte(words))
}

// itemHead is what an item takes beside its data.
const itemHead = 1 + 1 + 1 + 8 + 4

// add appends one item: what it is, kind, side, a time, and the data behind its
// length.
func (t *tape) add(item tapeItem, kind, side uint8, at time.Duration, data []byte) {
	n := itemHead + len(data)
	last := len(t.chunks) - 1
	if last < 0 || cap(t.chunks[last])-len(t.chunks[last]) < n {
		t.chunks = append(t.chunks, newChunk(len(t.chunks), n))
		last++
	}
	c := append(t.chunks[last], byte(item), kind, side)
	c = binary.LittleEndian.AppendUint64(c, uint64(at))
	c = binary.LittleEndian.AppendUint32(c, uint32(len(data)))
	t.chunks[last] = append(c, data...)
	t.left += int64(n)
}

// next takes the oldest off the tape, of which something is left. It is valid
// until next or reset is called.
func (t *tape) next() (it told) {
	before := t.left
	for i := range t.at {
		freeChunk(t.chunks[i])
	}
	t.chunks, t.at = slices.Delete(t.chunks, 0, t.at), 0
	it.item = t.peek()
	kind, _, at, data := t.take()
	it.e, it.at = core.Event{Kind: core.EventKind(kind), Data: data}, at
	t.actions = t.actions[:0]
	for t.left > 0 && t.peek() == tapedAction {
		kind, side, after, data := t.take()
		t.actions = append(t.actions, core.Action{Kind: core.ActionKind(kind), Side: core.Side(side), After: after, Data: data})
	}
	it.actions, it.size = t.actions, before-t.left
	return it
}

// peek returns what the next item is.
func (t *tape) peek() tapeItem {
	if t.from == len(t.chunks[t.at]) {
		t.at, t.from = t.at+1, 0
	}
	return tapeItem(t.chunks[t.at][t.from])
}

// take reads the item that peek saw.
func (t *tape) take() (kind, side uint8, at time.Duration, data []byte) {
	c := t.chunks[t.at][t.from:]
	n := itemHead + int(binary.LittleEndian.Uint32(c[11:]))
	t.from += n
	t.left -= int64(n)
	return c[1], c[2], time.Duration(binary.LittleEndian.Uint64(c[3:])), c[itemHead:n:n]
}

// reset takes everything off the tape, which then holds no memory.
func (t *tape) reset() {
	for _, c := range t.chunks {
		freeChunk(c)
	}
	*t = tape{}
}

// chunkSizes are the bytes of a tape's first chunks and of all that follow: most
// sessions say little in half a second. A longer item has a chunk of its own.
var chunkSizes = [...]int{4 << 10, 32 << 10, 256 << 10}

var chunkPools [len(chunkSizes)]sync.Pool

// newChunk returns the next chunk of a tape that has so many, with room for n
// bytes.
func newChunk(chunks, n int) []byte {
	i := min(chunks, len(chunkSizes)-1)
	if n > chunkSizes[i] {
		return make([]byte, 0, n)
	}
	if c, ok := chunkPools[i].Get().(*[]byte); ok {
		return *c
	}
	return make([]byte, 0, chunkSizes[i])
}

func freeChunk(c []byte) {
	if i := slices.Index(chunkSizes[:], cap(c)); i >= 0 {
		c = c[:0]
		chunkPools[i].Put(&c)
	}
}
