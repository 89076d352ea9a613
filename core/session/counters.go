package session

import (
	"sync/atomic"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Counters count what sessions do, all those of a mode together. They only
// rise, but for Open. The zero value is ready to use.
type Counters struct {
	Open          atomic.Int64  // sessions that are open now
	Sessions      atomic.Uint64 // that began: the target was reached
	Events        atomic.Uint64 // that were fed to machines, or passed through
	FromClient    atomic.Uint64 // bytes
	FromServer    atomic.Uint64 // bytes
	ToClient      atomic.Uint64 // bytes
	ToServer      atomic.Uint64 // bytes
	Recoveries    atomic.Uint64
	Poisoned      atomic.Uint64 // sessions that were ended because an event ends its process
	Unrecoverable atomic.Uint64 // sessions whose recovery log was dropped
}

// Observer returns what counts one session.
func (c *Counters) Observer() Observer { return &counting{all: c} }

// counting counts one session into all of a mode.
type counting struct {
	all    *Counters
	began  bool
	passes [core.Server + 1]bool // by core.Side
}

func (c *counting) Began(Beginning) {
	c.began = true
	c.all.Sessions.Add(1)
	c.all.Open.Add(1)
}

func (c *counting) Done(_ time.Duration, e wire.Event, actions []core.Action) {
	side, size := e.Kind.Side(), uint64(len(e.Data))
	if e.Kind != 0 {
		c.all.Events.Add(1)
	}
	switch {
	case !e.Kind.IsBytes():
	case side == core.Client:
		c.all.FromClient.Add(size)
		if c.passes[side] || e.Kind == core.ClientRaw {
			c.all.ToServer.Add(size)
		}
	default:
		c.all.FromServer.Add(size)
		if c.passes[side] {
			c.all.ToClient.Add(size)
		}
	}
	for _, a := range actions {
		switch a.Kind {
		case core.SendServer:
			c.all.ToServer.Add(uint64(len(a.Data)))
		case core.SendText, core.SendBinary:
			c.all.ToClient.Add(uint64(len(a.Data)))
		case core.PassThrough:
			c.passes[a.Side] = true
		}
	}
}

func (c *counting) Remarked(_ time.Duration, r Remark) {
	switch r.Code {
	case Recovered:
		c.all.Recoveries.Add(1)
	case Poisoned:
		c.all.Poisoned.Add(1)
	case Unrecoverable:
		c.all.Unrecoverable.Add(1)
	}
}

func (c *counting) Ended(time.Duration, End) {
	if c.began {
		c.all.Open.Add(-1)
	}
}
