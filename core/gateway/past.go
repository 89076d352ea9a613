package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"sort"
	"strconv"
	"time"

	"github.com/protocol-workbench/workbench/core/keep"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// pastLimit bounds the time in which a recording is read, or waited for.
const pastLimit = 5 * time.Second

// maxPasts bounds the recordings of which is remembered where their entries stand.
const maxPasts = 16

// numbered finds entries in the recording of a kept session by their numbers.
//
// The recording numbers no entries. They are counted, from 1, after the remark that
// every recording begins with. The count is trusted up to the last entry that is known
// to have the same place by it: where the recording has left something out, or stopped,
// the count would be wrong.
type numbered struct {
	id      string
	store   store.Store
	marks   []mark
	size    int64  // bytes of text that were looked through
	trusted uint64 // what has a number below this can be read
	differs bool   // what follows has other places
}

// mark is where a block of text begins.
type mark struct {
	i    uint64 // number of its first entry
	at   int64  // bytes before it
	from store.Decoder
}

// numberedOf returns what finds a session's entries in its recording, nil if there is none. The
// caller has the turn for whole transcripts.
func (g *Gateway) numberedOf(k *keep.Session) *numbered {
	id, _ := k.Hello["transcript"].(string)
	if id == "" || g.Transcripts == nil {
		return nil
	}
	for _, p := range g.pasts {
		if p.id == id {
			return p
		}
	}
	if len(g.pasts) >= maxPasts {
		g.pasts = g.pasts[1:]
	}
	p := &numbered{id: id, store: g.Transcripts, marks: []mark{{}}}
	g.pasts = append(g.pasts, p)
	return p
}

// read calls each with the entries from number from up to and without to, as far as
// they can be trusted, until it returns false.
func (p *numbered) read(missing *keep.Range, from, to uint64, each func(i uint64, e *transcript.Entry) bool) {
	if p.trusted < to {
		p.look(missing)
	}
	to = min(to, p.trusted)
	at := sort.Search(len(p.marks), func(at int) bool { return p.marks[at].i > from }) - 1
	if from >= to {
		return
	}
	p.scan(p.marks[at], func(_ mark, i uint64, e *transcript.Entry) bool {
		return i < from || i < to && each(i, e) && i+1 < to
	})
}

// look looks through what it has not looked through yet, up to what is in memory.
func (p *numbered) look(missing *keep.Range) {
	heads := missing.Heads
	p.size = p.scan(p.marks[len(p.marks)-1], func(m mark, i uint64, e *transcript.Entry) bool {
		if m.at > p.marks[len(p.marks)-1].at {
			p.marks = append(p.marks, m)
		}
		for len(heads) > 0 && heads[0].I < i {
			heads = heads[1:]
		}
		known := i == missing.Next && isSame(e, missing.Entry)
		p.differs = i == missing.Next && !known
		if len(heads) > 0 && heads[0].I == i {
			if known = isSame(e, heads[0].Entry); !known {
				p.differs = true
				return false
			}
		}
		if known {
			p.trusted = max(p.trusted, i)
		}
		return i < missing.Next
	})
}

// scan calls each with the entries from a mark on, and the mark of each one's block,
// until it returns false. It returns how many bytes of text there were until then.
func (p *numbered) scan(from mark, each func(m mark, i uint64, e *transcript.Entry) bool) (size int64) {
	text, err := p.store.Open(p.id)
	if err != nil {
		return from.at
	}
	defer text.Close()
	if s, ok := text.(io.Seeker); ok {
		_, err = s.Seek(from.at, io.SeekStart)
	} else {
		_, err = io.CopyN(io.Discard, text, from.at)
	}
	if err != nil {
		return from.at
	}
	i, size, d := from.i, from.at, from.from
	for block, err := range store.Blocks(text, nil) {
		m := mark{i, size, d}
		var entries []transcript.Entry
		if err == nil {
			entries, err = d.Entries(p.id, block)
		}
		if err != nil {
			return size
		}
		size += int64(len(block))
		for at := range entries {
			if i > 0 && !each(m, i, &entries[at]) {
				return size
			}
			i++
		}
	}
	return size
}

// wait waits until there is more text than was looked through, and reports whether it
// came.
func (p *numbered) wait(ctx context.Context) bool {
	size := int64(0)
	if p.differs {
		return false
	}
	for block, err := range p.store.Follow(ctx, p.id) {
		if size += int64(len(block)); err != nil || size > p.size {
			return err == nil
		}
	}
	return false
}

// fill tells a client entries that are not in memory any more, from the session's
// recording, and of those that it does not have how many there were. It waits for
// what is not yet written.
func (g *Gateway) fill(c *client, k *keep.Session, missing *keep.Range) error {
	next := missing.First
	if done, err := g.whole.take(g.stopping); err == nil {
		next, err = g.fillFrom(c, k, missing)
		done()
		if err != nil {
			return err
		}
	}
	if next == missing.Next {
		return nil
	}
	return c.say(gap{"gap", next, missing.Next - next})
}

// gap says that so many entries cannot be read.
type gap struct {
	Kind    string `json:"kind"`
	From    uint64 `json:"from"`
	Entries uint64 `json:"entries"`
}

// fillFrom sends what the recording has of the missing entries, and returns the
// number of the first that it has not. An error is the client's.
func (g *Gateway) fillFrom(c *client, k *keep.Session, missing *keep.Range) (next uint64, err error) {
	next = missing.First
	p := g.numberedOf(k)
	if p == nil {
		return next, nil
	}
	ctx, cancel := context.WithTimeout(g.stopping, pastLimit)
	defer cancel()
	for p.look(missing); p.trusted < missing.Next && p.wait(ctx); p.look(missing) {
	}
	var frame []byte
	p.read(missing, missing.First, missing.Next, func(i uint64, e *transcript.Entry) bool {
		frame = appendNumbered(frame, i, e)
		if len(frame) > entriesFrame {
			err, next, frame = c.sayEntries(frame), i+1, frame[:0]
		}
		return err == nil
	})
	if err == nil && len(frame) > 0 {
		err, next = c.sayEntries(frame), p.trusted
	}
	return min(next, missing.Next), err
}

// appendNumbered appends an entry with its number, followed by a comma.
func appendNumbered(b []byte, i uint64, e *transcript.Entry) []byte {
	b = strconv.AppendUint(append(b, `{"i":`...), i, 10)
	brace := len(b)
	b = append(transcript.AppendJSON(b, e), ',')
	b[brace] = ','
	return b
}

// isSame reports that an entry of a recording and one in JSON, of which there may be
// only the beginning, are of the same event and the same kind of thing.
func isSame(e *transcript.Entry, object []byte) bool {
	type place struct {
		N    uint64 `json:"n"`
		Dir  string `json:"dir"`
		Kind string `json:"kind"`
	}
	var a, b place
	return json.Unmarshal(transcript.AppendJSON(nil, e), &a) == nil && json.Unmarshal(withoutPayload(object), &b) == nil && a == b
}

// withoutPayload returns an object up to and with its kind.
func withoutPayload(object []byte) []byte {
	const kind = `"kind":"`
	at := bytes.Index(object, []byte(kind))
	if at < 0 {
		return nil
	}
	at += len(kind)
	end := bytes.IndexByte(object[at:], '"')
	if end < 0 {
		return nil
	}
	return append(bytes.Clone(object[:at+end+1]), '}')
}
