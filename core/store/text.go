package store

import (
	"fmt"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

const (
	// remarkRoom is what remarks may take after the end of a full recording.
	remarkRoom = 64 << 10
	// maxOwn is how much text a session makes itself at a time: more than an event
	// can add, so that it catches up.
	maxOwn = 4 << 20
)

// textPool has buffers for text that a session makes itself. They have room for what
// is made in one go with the entry by which it is enough, if that is not a long one.
var textPool = sync.Pool{New: func() any { return new(make([]byte, 0, 2*writeAt)) }}

func freeText(text []byte) {
	if cap(text) == 2*writeAt {
		textPool.Put(&text)
	}
}

// makeOwn makes text for the writer, which has too much to do: of little that is pending,
// it adds to what it has made last, since a buffer takes much memory.
func (r *Recorder) makeOwn() {
	for made := 0; r.pending.left > 0 && made < maxOwn; {
		last := len(r.made) - 1
		if last < 0 || len(r.made[last]) >= writeAt {
			r.made = append(r.made, (*textPool.Get().(*[]byte))[:0])
			last++
		}
		before := len(r.made[last])
		r.made[last] = r.makeText(r.made[last], writeAt)
		made += len(r.made[last]) - before
		if len(r.made[last]) == 0 { // the masker holds it all back
			freeText(r.made[last])
			r.made = r.made[:last]
		}
	}
}

// makeText makes text of what is pending, the oldest first, until there are
// at least enough bytes of it. The lock is held.
func (r *Recorder) makeText(text []byte, enough int64) []byte {
	for r.pending.left > 0 && int64(len(text)) < enough {
		it := r.pending.next()
		if r.masker.idle(it) || r.full && r.masker.skip(it) {
			text = r.makeRecord(text, it)
			continue
		}
		r.masker.take(it)
		text = r.makeDecided(text)
	}
	if r.pending.left == 0 {
		r.pending.reset()
		if r.ended {
			r.masker.streams.End()
			text = r.makeDecided(text)
		}
	}
	return text
}

// makeDecided makes text of what the masker holds back no longer.
func (r *Recorder) makeDecided(text []byte) []byte {
	for it, ok := r.masker.next(); ok; it, ok = r.masker.next() {
		text = r.makeRecord(text, it)
	}
	if r.masker.tellOver() {
		r.all.say(r, "", overWords, r.State())
	}
	return text
}

// makeRecord makes text of one thing that the recorder was told.
func (r *Recorder) makeRecord(text []byte, it record) []byte {
	from := len(text)
	text = r.appendRecord(text, it)
	made := int64(len(text) - from)
	r.size += made
	r.all.waiting.Add(made - it.size)
	return text
}

// appendRecord appends the text of one thing that the recorder was told, within
// the bounds.
func (r *Recorder) appendRecord(dst []byte, it record) []byte {
	from := len(dst)
	switch it.kind {
	case remarkRecord:
		words := string(it.e.Data)
		if r.full && words == r.fullWords() { // told already
			return dst
		}
		if dst = appendRemark(dst, it.at, words); r.size+int64(len(dst)-from) > r.most.Load()+remarkRoom {
			return dst[:from]
		}
		return dst
	case endRecord:
		if r.full {
			dst = appendRemark(dst, it.at, r.notKeptWords())
		}
		return appendRemark(dst, it.at, endedRemark(string(it.e.Data)))
	}
	if r.full {
		r.leaveOut(it.e)
		return dst
	}
	if dst = r.appendEvent(dst, it); r.size+int64(len(dst)-from) <= r.most.Load() {
		return dst
	}
	r.full = true
	r.leaveOut(it.e)
	r.all.Counters.Full.Add(1)
	r.all.say(r, CodeFull, r.fullWords(), State{Code: CodeFull, Most: r.most.Load()})
	return appendRemark(dst[:from], it.at, r.fullWords())
}

// appendEvent appends an event with its actions, and stops where they are more
// than a recording may hold.
func (r *Recorder) appendEvent(dst []byte, it record) []byte {
	from, most := len(dst), r.most.Load()
	entry := transcript.Entry{Dir: transcript.Event, Time: it.at, Timed: true, Event: it.e}
	if it.e.Kind != 0 { // 0: the opening
		dst = transcript.AppendEntry(dst, &entry)
	}
	entry.Dir = transcript.Action
	for i := 0; i < len(it.actions) && int64(len(dst)-from) <= most; i++ {
		entry.Action = it.actions[i]
		dst = transcript.AppendEntry(dst, &entry)
	}
	return dst
}

func appendRemark(dst []byte, at time.Duration, words string) []byte {
	return transcript.AppendEntry(dst, &transcript.Entry{Dir: transcript.Remark, Time: at, Timed: true, Remark: words})
}

func (r *Recorder) fullWords() string {
	return fmt.Sprintf("the recording has reached %d MiB: what follows is counted, not kept", r.most.Load()>>20)
}

// leaveOut counts an event that is not kept.
func (r *Recorder) leaveOut(e core.Event) {
	if e.Kind.IsBytes() {
		r.unkept[e.Kind.Side()].Add(uint64(len(e.Data)))
	}
}

func (r *Recorder) notKeptWords() string {
	words := fmt.Sprintf("not kept: %d bytes from the client, %d bytes from the server", r.unkept[core.Client].Load(), r.unkept[core.Server].Load())
	if links := r.unkept[0].Load(); links > 0 {
		words += fmt.Sprintf(", %d bytes from links", links)
	}
	return words
}
