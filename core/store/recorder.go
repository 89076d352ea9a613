package store

import (
	"errors"
	"fmt"
	"hash/crc32"
	"sync"
	"sync/atomic"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Recorder records one session. Its calls come one at a time, as the session
// makes them; none waits for a disk, and none keeps what it is given. It
// allocates nothing for an entry once its buffer has grown.
type Recorder struct {
	all     *Recordings
	id      string
	remark  func(words string)
	most    int64         // bytes of text
	created chan struct{} // closed once the transcript is there, or will not be
	begin   sync.Once     // closes it

	// The writer's, then the syncer's own.
	out      Writer
	handed   bool        // to the syncer
	unsynced atomic.Bool // something was written since the last Sync

	mu       sync.Mutex
	buf      []byte // what waits for the writer
	size     int64  // bytes of text so far
	queued   queued
	followed int
	full     bool
	dead     bool // the recording stopped
	ended    bool
	missed   [3]tally // by core.Side, once it is full
	masked   []byte   // a payload without its secrets
}

// queued says in which of the writer's lists a recorder stands.
type queued uint8

const (
	notQueued queued = iota
	queuedLater
	queuedNow
)

// tally is what is known of bytes that are not kept.
type tally struct {
	length uint64
	crc    uint32
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// remarkRoom is what remarks may take behind the end of a full recording.
const remarkRoom = 64 << 10

var errTooSlow = errors.New("the disk does not keep up")

// ID returns the transcript's ID.
func (r *Recorder) ID() string { return r.id }

// Done records an event with its actions. Spans that the machine marked as
// secret are written as '*'.
func (r *Recorder) Done(at time.Duration, e wire.Event, actions []core.Action) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.dead || r.ended:
		return
	case r.full:
		r.count(e)
		return
	case r.all.waiting.Load() >= r.all.maxWaiting:
		r.stopLocked(errTooSlow)
		return
	}
	from := len(r.buf)
	if e.Kind != 0 {
		entry := transcript.Entry{Dir: transcript.Event, Time: at, Timed: true, Event: e.Event}
		entry.Event.Data = r.maskEvent(e.Event, actions)
		r.append(&entry)
	}
	for i := 0; i < len(actions) && r.fits(from, 0); i++ {
		entry := transcript.Entry{Dir: transcript.Action, Time: at, Timed: true, Action: actions[i]}
		entry.Action.Data = r.maskAction(actions[i:])
		r.append(&entry)
	}
	if !r.fits(from, 0) {
		r.buf = r.buf[:from]
		r.fill(at, e)
	}
	r.grown(from, false)
}

// Remark records what the workbench did, in words on one line.
func (r *Recorder) Remark(at time.Duration, words string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dead || r.ended || r.full && words == r.fullWords() {
		return
	}
	from := len(r.buf)
	r.append(&transcript.Entry{Dir: transcript.Remark, Time: at, Timed: true, Remark: words})
	if !r.fits(from, remarkRoom) {
		r.buf = r.buf[:from]
	}
	r.grown(from, false)
}

// End records how the session ended. It is the last call.
func (r *Recorder) End(at time.Duration, words string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dead || r.ended {
		return
	}
	from := len(r.buf)
	if r.full {
		client, server := r.missed[core.Client], r.missed[core.Server]
		r.append(&transcript.Entry{Dir: transcript.Remark, Time: at, Timed: true, Remark: fmt.Sprintf(
			"not kept: %d bytes from the client (CRC-32C %08x), %d bytes from the server (CRC-32C %08x)",
			client.length, client.crc, server.length, server.crc)})
	}
	r.append(&transcript.Entry{Dir: transcript.Remark, Time: at, Timed: true, Remark: endedRemark(core.CutWords(words, core.MaxWords))})
	r.ended = true
	r.grown(from, true)
}

func (r *Recorder) append(e *transcript.Entry) { r.buf = transcript.AppendEntry(r.buf, e) }

// fits reports whether what was appended behind from is within the bound.
func (r *Recorder) fits(from int, room int64) bool {
	return r.size+int64(len(r.buf)-from) <= r.most+room
}

// grown accounts for what was appended behind from.
func (r *Recorder) grown(from int, now bool) {
	n := int64(len(r.buf) - from)
	if n == 0 && !now {
		return
	}
	r.size += n
	r.all.waiting.Add(n)
	want := queuedLater
	if now || r.followed > 0 || len(r.buf) >= flushAt {
		want = queuedNow
	}
	if r.queued < want {
		r.queued = want
		r.all.enqueue(r, want == queuedNow)
	}
}

// fill says that the recording is full, at this event.
func (r *Recorder) fill(at time.Duration, e wire.Event) {
	r.full = true
	r.count(e)
	r.all.Counters.Full.Add(1)
	r.append(&transcript.Entry{Dir: transcript.Remark, Time: at, Timed: true, Remark: r.fullWords()})
	r.all.say(r, r.fullWords())
}

func (r *Recorder) fullWords() string {
	return fmt.Sprintf("the recording has reached %d MiB: what follows is counted, not kept", r.most>>20)
}

// count tallies an event that is not kept.
func (r *Recorder) count(e wire.Event) {
	if e.Kind.IsBytes() {
		t := &r.missed[e.Kind.Side()]
		t.length += uint64(len(e.Data))
		t.crc = crc32.Update(t.crc, castagnoli, e.Data)
	}
}

// stop ends the recording, not the session.
func (r *Recorder) stop(why error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopLocked(why)
}

func (r *Recorder) stopLocked(why error) {
	if r.dead {
		return
	}
	r.dead = true
	r.all.waiting.Add(-int64(len(r.buf)))
	r.buf = nil
	r.all.enqueue(r, true)
	r.all.tell(r, why)
}

// follow counts who follows, and has what waits written.
func (r *Recorder) follow(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.followed += n
	if r.followed > 0 && len(r.buf) > 0 && r.queued != queuedNow {
		r.queued = queuedNow
		r.all.enqueue(r, true)
	}
}

// free gives up the buffers while nothing waits.
func (r *Recorder) free() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.buf) == 0 {
		r.buf, r.masked = nil, nil
	}
}

// begun lets those on who want to read.
func (r *Recorder) begun() { r.begin.Do(func() { close(r.created) }) }

// over says whether a recorder has come to its end.
type over struct{ ended, dead bool }

// take returns what waits, and may keep the empty buffer text for it. last says that nothing more is wanted.
func (r *Recorder) take(text []byte, last bool) ([]byte, over) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch spare := cap(r.buf); {
	case len(r.buf) >= flushAt: // much to copy, and as much may come again
		text, r.buf = r.buf, text
	case len(r.buf) < spare/4 && spare > 4<<10:
		text, r.buf = append(text, r.buf...), nil // it was larger than what is needed
	default:
		text, r.buf = append(text, r.buf...), r.buf[:0]
	}
	r.queued = notQueued
	r.ended = r.ended || last
	return text, over{r.ended, r.dead}
}
