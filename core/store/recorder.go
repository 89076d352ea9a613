package store

import (
	"errors"
	"runtime"
	"sync"
	"sync/atomic"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Recorder records one session. Its calls come one at a time, as the session
// makes them; none waits for a disk, and none keeps what it is given. A call
// copies what it is told; the writer makes text of that.
type Recorder struct {
	all     *Recordings
	id      string
	remark  func(code, words string, now State)
	most    atomic.Int64  // bytes of text; it falls where there is no room for a further part
	created chan struct{} // closed once the transcript is there, or will not be
	begin   sync.Once     // closes it

	standing sync.Mutex
	state    State

	// The writer's, then the syncer's own.
	out      Writer
	part     int         // that is written to, from 1
	written  int64       // bytes of text
	counted  int64       // of these, by the syncer: those of whole parts
	further  int64       // of these, those beyond the first part
	waited   bool        // for a file that can be opened; the session was told
	handed   bool        // to the syncer
	unclosed bool        // … with its file open
	unsynced atomic.Bool // something was written since the last Sync

	// The session's own, but that the last remark tells of unkept.
	accepted int64            // bytes of events that were pending; their text is never shorter
	unkept   [3]atomic.Uint64 // bytes that are not in the text, by core.Side

	mu       sync.Mutex
	pending  pending
	masker   masker
	made     [][]byte // text that waits for the writer, of whole entries
	size     int64    // bytes of text so far
	queued   queued
	followed int
	full     bool
	dead     bool // the recording stopped
	ended    bool
}

// queued says in which of the writer's lists a recorder stands.
type queued uint8

const (
	notQueued   queued = iota
	queuedLater        // for the next tick
	queuedSoon         // to be written with what others begin or end meanwhile
	queuedNow
)

var errTooSlow = errors.New("the disk does not keep up")

// ID returns the transcript's ID.
func (r *Recorder) ID() string { return r.id }

// State returns how the recording stands.
func (r *Recorder) State() State {
	r.standing.Lock()
	defer r.standing.Unlock()
	return r.state
}

// stands takes in how the recording stands now. One that is full writes what it has,
// maybe into a further part, and is no less full for that; and one that has stopped
// has stopped.
func (r *Recorder) stands(now State) {
	r.standing.Lock()
	defer r.standing.Unlock()
	was := r.state
	now.Part = max(now.Part, was.Part)
	if was.Code == CodeStopped || was.Code == CodeFull && now.Code != CodeStopped {
		now.Code, now.Most = was.Code, was.Most
	}
	r.state = now
}

// Done records an event with its actions. What a machine has marked as secret is
// written as '*'. Where the value of a secret may begin at the end of a stream,
// the event waits for what follows there, and the others after it.
func (r *Recorder) Done(at time.Duration, e wire.Event, actions []core.Action) {
	if r.accepted > r.most.Load() { // what is pending fills the recording
		r.leaveOut(e.Event)
		return
	}
	if much := r.done(at, e.Event, actions); much {
		runtime.Gosched() // many busy sessions must not outrun the writer, which shares their processors
	}
}

// done reports whether much waits for the writer.
func (r *Recorder) done(at time.Duration, e core.Event, actions []core.Action) (much bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch {
	case r.dead || r.ended:
	case r.full:
		r.leaveOut(e)
	case r.all.waiting.Load() >= r.all.maxWaiting:
		r.stopLocked(errTooSlow)
	default:
		before := r.pending.left
		r.pending.event(at, e, actions)
		r.accepted += r.pending.left - before
		return r.grown(before, queuedLater)
	}
	return false
}

// Remark records what the workbench did, in words on one line.
func (r *Recorder) Remark(at time.Duration, words string) {
	r.words(remarkRecord, at, words)
}

// End records how the session ended. It is the last call.
func (r *Recorder) End(at time.Duration, words string) {
	r.words(endRecord, at, core.CutWords(words, core.MaxWords))
}

func (r *Recorder) words(kind recordKind, at time.Duration, words string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.dead || r.ended {
		return
	}
	r.ended = kind == endRecord
	before := r.pending.left
	r.pending.add(kind, 0, 0, at, []byte(words))
	if r.ended {
		r.grown(before, queuedSoon)
	} else {
		r.grown(before, queuedLater)
	}
}

// grown accounts for what is pending more than before, and has the writer see to
// it by when at the latest. When much waits for the writer already, the session
// makes its text itself, as it should not outrun the writer.
func (r *Recorder) grown(before int64, when queued) (much bool) {
	much = r.all.waiting.Add(r.pending.left-before) >= r.all.maxWaiting/4
	if much {
		r.makeOwn()
	}
	if much || r.followed > 0 {
		when = queuedNow
	}
	if r.queued < when {
		r.queued = when
		r.all.enqueue(r, when)
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
	r.made = nil
	r.pending.reset()
	r.masker = masker{}
	r.all.enqueue(r, queuedNow)
	r.all.tell(r, why)
}

// waits returns how many bytes wait for the writer, or for what the masker holds
// them back for.
func (r *Recorder) waits() int64 {
	waits := r.pending.left + r.masker.size
	for _, text := range r.made {
		waits += int64(len(text))
	}
	return waits
}

// due reports whether some of them can be written.
func (r *Recorder) due() bool {
	return len(r.made) > 0 || r.pending.left > 0 || r.ended && r.masker.size > 0
}

// follow counts who follows, and has what waits written.
func (r *Recorder) follow(n int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.followed += n
	if r.followed > 0 && r.due() && r.queued != queuedNow {
		r.queued = queuedNow
		r.all.enqueue(r, queuedNow)
	}
}

// begun lets those on who want to read.
func (r *Recorder) begun() { r.begin.Do(func() { close(r.created) }) }

// hasText reports whether anything waits to be written.
func (r *Recorder) hasText() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.due()
}

// take returns the next text to write, by way of the buffer. last says that
// nothing more is wanted. With more something waits still, with over the
// recording has ended, or stopped: nothing more comes.
func (r *Recorder) take(text []byte, last bool) (taken []byte, more, over bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = r.ended || last
	if len(r.made) > 0 {
		text = append(text, r.made[0]...)
		freeText(r.made[0])
		r.made = r.made[1:]
	}
	if len(r.made) == 0 {
		r.made = nil
		text = r.makeText(text, writeAt)
	}
	more = r.due()
	if !more {
		r.queued = notQueued
	}
	return text, more, !more && (r.ended || r.dead)
}
