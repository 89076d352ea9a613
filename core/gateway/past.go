package gateway

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
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

// pastFrame is how much of a recording is told at once, in bytes: a frame ends with the
// entry that passes this. A whole class may read along.
const pastFrame = 64 << 10

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

// stretch is a run of entries of a recording. It stays what it is, so whoever reads it
// needs no turn, and keeps nobody waiting.
type stretch struct {
	in       *numbered
	begins   mark
	from, to uint64
	grows    bool  // more of it may come, once there is …
	size     int64 // more text than this
}

// each calls do with the entries, until it returns false.
func (s stretch) each(do func(i uint64, e *transcript.Entry) bool) {
	if s.from >= s.to {
		return
	}
	s.in.scan(s.begins, func(_ mark, i uint64, e *transcript.Entry) bool {
		return i < s.from || i < s.to && do(i, e) && i+1 < s.to
	})
}

// recorded finds the entries of a session that have left memory, from number from up to
// and without to, as far as its recording has them.
func (g *Gateway) recorded(ctx context.Context, k *keep.Session, missing *keep.Range, from, to uint64) (stretch, error) {
	done, err := g.whole.take(ctx)
	if err != nil {
		return stretch{}, err
	}
	defer done()
	p := g.numberedOf(k)
	if p == nil {
		return stretch{}, nil
	}
	if p.trusted < to {
		p.look(missing)
	}
	at := sort.Search(len(p.marks), func(at int) bool { return p.marks[at].i > from }) - 1
	return stretch{p, p.marks[at], from, min(to, p.trusted), p.trusted < to && !p.differs, p.size}, nil
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

// wait waits until there is more text than so many bytes, and reports whether it came.
func (p *numbered) wait(ctx context.Context, than int64) bool {
	size := int64(0)
	for block, err := range p.store.Follow(ctx, p.id) {
		if size += int64(len(block)); err != nil || size > than {
			return err == nil
		}
	}
	return false
}

// fill tells a client entries that are not in memory any more, from the session's
// recording, and of those that it does not have how many there were. It waits for
// what is not yet written.
func (g *Gateway) fill(ctx context.Context, c *client, k *keep.Session, missing *keep.Range) error {
	waits, cancel := context.WithTimeout(g.stopping, pastLimit)
	defer cancel()
	find := func() (stretch, error) { return g.recorded(g.stopping, k, missing, missing.First, missing.Next) }
	s, err := find()
	for err == nil && s.grows && s.in.wait(waits, s.size) {
		s, err = find()
	}
	next := missing.First
	var frame []byte
	var gone error // the client's
	s.each(func(i uint64, e *transcript.Entry) bool {
		frame, next = appendNumbered(frame, i, e), i+1
		if len(frame) > pastFrame {
			gone, frame = c.sayEntries(frame), frame[:0]
		}
		return gone == nil && ctx.Err() == nil
	})
	if gone == nil && len(frame) > 0 {
		gone = c.sayEntries(frame)
	}
	if gone != nil || ctx.Err() != nil || next == missing.Next {
		return errors.Join(gone, ctx.Err())
	}
	return c.say(gap{"gap", next, missing.Next - next})
}

// gap says that so many entries cannot be read.
type gap struct {
	Kind    string `json:"kind"`
	From    uint64 `json:"from"`
	Entries uint64 `json:"entries"`
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
