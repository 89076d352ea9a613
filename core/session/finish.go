package session

import (
	"context"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// finish ends a session: the queues are flushed, the client is told, the
// server is sent FIN and heard out, and nothing is left.
func (s *supervisor) finish(ctx context.Context, end End) {
	late := s.takeNoMore()
	if end.Cause == Stopped || end.Cause == MachineLost { // else they came too late to count
		s.unanswered(late)
	}
	s.machine.Bye()

	// A stop that was ordered does not wait for slow peers.
	release := context.AfterFunc(ctx, func() {
		time.AfterFunc(StopLimit, func() {
			s.client.Cut()
			s.server.Close()
			s.cutLinks()
		})
	})
	defer release()

	told := make(chan struct{})
	go func() {
		defer close(told)
		s.flush(core.Client)
		s.lastLeaves(core.Client)
		s.client.Close(end)
	}()
	s.finishLinks()
	s.flush(core.Server)
	if s.reset {
		s.resetServer()
	}
	if s.opened.Server != core.ServerDatagrams { // which have no end
		s.hearOut()
	}
	s.server.Close()
	<-told
	s.readers.Wait()
	s.writers.Wait()
	s.client.Cut()
}

// takeNoMore ends the session for its readers and its machine, and returns the
// events that waited to be fed. What waits to be written is written.
func (p *peers) takeNoMore() (late []wire.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.phase = p.phase.on(endDecided)
	p.toServer().finish()
	p.timers.stopAll()
	p.inbox.single = false
	if list := p.inbox.take(core.Event{}, p.feeder.Feeds); list != nil {
		late = list.batch
	}
	p.inbox = inbox{}
	p.room.Broadcast()
	p.abandonUpgrades()
	p.write()
	return late
}

// flush waits until all was written to a side, FIN included, or nothing can be.
func (p *peers) flush(to core.Side) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for q := &p.sides[to].out; !q.idle() || p.owesFIN(to); {
		p.room.Wait()
	}
}

// hearOut waits for the end of the server's stream, for DrainLimit at most;
// the reader drops what comes. Closing earlier would send a reset.
func (p *peers) hearOut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	late := false
	timer := time.AfterFunc(DrainLimit, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		late = true
		p.room.Broadcast()
	})
	defer timer.Stop()
	for p.sides[core.Server].in != ended && !late {
		p.room.Wait()
	}
}
