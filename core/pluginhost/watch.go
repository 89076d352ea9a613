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
	settleTime = 50 * time.Millisecond  // how long the end of a process may take to be complete
	reapTime   = 500 * time.Millisecond // how long it may take to be known after its connection closed
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
			// Most often the process is dying, and its status will say more, above
			// all who killed it. Killing it ourselves now would hide that.
			p.run.settle(reapTime)
			p.die(fail(CodeConnection, "closed its connection"))
		case <-stop.Done():
			p.die(errStopping)
		case why := <-p.orders:
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
			p.run.settle(settleTime)
			p.end(fail(CodeConnection, "broke its connection: %v", err))
			return
		}
		p.tellWaiting()
	}
}

// die kills what is left of the process, then tells every session. why is for
// a process that has not ended by itself. When it hung, only the sessions whose
// turn it was may be to blame.
func (p *process) die(why *fault) {
	var inTurn map[uint32]bool // nil: any may be
	if why.code == CodeHung {
		p.counts.hangs.Add(1)
		inTurn = p.inTurn()
	}
	p.run.kill()
	p.way.close()
	p.run.settle(settleTime)
	if f := p.run.end(); f != nil {
		why = f
		if f.code != CodeKilled {
			f.words += p.run.refused()
		}
		p.counts.crashes.Add(1)
	}
	p.mu.Lock()
	sessions := p.sessions
	p.sessions, p.cause = nil, &death{p.name, why, false}
	p.mu.Unlock()
	for s := range sessions {
		waited := inTurn != nil && !inTurn[s.number]
		s.frames.Lose(&death{p.name, why, waited})
	}
	close(p.gone)
}

// death is how a process died.
type death struct {
	plugin string
	*fault
	waited bool // for its turn: the process hung in another session
}

func (d *death) Error() string { return fmt.Sprintf("the %s plugin died: %s", d.plugin, d.words) }

// Is makes a death from outside wire.ErrKilled, and one in another session's
// turn wire.ErrWaited.
func (d *death) Is(target error) bool {
	return d.code == CodeKilled && target == wire.ErrKilled || d.waited && target == wire.ErrWaited
}
