package store

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/secret"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Recorder records one session. Its calls come one at a time, as the session
// makes them; none waits for a disk, and none keeps what it is given. A call
// copies what it is told onto a tape; the writer makes text of that.
type Recorder struct {
	all     *Recordings
	id      string
	remark  func(words string)
	most    int64         // bytes of text
	created chan struct{} // closed once the transcript is there, or will not be
	begin   sync.Once     // closes it

	// The writer's, then the syncer's own.
	out      Writer
	waited   bool        // for a file that can be opened; the session was told
	handed   bool        // to the syncer
	unclosed bool        // … with its file open
	unsynced atomic.Bool // something was written since the last Sync

	mu       sync.Mutex
	tape     tape
	masker   masker
	taped    int64  // bytes of events that went through the tape; their text is never shorter
	text     []byte // made, and waits for the writer
	size     int64  // bytes of text so far
	queued   queued
	followed int
	full     bool
	dead     bool // the recording stopped
	ended    bool
	unkept   [3]tally // by core.Side, of what the tape held once it was full
	missed   [3]tally // of what came behind the tape

	missedMark bool // a secret was marked there
}

// queued says in which of the writer's lists a recorder stands.
type queued uint8

const (
	notQueued queued = iota
	queuedLater
	queuedNow
)

var errTooSlow = errors.New("the disk does not keep up")

// ID returns the transcript's ID.
func (r *Recorder) ID() string { return r.id }

// Done records an event with its actions. What a machine has marked as secret is
// written as '*'. Where the value of a secret may begin at the end of a stream,
// the event waits for what follows there, and the others behind it.
func (r *Recorder) Done(at time.Duration, e wire.Event, actions []core.Action) {
	if much := r.done(at, e.Event, actions); much {
		runtime.Gosched() // the writer may only want the processor
	}
}

// done reports whether much waits for the writer.
func (r *Recorder) done(at time.Duration, e core.Event, actions []core.Action) (much bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.dead || r.ended:
	case r.full || r.taped > r.most:
		count(&r.missed, e)
		r.missedMark = r.missedMark || secret.Marks(actions)
	case r.all.waiting.Load() >= r.all.maxWaiting:
		r.stopLocked(errTooSlow)
	default:
		before := r.tape.left
		r.tape.event(at, e, actions)
		r.taped += r.tape.left - before
		return r.grown(before, false)
	}
	return false
}

// Remark records what the workbench did, in words on one line.
func (r *Recorder) Remark(at time.Duration, words string) {
	r.words(tapedRemark, at, words)
}

// End records how the session ended. It is the last call.
func (r *Recorder) End(at time.Duration, words string) {
	r.words(tapedEnd, at, core.CutWords(words, core.MaxWords))
}

func (r *Recorder) words(item tapeItem, at time.Duration, words string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dead || r.ended {
		return
	}
	r.ended = item == tapedEnd
	before := r.tape.left
	r.tape.words(item, at, words)
	r.grown(before, r.ended)
}

// grown accounts for what was put on the tape, which held so much before, and
// has the writer see to it. When much waits for the writer already, the session
// makes its text itself, as it should not outrun the writer.
func (r *Recorder) grown(before int64, now bool) (much bool) {
	much = r.all.waiting.Add(r.tape.left-before) >= r.all.maxWaiting/4
	if much {
		r.text = r.makeText(r.text, r.most)
	}
	want := queuedLater
	if now || much || r.followed > 0 {
		want = queuedNow
	}
	if r.queued < want {
		r.queued = want
		r.all.enqueue(r, want == queuedNow)
	}
	return much
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
	r.all.waiting.Add(-r.waits())
	r.text = nil
	r.tape.reset()
	r.masker = masker{}
	r.all.enqueue(r, true)
	r.all.tell(r, why)
}

// waits returns how many bytes wait for the writer, or for what the masker holds
// them back for.
func (r *Recorder) waits() int64 { return int64(len(r.text)) + r.tape.left + r.masker.size }

// due reports whether some of them can be written.
func (r *Recorder) due() bool {
	return len(r.text) > 0 || r.tape.left > 0 || r.ended && r.masker.size > 0
}

// follow counts who follows, and has what waits written.
func (r *Recorder) follow(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.followed += n
	if r.followed > 0 && r.due() && r.queued != queuedNow {
		r.queued = queuedNow
		r.all.enqueue(r, true)
	}
}

// begun lets those on who want to read.
func (r *Recorder) begun() { r.begin.Do(func() { close(r.created) }) }

// next is what the writer does next for a recorder.
type next struct {
	more bool // ask again: something waits still
	over bool // the recording has ended, or stopped: nothing more comes
}

// hasText reports whether anything waits to be written.
func (r *Recorder) hasText() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.due()
}

// take returns the next text to write, by way of the buffer. last says that
// nothing more is wanted.
func (r *Recorder) take(text []byte, last bool) ([]byte, next) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = r.ended || last
	switch n := len(r.text); {
	case n > writeAt:
		text, r.text = append(text, r.text[:writeAt]...), r.text[writeAt:]
	case n > 0:
		text, r.text = append(text, r.text...), nil
	default:
		text = r.makeText(text, writeAt)
	}
	more := r.due()
	if !more {
		r.queued = notQueued
	}
	return text, next{more, !more && (r.ended || r.dead)}
}
