package session

import (
	"sync/atomic"

	"github.com/protocol-workbench/workbench/core"
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

// event counts one event.
func (c *Counters) event(e core.Event) {
	c.Events.Add(1)
	switch {
	case !e.Kind.IsBytes():
	case e.Kind.Side() == core.Client:
		c.FromClient.Add(uint64(len(e.Data)))
	default:
		c.FromServer.Add(uint64(len(e.Data)))
	}
}
