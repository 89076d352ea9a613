package pluginhost

import (
	"errors"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"github.com/protocol-workbench/workbench/core/wire"
)

// The pauses before a process is started again when the one before answered
// nothing.
const (
	firstPause = 50 * time.Millisecond
	longPause  = 5 * time.Second // pauses double up to this
)

// A spare is started once no session has opened for calmTime, since it would take
// the processors from those that recover; but after calmTries times that in any
// case.
const (
	calmTime  = 100 * time.Millisecond
	calmTries = 10
)

// newStarts bounds how often processes are started where no pause does: somebody
// may go on killing each one while it starts, or it answers something and then
// crashes. Each start takes one token after a kill, and crashCost after a crash.
func newStarts() *rate.Limiter { return rate.NewLimiter(20, 80) }

const crashCost = 4

// run keeps a process of the build that serves and, once sessions use it, a spare
// that waits until that one dies, until the host stops or nobody needs the build
// any more.
func (b *Build) run() {
	var watched sync.WaitGroup
	starts := newStarts()
	for first := true; b.due(); first = false {
		b.rest()
		if starts.WaitN(b.ctx, b.startCost()) != nil {
			break
		}
		if !b.serves() && !first {
			b.mu.Lock()
			b.restarts++
			b.mu.Unlock()
		}
		p, err := startProcess(b, func() bool { return b.waiting.Load() > 0 })
		if err != nil {
			b.notStarted(err)
			continue
		}
		b.started(p)
		if isClosed(p.dead) { // already
			b.buried(p)
		}
		watched.Go(func() { <-p.gone })
	}
	<-b.ctx.Done()
	watched.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.set(Stopped, nil, nil)
}

func (b *Build) serves() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.process != nil
}

// due waits until another process is needed. It returns false when the build ends.
func (b *Build) due() bool {
	for b.ctx.Err() == nil {
		b.mu.Lock()
		idle, serves, spare, changed := b.state == Idle, b.process != nil, b.used && !b.replaced && b.spare == nil, b.changed
		b.mu.Unlock()
		if !idle && !serves || spare && b.calm(changed) {
			return true
		}
		select {
		case <-changed:
		case <-b.ctx.Done():
		}
	}
	return false
}

// calm waits until the opening of sessions leaves time to start a spare. It
// returns false when the build's state changed meanwhile.
func (b *Build) calm(changed <-chan struct{}) bool {
	for range calmTries {
		before := b.opens.Load()
		select {
		case <-time.After(calmTime):
		case <-changed:
			return false
		case <-b.ctx.Done():
			return false
		}
		if b.opens.Load() == before {
			break
		}
	}
	return true
}

// rest pauses before the next start, if the last processes did badly; no longer
// than until one that did well has died.
func (b *Build) rest() {
	b.mu.Lock()
	pause := b.pause
	select {
	case <-b.hurry: // an old one
	default:
	}
	b.mu.Unlock()
	b.pausing.Store(pause > 0)
	defer b.pausing.Store(false)
	select {
	case <-time.After(pause):
	case <-b.hurry:
	case <-b.ctx.Done():
	}
}

// startCost is what the next start takes of newStarts.
func (b *Build) startCost() int {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.killed {
		return 1
	}
	return crashCost
}

// fared notes how the last process did. One that answered something or was killed
// from outside did well. b is locked.
func (b *Build) fared(answered, killed bool) {
	b.killed = killed
	if !answered && !killed {
		b.pause = min(max(2*b.pause, firstPause), longPause)
		return
	}
	b.pause = 0
	select {
	case b.hurry <- struct{}{}:
	default:
	}
}

// notStarted notes that a process did not get ready. While another one serves,
// that is no fault of the mode's.
func (b *Build) notStarted(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	killed := errors.Is(err, wire.ErrKilled)
	b.fared(false, killed)
	switch {
	case b.process != nil:
		b.log.Debug("no spare plugin process", "reason", err)
	case killed:
		b.died(err)
	default:
		b.failed(err)
	}
}

// started has a process that is ready serve, or wait as the spare.
func (b *Build) started(p *process) {
	b.mu.Lock()
	defer b.mu.Unlock()
	took := time.Since(p.started).Round(time.Millisecond)
	switch {
	case b.process == nil:
		b.log.Info("plugin process started", "pid", p.run.pid, "took", took)
		b.set(Ready, p, nil)
	case b.replaced:
		p.end(errUnneeded)
	default:
		b.log.Debug("spare plugin process started", "pid", p.run.pid, "took", took)
		b.spare = p
	}
}

// buried has the spare serve in the place of a process that is dead. It is
// idempotent.
func (b *Build) buried(p *process) {
	restless := b.unavailable(fail(CodeRestless, "died again and again before it answered anything: %s", p.cause.words), p.run)
	b.mu.Lock()
	defer b.mu.Unlock()
	switch p {
	case b.spare:
		b.log.Debug("spare plugin process died", "reason", p.cause)
		b.fared(false, p.cause.code == CodeKilled)
		b.changeSpare(nil)
	case b.process:
		b.fared(p.answers.Load() > 0, p.cause.code == CodeKilled)
		next := b.spare
		switch {
		case b.ctx.Err() == nil && next != nil && !isClosed(next.run.exited):
			b.log.Warn("plugin process died", "reason", p.cause, "spare", next.run.pid)
			b.restarts++
			b.spare = nil
			b.set(Ready, next, p.cause)
		case b.pause > firstPause:
			b.failed(restless)
		default:
			b.died(p.cause)
		}
	}
}

// takeSpare returns the spare, which the caller ends; nil if there is none.
func (b *Build) takeSpare() *process {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.spare
	if p != nil {
		b.changeSpare(nil)
	}
	return p
}

// dropSpare ends the spare of a build that was replaced. b is locked.
func (b *Build) dropSpare() {
	if b.spare != nil {
		b.spare.end(errUnneeded)
	}
}

// changeSpare tells run of another spare. b is locked.
func (b *Build) changeSpare(p *process) {
	b.spare = p
	b.tell()
}

// use notes that a session opens on the build.
func (b *Build) use() {
	b.opens.Add(1)
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.used {
		b.used = true
		b.tell()
	}
}
