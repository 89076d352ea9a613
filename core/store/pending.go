package store

import (
	"encoding/binary"
	"slices"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core"
)

// pending holds what a recorder was told until text is made of it: a plain copy,
// made in a fraction of the time that the text takes. So a session pays for the
// copy only, and its burst is over when the text is made.
//
// A record lies whole in one chunk, and takes no more bytes than its text does.
type pending struct {
	chunks  [][]byte
	at      int           // the chunk that is read
	from    int           // and from where
	left    int64         // bytes of the records that are not read
	actions []core.Action // of what next returned
}

// recordKind says what a record is of.
type recordKind uint8

const (
	eventRecord  recordKind = iota + 1 // event 0 is the opening
	actionRecord                       // answers the event before it
	remarkRecord
	endRecord
)

// record is one thing that a recorder was told: an event with its actions, or a
// remark or an end, whose words are in e.Data.
type record struct {
	kind    recordKind
	at      time.Duration
	e       core.Event
	actions []core.Action
	size    int64 // while it is pending
}

// event appends an event with its actions.
func (p *pending) event(at time.Duration, e core.Event, actions []core.Action) {
	p.addOf(eventRecord, uint8(e.Kind), uint8(len(e.Link)), at, e.Link, e.Data)
	for i := range actions {
		a := &actions[i]
		number := a.After
		if a.Kind == core.StartTLS {
			number = time.Duration(a.Rest)
		}
		side := uint8(a.Side)
		switch {
		case a.Kind == core.Note:
			side = uint8(a.Level)
		case a.Kind.IsLink():
			side = uint8(len(a.Link))
		}
		p.addOf(actionRecord, uint8(a.Kind), side, number, a.Link, a.Data)
	}
}

// recordHead is what a record takes beside its data.
const recordHead = 1 + 1 + 1 + 8 + 4

// add appends what it is of, kind, side or a note's level, a time or another number, and the data after its
// length.
func (p *pending) add(of recordKind, kind, side uint8, at time.Duration, data []byte) {
	p.addOf(of, kind, side, at, "", data)
}

// addOf is add, of what may be about a link: its name stands before the data, and its length
// is in place of the side, which links have not.
func (p *pending) addOf(of recordKind, kind, side uint8, at time.Duration, link string, data []byte) {
	n := recordHead + len(link) + len(data)
	last := len(p.chunks) - 1
	if last < 0 || cap(p.chunks[last])-len(p.chunks[last]) < n {
		p.chunks = append(p.chunks, newChunk(len(p.chunks), n))
		last++
	}
	c := append(p.chunks[last], byte(of), kind, side)
	c = binary.LittleEndian.AppendUint64(c, uint64(at))
	c = binary.LittleEndian.AppendUint32(c, uint32(len(link)+len(data)))
	p.chunks[last] = append(append(c, link...), data...)
	p.left += int64(n)
}

// next takes the oldest record, of which there is one. It is valid
// until next or reset is called.
func (p *pending) next() (it record) {
	before := p.left
	for i := range p.at {
		freeChunk(p.chunks[i])
	}
	p.chunks, p.at = slices.Delete(p.chunks, 0, p.at), 0
	it.kind = p.peek()
	kind, side, at, data := p.take()
	it.e, it.at = core.Event{Kind: core.EventKind(kind), Data: data}, at
	if it.kind == eventRecord && it.e.Kind.IsLink() {
		it.e.Link, it.e.Data = string(data[:side]), data[side:]
	}
	p.actions = p.actions[:0]
	for p.left > 0 && p.peek() == actionRecord {
		kind, side, number, data := p.take()
		a := core.Action{Kind: core.ActionKind(kind), Side: core.Side(side), After: number, Data: data}
		if a.Kind == core.StartTLS {
			a.After, a.Rest = 0, int(number)
		}
		switch {
		case a.Kind == core.Note:
			a.Side, a.Level = 0, core.Level(side)
		case a.Kind.IsLink():
			a.Side, a.Link, a.Data = 0, string(data[:side]), data[side:]
		}
		p.actions = append(p.actions, a)
	}
	it.actions, it.size = p.actions, before-p.left
	return it
}

// peek returns what the next record is of.
func (p *pending) peek() recordKind {
	if p.from == len(p.chunks[p.at]) {
		p.at, p.from = p.at+1, 0
	}
	return recordKind(p.chunks[p.at][p.from])
}

// take reads the record that peek saw.
func (p *pending) take() (kind, side uint8, at time.Duration, data []byte) {
	c := p.chunks[p.at][p.from:]
	n := recordHead + int(binary.LittleEndian.Uint32(c[11:]))
	p.from += n
	p.left -= int64(n)
	return c[1], c[2], time.Duration(binary.LittleEndian.Uint64(c[3:])), c[recordHead:n:n]
}

// reset drops everything and holds no memory then.
func (p *pending) reset() {
	for _, c := range p.chunks {
		freeChunk(c)
	}
	*p = pending{}
}

// chunkSizes are the bytes of the first chunks and of all that follow: most
// sessions say little in half a second. A longer record has a chunk of its own.
var chunkSizes = [...]int{4 << 10, 32 << 10, 256 << 10}

var chunkPools [len(chunkSizes)]sync.Pool

// newChunk returns the chunk after so many, with room for n bytes.
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
