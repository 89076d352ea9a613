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
			p.die("", nil)
		case <-p.way.down():
			// Most often the process is dying, and its status says more: who
			// killed it, above all. Killing it ourselves now would hide that.
			p.run.settle(reapTime)
			p.die("it closed its connection", nil)
		case <-stop.Done():
			p.die(errStopping.Error(), nil)
		case order := <-p.orders:
			var inTurn map[uint32]bool
			if order.hang {
				p.counts.hangs.Add(1)
				inTurn = p.inTurn()
			}
			p.die(order.why, inTurn)
		case <-tick.C:
			if !p.run.held.Look(p.run.pid) {
				continue
			}
			p.die("it held more memory than it may have", nil)
		}
		return
	}
}

// pingOn pings the process again and again. Its death ends the last ping.
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
			p.end(order{why: "its connection broke: " + err.Error()})
			return
		}
		p.tellWaiting()
	}
}

// die kills what is left of the process, then tells every session. why is for
// a process that has not ended by itself; inTurn are the streams whose turn it
// was when it hung, nil if any may have been.
func (p *process) die(why string, inTurn map[uint32]bool) {
	p.run.kill()
	p.way.close()
	p.run.settle(settleTime)
	if how, byItself := p.run.end(); byItself {
		why = how
		if !p.run.killedFromOutside() {
			why += p.run.refused()
		}
		p.counts.crashes.Add(1)
	}
	cause := &death{plugin: p.name, how: why, killed: p.run.killedFromOutside()}
	waited := *cause
	waited.waited = true
	p.mu.Lock()
	sessions := p.sessions
	p.sessions, p.how, p.cause = nil, why, cause
	p.mu.Unlock()
	for s := range sessions {
		if inTurn != nil && !inTurn[s.number] {
			s.frames.Lose(&waited)
		} else {
			s.frames.Lose(cause)
		}
	}
	close(p.gone)
}

// death is how a process died.
type death struct {
	plugin, how string
	killed      bool // from outside
	waited      bool // for its turn: it hung in another session
}

func (d *death) Error() string { return fmt.Sprintf("the %s plugin died: %s", d.plugin, d.how) }

// Is makes a death from outside wire.ErrKilled, and one in another session's
// turn wire.ErrWaited.
func (d *death) Is(target error) bool {
	return d.killed && target == wire.ErrKilled || d.waited && target == wire.ErrWaited
}
