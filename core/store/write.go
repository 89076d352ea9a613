package store

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"runtime"
	"slices"
	"time"
)

// maxSpare is the largest buffer that is kept for the next use.
const maxSpare = 4 << 20

// writer writes out what the recorders have gathered. Each gets its turn for one
// piece, so that none waits for all that another one has.
func (a *Recordings) writer() {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	var text []byte
	var busy []*Recorder // have more than the piece that was written
	for closing := false; !closing || len(busy) > 0; {
		switch {
		case len(busy) == 0:
			select {
			case <-a.wake:
			case <-tick.C:
				busy = a.take(&a.later)
			case <-a.closing:
				closing = true
				busy = a.all()
			}
		case !closing:
			select {
			case <-tick.C:
				busy = append(busy, a.take(&a.later)...)
			default:
			}
		}
		turn, seen := a.takeTurn(busy)
		busy = nil
		for _, r := range turn {
			var more bool
			if text, more = a.write(r, text[:0], closing); more {
				busy = append(busy, r)
			}
			if cap(text) > maxSpare {
				text = nil
			}
			if a.waiting.Load() < a.maxWaiting/4 {
				runtime.Gosched() // sessions come first, but must not leave it behind
			}
		}
		a.mu.Lock()
		a.inTurn = false
		a.mu.Unlock()
		for _, done := range seen {
			close(done)
		}
	}
}

// takeTurn returns whom the writer has to see to beside those that are busy, and
// who waits for that.
func (a *Recordings) takeTurn(busy []*Recorder) (turn []*Recorder, seen []chan struct{}) {
	a.mu.Lock()
	defer a.mu.Unlock()
	turn, seen = append(busy, a.now...), a.turns
	a.now, a.turns, a.inTurn = nil, nil, true
	return turn, seen
}

// take empties one of the lists.
func (a *Recordings) take(list *[]*Recorder) []*Recorder {
	a.mu.Lock()
	defer a.mu.Unlock()
	taken := *list
	*list = nil
	return taken
}

// all returns every recorder there is.
func (a *Recordings) all() []*Recorder {
	a.mu.Lock()
	defer a.mu.Unlock()
	return slices.Collect(maps.Values(a.active))
}

// write writes one piece of what r has gathered, by way of the buffer text, and
// hands r on when that was the last. It reports whether there is more.
func (a *Recordings) write(r *Recorder, text []byte, last bool) ([]byte, bool) {
	if r.handed {
		return text, false
	}
	if r.out == nil && r.hasText() {
		switch out, err := a.Create(r.id); {
		case err == nil:
			r.out = out
			if r.waited {
				a.say(r, CodeGoesOn, "the recording goes on", State{})
			}
		case noneFree(err) && !last:
			a.wait(r, err)
			return text, false
		default:
			r.stop(onDisk(err))
		}
	}
	text, more, over := r.take(text, last)
	if len(text) > 0 {
		err := a.append(r, text)
		a.waiting.Add(-int64(len(text)))
		if err != nil {
			r.stop(onDisk(err))
			more, over = false, true
		}
	}
	if over {
		a.hand(r)
	}
	return text, more
}

// wait has r come again at the next tick, when a file may be free for it. What
// it has stays in memory, within maxWaiting.
func (a *Recordings) wait(r *Recorder, why error) {
	if !r.waited {
		r.waited = true
		a.say(r, CodeWaits, "the recording has to wait: "+onDisk(why).Error(), State{Code: CodeWaits})
	}
	if time.Since(a.starved) > time.Minute {
		a.starved = time.Now()
		a.log.Warn("recordings have to wait", "reason", onDisk(why).Error())
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queued = queuedLater
	a.enqueue(r, queuedLater)
}

// hand gives a recording that has ended to the syncer. Where many wait for the
// disk already it is closed at once, and the system brings it there: they hold
// a file each.
func (a *Recordings) hand(r *Recorder) {
	r.handed = true
	r.begun()
	if a.unclosed.Load() >= maxUnclosed {
		a.finish(false, r)
	} else {
		a.unclosed.Add(1)
		r.unclosed = true
	}
	a.mu.Lock()
	a.ended = append(a.ended, r)
	a.mu.Unlock()
	signal(a.hurry)
}

// append writes text to the transcript.
func (a *Recordings) append(r *Recorder, text []byte) error {
	n, err := r.out.Write(text)
	a.Counters.Bytes.Add(uint64(n))
	r.written += int64(n)
	r.unsynced.Store(true)
	r.begun()
	if w, ok := r.out.(interface{ Part() int }); ok && err == nil && w.Part() > r.part {
		a.turned(r, w.Part())
	}
	return err
}

// turned accounts for further parts, and tells the session. If running recordings have
// no room for more, this one is full with what it has.
func (a *Recordings) turned(r *Recorder, part int) {
	grown := r.written - r.counted
	r.counted = r.written
	a.put.Add(grown)
	signal(a.hurry)
	if r.part == 1 {
		grown = 0
	}
	r.further += grown
	if a.further.Add(grown) > MaxFurther {
		r.mu.Lock()
		r.most.Store(min(r.most.Load(), r.size))
		r.mu.Unlock()
	}
	r.part = part
	a.say(r, CodePart, fmt.Sprintf("the recording goes on in part %d", part), State{Part: part})
}

// syncer waits for the disk, closes what has ended, and keeps the store within
// its bounds. It ends once the writer has and all is closed.
func (a *Recordings) syncer(ctx context.Context) {
	tick := time.NewTicker(syncEvery)
	defer tick.Stop()
	for {
		last := false
		select {
		case <-a.hurry:
		case <-tick.C:
			a.syncAll()
			a.index(ctx)
		case <-a.written:
			last = true
		}
		put := a.put.Swap(0)
		a.held += put
		if list := a.take(&a.ended); len(list) > 0 || put > 0 {
			for _, r := range list {
				if r.unclosed {
					a.finish(ctx.Err() == nil, r)
					a.unclosed.Add(-1)
				}
				a.held += wholeBlocks(r.size - r.counted)
			}
			if a.held > a.maxAll || time.Since(a.trimmed) > trimEvery {
				a.trim(ctx)
			}
		}
		if last {
			a.index(ctx)
			return
		}
	}
}

// index has a store that keeps an index of the text bring it up to date.
func (a *Recordings) index(ctx context.Context) {
	if s, ok := a.Store.(interface{ Index(context.Context) }); ok {
		s.Index(ctx)
	}
}

// syncAll brings all that was written to the disk.
func (a *Recordings) syncAll() {
	for _, r := range a.all() {
		if r.unsynced.Swap(false) {
			if err := r.out.Sync(); err != nil && !errors.Is(err, fs.ErrClosed) {
				r.stop(onDisk(err))
			}
		}
	}
}

// finish closes a recording, which sync has on the disk before.
func (a *Recordings) finish(sync bool, r *Recorder) {
	if r.out != nil {
		if sync && r.unsynced.Load() {
			if err := r.out.Sync(); err != nil {
				r.stop(onDisk(err))
			}
		}
		if err := r.out.Close(); err != nil {
			r.stop(onDisk(err))
		}
	}
	a.further.Add(-r.further)
	a.mu.Lock()
	delete(a.active, r.id)
	a.mu.Unlock()
}

// trim deletes the oldest transcripts until what they take of the disk is within
// the store's bounds; when it was more, with some room to spare, since it has to
// look at all of them. A store that keeps bounds of its own is left to them.
func (a *Recordings) trim(ctx context.Context) {
	if s, ok := a.Store.(interface{ KeepsBounds() bool }); ok && s.KeepsBounds() {
		return
	}
	a.held, a.trimmed = 0, time.Now()
	all, err := a.Store.List(ctx, Query{})
	if err != nil {
		a.log.Warn("the transcripts could not be listed, so none is deleted", "reason", err.Error())
		return
	}
	most := a.maxAll
	var size int64
	for _, info := range all {
		size += info.Disk
	}
	if size > most {
		most -= most / 16
	}
	size = 0
	for _, info := range all { // the newest first
		size += info.Disk
		kept, err := idBegan(info.ID) // a transcript that was imported began earlier
		if info.Running || err == nil && size <= most && time.Since(kept) <= a.maxAge {
			a.held += info.Disk
			continue
		}
		if err = a.Delete(info.ID); err != nil {
			a.log.Warn("an old transcript could not be deleted", "transcript", info.ID, "reason", err.Error())
			continue
		}
		a.Counters.Deleted.Add(1)
	}
}
