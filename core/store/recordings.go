package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Bounds of recordings.
const (
	DefaultMost = 256 << 20           // bytes of text of one session, unless Recordings.Most says else
	MaxMost     = MaxStore / 2        // the most that can be asked for
	MaxStore    = 1 << 30             // bytes of the disk that all transcripts take; the oldest give way
	MaxFurther  = MaxStore / 2        // bytes that running recordings may have in whole parts beyond their first
	MaxAge      = 30 * 24 * time.Hour // older ones are deleted
	MaxWaiting  = 32 << 20            // bytes of all sessions that wait for the disk, when the next event comes

	writeAt    = 256 << 10              // bytes of text that are made and written in one go
	flushEvery = 500 * time.Millisecond // what a kill -9 can cost, beside the time to write it
	gatherFor  = 50 * time.Millisecond  // what begins or ends meanwhile is written in one go
	syncEvery  = 10 * time.Second
	trimEvery  = time.Hour   // how late an old transcript may be deleted
	settleFor  = time.Second // how long a list waits for the writer

	maxUnclosed = 64 // recordings that have ended and hold a file while they wait for the disk
)

// Recordings records sessions into a store, and keeps the store within its
// bounds: at the start, each hour, and when a recording's end has taken it over
// its size, the oldest transcripts are deleted, though none that is running.
//
// It has two goroutines, however many sessions there are: one writes what the
// recorders have gathered, each half second and when a recording ends; the other
// waits for the disk (fsync), each 10 s and when a recording ends. A disk that stalls holds up these two and nobody else.
type Recordings struct {
	Store
	// Counters count since Record.
	Counters Counters
	// Most is how many bytes of text are kept of one session; what follows is only
	// counted. Set it before the first Start; Record sets DefaultMost.
	Most int64

	log        *slog.Logger
	maxAll     int64
	maxAge     time.Duration
	maxWaiting int64
	waiting    atomic.Int64 // bytes of all sessions that wait for the writer

	wake    chan struct{} // the writer has something to do now
	hurry   chan struct{} // the syncer has
	closing chan struct{}
	written chan struct{} // closed once the writer has ended
	done    chan struct{}
	stop    context.CancelFunc

	starved  time.Time    // the writer's: when the log was last told that no file was free
	unclosed atomic.Int32 // recordings that have ended and hold a file
	put      atomic.Int64 // bytes of the disk that Put and further parts have taken and the syncer has not counted
	further  atomic.Int64 // bytes of the whole parts of running recordings, but their first

	// The syncer's own.
	held    int64     // bytes of the disk that the store takes, as far as this process knows
	trimmed time.Time // when it looked at all of it

	helpers sync.WaitGroup

	mu     sync.Mutex
	closed bool
	active map[string]*Recorder
	later  []*Recorder     // have something that may wait for the next tick
	now    []*Recorder     // have something that may not
	ended  []*Recorder     // all is written; to be synced and closed
	soon   *time.Timer     // wakes the writer for those in now that need not be seen to at once
	turns  []chan struct{} // closed once the writer has seen to all that are in now
	inTurn bool            // the writer is seeing to some
}

// Counters count recordings.
type Counters struct {
	Started atomic.Uint64
	Failed  atomic.Uint64 // stopped by a disk that was full, broken or too slow
	Full    atomic.Uint64 // reached the bound
	Bytes   atomic.Uint64 // of text, written
	Deleted atomic.Uint64 // to keep the store within its bounds
}

// Header is what a recording says of its session.
type Header struct {
	Session string    // its ID
	Agent   string    // the agent that opened it, printable and on one line; "": a person did
	Began   time.Time // zero: now
	Mode    string
	Options core.Options // all that are in effect
	Target  string
	TLS     []transcript.OptionValue // choices of TLS that are not the default
	Quiet   time.Duration            // the silence that the machine is told of; 0: none
	// Opening is how the machine answered the opening. What that marks as secret
	// is written as '*' in the header too.
	Opening []core.Action
	// ServerEOFStays says that the client may go on after the server's end.
	ServerEOFStays bool
	Client         core.ClientEnd // at the client's end
	Server         core.ServerEnd // at the server's end
	Watch          bool           // the machine only watches
	Seed           core.Seed      // what the machine was opened with; zero: none
	Start          time.Time
}

// Record returns recordings into a store. Close ends them.
func Record(into Store, log *slog.Logger) *Recordings {
	ctx, stop := context.WithCancel(context.Background())
	a := &Recordings{
		Store: into, Most: DefaultMost, log: log, maxAll: MaxStore, maxAge: MaxAge, maxWaiting: MaxWaiting, stop: stop,
		wake: make(chan struct{}, 1), hurry: make(chan struct{}, 1),
		closing: make(chan struct{}), done: make(chan struct{}),
		active: map[string]*Recorder{}, written: make(chan struct{}),
	}
	a.soon = time.AfterFunc(gatherFor, func() { signal(a.wake) })
	go func() {
		defer close(a.written)
		a.writer()
		a.soon.Stop()
	}()
	go func() {
		defer close(a.done)
		a.trim(ctx)
		a.syncer(ctx)
		a.helpers.Wait()
	}()
	return a
}

// Codes of what the session is told of its recording, for programs.
const (
	CodePart    = "recording-part"    // it goes on in a further part
	CodeFull    = "recording-full"    // it has reached its size: what follows is counted, not kept
	CodeStopped = "recording-stopped" // nothing that follows is in it
	CodeWaits   = "recording-waits"   // for the disk
	CodeGoesOn  = "recording-goes-on" // it waits no longer
)

// State is how a recording stands, for programs.
type State struct {
	Code string `json:"code,omitempty"` // CodeWaits, CodeFull or CodeStopped; "": it goes on
	Part int    `json:"part"`           // that is written, from 1
	Most int64  `json:"most,omitempty"` // bytes that it has reached; of CodeFull
}

// Start begins to record a session. Nothing that goes wrong with the disk ends
// or holds up the session: the recording stops, and remark, if set, is told why
// in words and with how the recording stands by then, by a goroutine that it may hold up.
func (a *Recordings) Start(h Header, remark func(code, words string, now State)) *Recorder {
	began := h.Began
	if began.IsZero() {
		began = time.Now()
	}
	r := &Recorder{all: a, id: NewID(began, h.Session, h.Mode), remark: remark, part: 1, state: State{Part: 1}, created: make(chan struct{})}
	r.most.Store(a.Most)
	hide := func(words string) string { return r.masker.streams.WordsOf(h.Opening, words) }
	r.masker.streams.Add(h.Opening)
	t := transcript.Transcript{Mode: h.Mode, Target: hide(h.Target), TLS: h.TLS, Quiet: h.Quiet, ServerEOFStays: h.ServerEOFStays, Client: h.Client, Server: h.Server, Watch: h.Watch, Seed: h.Seed, Start: h.Start}
	for _, name := range slices.Sorted(maps.Keys(h.Options)) {
		t.Options = append(t.Options, transcript.OptionValue{Name: name, Value: hide(h.Options[name])})
	}
	a.mu.Lock()
	taken := a.active[r.id] != nil
	dead := a.closed || taken
	if !dead {
		a.active[r.id] = r
	}
	a.mu.Unlock()
	r.mu.Lock()
	defer r.mu.Unlock()
	if dead {
		r.dead = true
		r.begun()
		if taken {
			a.tell(r, fmt.Errorf("create transcript %s: its ID is taken", r.id))
		}
		return r
	}
	a.Counters.Started.Add(1)
	header := appendRemark(transcript.AppendHeader(nil, &t), 0, beganRemark(began, h.Session, h.Agent))
	r.made, r.size = [][]byte{header}, int64(len(header))
	a.waiting.Add(r.size)
	r.grown(0, queuedSoon)
	return r
}

// List implements [Store].
func (a *Recordings) List(ctx context.Context, q Query) ([]Info, error) {
	a.settle(ctx)
	return a.Store.List(ctx, q)
}

// Info implements [Store].
func (a *Recordings) Info(id string) (Info, error) {
	a.settleOne(id)
	return a.Store.Info(id)
}

// Open implements [Store].
func (a *Recordings) Open(id string) (io.ReadCloser, error) {
	a.settleOne(id)
	return a.Store.Open(id)
}

// Records reports whether a recording is being written, or has just ended.
func (a *Recordings) Records(id string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.active[id] != nil
}

// settleOne is settle if the session is recorded here.
func (a *Recordings) settleOne(id string) {
	if a.Records(id) {
		a.settle(context.Background())
	}
}

// Follow implements [Store]. While somebody follows a session that is recorded
// here, each event is written as it is done.
func (a *Recordings) Follow(ctx context.Context, id string) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		a.mu.Lock()
		r := a.active[id]
		a.mu.Unlock()
		if r != nil {
			r.follow(1)
			defer r.follow(-1)
			select {
			case <-r.created:
			case <-ctx.Done():
				yield(nil, ctx.Err())
				return
			}
		}
		a.Store.Follow(ctx, id)(yield)
	}
}

// Delete implements [Store].
func (a *Recordings) Delete(id string) error {
	a.mu.Lock()
	running := a.active[id] != nil
	a.mu.Unlock()
	if running {
		return ErrRunning
	}
	return a.Store.Delete(id)
}

// Close writes what waits and returns when the disk has it, or ctx is done.
// Recordings that were not told of their session's end count as cut off.
func (a *Recordings) Close(ctx context.Context) error {
	a.mu.Lock()
	if !a.closed {
		a.closed = true
		close(a.closing)
	}
	a.mu.Unlock()
	release := context.AfterFunc(ctx, a.stop)
	defer release()
	select {
	case <-a.done:
		a.stop()
		return nil
	case <-ctx.Done():
		return errors.New("the disk did not take the last of the recordings in time")
	}
}

// enqueue has the writer see to r, by when at the latest.
func (a *Recordings) enqueue(r *Recorder, when queued) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if when == queuedLater {
		a.later = append(a.later, r)
		return
	}
	a.now = append(a.now, r)
	if when == queuedNow {
		signal(a.wake)
	} else if len(a.now) == 1 {
		a.soon.Reset(gatherFor)
	}
}

// settle returns once every session that has begun has its file, and every one that
// has ended its end, unless there is no file for it, much waits, or the disk stalls.
func (a *Recordings) settle(ctx context.Context) {
	seen := make(chan struct{})
	a.mu.Lock()
	waits := len(a.now) > 0 || a.inTurn
	if waits {
		a.turns = append(a.turns, seen)
		signal(a.wake)
	}
	a.mu.Unlock()
	if !waits {
		return
	}
	stalled := time.NewTimer(settleFor)
	defer stalled.Stop()
	select {
	case <-seen:
	case <-a.written:
	case <-stalled.C:
	case <-ctx.Done():
	}
}

func signal(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// tell says that a recording stopped: by a goroutine of its own, since the log
// may be slow and the session may be waiting for this recorder right now.
func (a *Recordings) tell(r *Recorder, why error) {
	a.Counters.Failed.Add(1)
	a.helpers.Go(func() { a.log.Warn("a recording stopped", "transcript", r.id, "reason", why.Error()) })
	a.say(r, CodeStopped, "the recording stopped: "+why.Error(), State{Code: CodeStopped})
}

// say tells the session how r stands from now on, in the same way.
func (a *Recordings) say(r *Recorder, code, words string, now State) {
	r.stands(now)
	if r.remark != nil {
		a.helpers.Go(func() { r.remark(code, words, r.State()) })
	}
}
