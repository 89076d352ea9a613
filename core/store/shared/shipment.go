package shared

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"hash"
	"io"
	"io/fs"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/protocol-workbench/workbench/core/store"
)

// shipment brings one transcript from its file into the shared log. A goroutine of its
// own does that, whatever its writer does meanwhile.
type shipment struct {
	log  *Log
	of   *Store
	id   string
	left bool   // by an earlier process, which may have shipped blocks
	key  string // of owner and ID

	size    atomic.Int64 // bytes of whole entries in the file
	sent    atomic.Int64 // of these, acknowledged
	closed  atomic.Bool  // the text has ended
	dropped atomic.Bool  // it was deleted
	wake    chan struct{}
	over    chan struct{} // closed once it is in the shared log, or will never be
	fenced  atomic.Bool

	// The goroutine's own.
	text      io.ReadCloser
	sum       hash.Hash // of what was sent
	number    uint64    // of the last block
	after     uint64    // its sequence
	resumed   bool      // it knows what the shared log has
	contacted bool      // the shared log may have blocks of it
	endSent   bool
}

var blocks = sync.Pool{New: func() any { b := make([]byte, MaxBlock); return &b }}

// errFenced says that another writer has gone on with a transcript.
var errFenced = errors.New("another workbench has gone on with it")

func (s *shipment) ended() bool { return s.closed.Load() }

func (s *shipment) isOver() bool {
	select {
	case <-s.over:
		return true
	default:
		return false
	}
}

// lag returns how many bytes of the text are not acknowledged.
func (s *shipment) lag() int64 { return max(0, s.size.Load()-s.sent.Load()) }

// poke has the goroutine look again.
func (s *shipment) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// run ships until all is acknowledged, the log is closed, or another writer is found.
func (s *shipment) run() {
	defer close(s.over)
	defer func() {
		if s.leave(); s.dropped.Load() {
			s.of.forget(s)
		}
	}()
	if !s.await(s.log.ready) {
		return
	}
	if s.left {
		deleted, ok := s.log.mirror.knows(s.log.ctx, s.key)
		if deleted {
			s.of.folder.Delete(s.id)
			s.dropped.Store(true)
		}
		if deleted || !ok {
			return
		}
	}
	wait := retryLeast
	for {
		more, err := s.step()
		switch {
		case err == nil:
			wait = retryLeast
			if !more {
				return
			}
		case errors.Is(err, errFenced) && s.fenced.Swap(true):
			return
		case errors.Is(err, errFenced):
			s.log.Counters.Fenced.Add(1)
			s.log.c.Log.Warn("a recording is kept here alone until its session has ended: another workbench has gone on with it in the shared log", "transcript", s.id)
		case s.dropped.Load(), errors.Is(err, store.ErrNotFound), errors.Is(err, fs.ErrClosed):
			s.dropped.Store(true) // it was deleted
			return
		default:
			s.log.c.Log.Debug("a recording waits for the shared log", "transcript", s.id, "reason", err.Error())
			if s.log.elects() {
				wait = min(wait, electRetry)
			}
			// Not all at once, when the broker is back.
			if !s.log.pause(wait/2 + rand.N(wait)) {
				return
			}
			wait = min(2*wait, retryMost)
		}
	}
}

// leave closes the file.
func (s *shipment) leave() {
	if s.text != nil {
		s.text.Close()
	}
}

// await waits for a channel; false: the log is closed.
func (s *shipment) await(c <-chan struct{}) bool {
	select {
	case <-c:
		return true
	case <-s.log.ctx.Done():
		return false
	}
}

// step waits until there is something to ship, and ships one piece of it. more is false
// once all is in the shared log. One that is fenced ships no blocks: if what the other
// workbench kept is no more than its beginning, the whole is kept in its place.
func (s *shipment) step() (more bool, err error) {
	for (s.lag() == 0 || s.fenced.Load()) && !s.ended() {
		if !s.await(s.wake) {
			return false, nil
		}
	}
	if !s.ended() && s.size.Load() < s.sent.Load()+MaxBlock { // gather
		timer := time.NewTimer(s.log.shipEvery)
		defer timer.Stop()
		for waiting := true; waiting && !s.ended() && s.size.Load() < s.sent.Load()+MaxBlock; {
			select {
			case <-timer.C:
				waiting = false
			case <-s.wake:
			case <-s.log.ctx.Done():
				return false, nil
			}
		}
	}
	if s.dropped.Load() {
		return false, store.ErrNotFound
	}
	if s.ended() && s.log.pace.Wait(s.log.ctx) != nil {
		return false, nil
	}
	select { // the others have their turn too
	case s.log.atOnce <- struct{}{}:
		defer func() { <-s.log.atOnce }()
	case <-s.log.ctx.Done():
		return false, nil
	}
	ctx := s.log.ctx
	if s.ended() && (s.fenced.Load() || s.left || s.after == 0 && !s.contacted) {
		return false, s.finish(ctx) // or it was short
	}
	if !s.resumed {
		if err := s.resume(ctx); err != nil {
			return true, err
		}
	}
	if s.lag() > 0 {
		return true, s.ship(ctx, false)
	}
	if !s.ended() {
		return true, nil
	}
	if !s.endSent {
		if err := s.ship(ctx, true); err != nil {
			return true, err
		}
		s.endSent = true
	}
	return false, s.finish(ctx)
}

// resume finds out what the shared log has, and goes on after that: the first time, and
// where it is not known what came of a block. It may have less than it has acknowledged
// if all of its servers lost what was not on their disks yet.
func (s *shipment) resume(ctx context.Context) error {
	last, err := s.log.last(ctx, s.key)
	if err != nil {
		return err
	}
	if last.sequence > s.after && last.writer != s.log.writer {
		return errFenced
	}
	if last.sequence == 0 {
		s.contacted = true
		if err := s.announce(ctx); err != nil {
			return err
		}
	}
	s.leave()
	text, err := s.of.folder.Open(s.id)
	if err != nil {
		s.text = nil
		return err
	}
	s.text, s.sum = text, sha256.New()
	if _, err := io.CopyN(s.sum, text, last.to()); err != nil {
		return err
	}
	if last.sequence > 0 && hexSum(s.sum) != last.sum {
		return errFenced
	}
	s.number, s.after, s.resumed = last.number, last.sequence, true
	s.sent.Store(last.to())
	return nil
}

func hexSum(h hash.Hash) string { return hex.EncodeToString(h.Sum(nil)) }

// announce has the index say that the session runs here.
func (s *shipment) announce(ctx context.Context) error {
	info, err := s.of.folder.Info(s.id)
	if err != nil {
		return err
	}
	info.Running, info.Ended, info.Disk = true, "", info.Size
	return s.log.putRow(ctx, row{Info: info, Owner: s.of.owner, Gateway: s.log.c.Gateway}, func(_ context.Context, was row) error {
		if was.Owner != s.of.owner || was.Gateway != s.log.c.Gateway || was.Object != "" {
			return errFenced
		}
		return nil
	})
}

// ship publishes one block. If it is not known what came of it, what the shared log has
// decides.
func (s *shipment) ship(ctx context.Context, end bool) error {
	buffer := blocks.Get().(*[]byte)
	defer blocks.Put(buffer)
	was := s.sent.Load()
	n := int(min(s.size.Load()-was, MaxBlock))
	piece := (*buffer)[:n]
	if _, err := io.ReadFull(s.text, piece); err != nil {
		s.resumed = false // it was read in part
		return err
	}
	s.sum.Write(piece)
	b := &block{writer: s.log.writer, number: s.number + 1, from: was, sum: hexSum(s.sum), text: piece, end: end, whole: n < MaxBlock}
	sequence, err := s.log.publish(ctx, s.key, b, s.after)
	if err != nil {
		s.resumed = false // whether it is there is seen when this is tried again
		if isWrongLast(err) {
			return s.resume(ctx)
		}
		return err
	}
	s.number, s.after = b.number, sequence
	s.sent.Store(b.to())
	s.log.Counters.Blocks.Add(1)
	s.log.Counters.Bytes.Add(uint64(n))
	return nil
}
