package pluginhost

import (
	"context"
	"fmt"
	"time"

	"github.com/protocol-workbench/workbench/core/limit"
	"github.com/protocol-workbench/workbench/core/wire"
)

const (
	pingEvery  = 500 * time.Millisecond // a hang is noticed within the time-out and this
	settleTime = 50 * time.Millisecond  // how long the rest of what a dead process wrote is waited for
	reapTime   = 500 * time.Millisecond // how long a process may live on after its connection closed
	dyingTime  = 30 * time.Second       // how long one that is dying by then may take to be gone
)

// watch waits for the process's death, or brings it about when the process
// hangs, lets go of the connection or the host stops. It is the one place
// where a process dies.
func (p *process) watch(stop context.Context) {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	go p.pingOn()
	for {
		select {
		case <-p.run.exited:
			p.die(fail(CodeExited, "ended"))
		case <-p.way.down():
			p.run.reap()
			p.die(fail(CodeConnection, "closed its connection"))
		case <-stop.Done():
			p.die(errStopping)
		case why := <-p.orders:
			if why.code == CodeConnection {
				p.run.reap()
			}
			p.die(why)
		case <-tick.C:
			if !p.run.held.Look(p.run.pid) {
				continue
			}
			p.die(fail(CodeOutOfMemory, "held more memory than it may have"))
		}
		return
	}
}

// pingOn pings the process until it dies, which ends the last ping.
func (p *process) pingOn() {
	tick := time.NewTicker(pingEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-p.gone:
			return
		}
		late := limit.AfterFunc(p.timeout, func() { p.hangs("to answer a ping") })
		err := p.ask()
		late.Stop()
		if err != nil {
			p.end(fail(CodeConnection, "broke its connection: %v", err))
			return
		}
		p.tellWaiting()
	}
}

// die kills what is left of the process, lets another take its place, then tells
// every session. why is for a process that has not ended by itself. When it hung,
// only the sessions whose turn it was may be to blame.
func (p *process) die(why *fault) {
	var inTurn map[uint32]bool // nil: any may be
	if why.code == CodeHung {
		p.counts.hangs.Add(1)
		inTurn = p.inTurn()
	}
	p.run.kill()
	p.way.close()
	if !p.run.killedOutside() { // its last words say more
		p.run.settle(settleTime)
	}
	if f := p.run.end(); f != nil {
		why = f
		if f.code != CodeKilled {
			f.words += p.run.refused()
		}
		p.counts.crashes.Add(1)
	}
	p.cause = &death{plugin: p.name, fault: why}
	close(p.dead)
	p.run.build.buried(p)
	p.mu.Lock()
	sessions := p.sessions
	p.sessions = nil
	p.mu.Unlock()
	shared := p.shared.Load() // only now can no further suspect come
	for s := range sessions {
		waited := inTurn != nil && !inTurn[s.number]
		s.frames.Lose(&death{p.name, why, waited, shared})
	}
	close(p.gone)
}

// death is how a process died.
type death struct {
	plugin string
	*fault
	waited bool // for its turn: the process hung in another session
	shared bool // with other suspects
}

func (d *death) Error() string { return fmt.Sprintf("the %s plugin died: %s", d.plugin, d.words) }

// Is makes a death from outside wire.ErrKilled, one in another session's turn
// wire.ErrWaited, and one of a process with several suspects wire.ErrShared.
func (d *death) Is(target error) bool {
	switch target {
	case wire.ErrKilled:
		return d.code == CodeKilled
	case wire.ErrWaited:
		return d.waited
	case wire.ErrShared:
		return d.shared
	}
	return false
}
