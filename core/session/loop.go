package session

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// loop feeds the machine and carries out its actions until the session ends.
// It blocks on the machine alone, never on a socket.
func (s *session) loop(ctx context.Context, opening []core.Action) End {
	release := context.AfterFunc(ctx, s.stop)
	defer release()
	s.mu.Lock()
	s.began = true
	s.mu.Unlock()
	s.remark("dialled " + s.server.Resolved())
	if words := s.server.Secured(); words != "" {
		s.remark(words)
	}
	end := s.done(wire.Event{}, opening)
	s.passThrough()
	s.readers.Go(s.readServer)
	for end.Cause == 0 {
		if due, anyhow := s.moveDue(); due {
			end = s.move(ctx, anyhow)
			continue
		}
		batch, found := s.next()
		if found.Cause != 0 {
			return found
		}
		switch {
		case batch != nil:
			end = s.feed(ctx, batch)
			continue
		case s.alone: // it survived: back to the others
			end = s.recover(ctx, errAlone)
			continue
		case s.ledger.due(true):
			end = s.checkpoint(ctx)
			continue
		}
		select {
		case <-s.wake:
		case <-s.awaitSilence():
			s.fellSilent()
		case <-s.newest.Newer():
		case <-s.leave():
		case <-s.machine.Lost():
			end = s.recover(ctx, s.machine.Cause())
		case <-ctx.Done():
			end = End{Stopped, errStopping.Error()}
		}
	}
	return end
}

// stop unblocks whatever the loop waits for.
func (s *session) stop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopping = true
	s.room.Broadcast()
	s.machine.Close()
}

// next returns the next batch, numbered, or how the session ended meanwhile.
func (s *session) next() (*eventList, End) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stuck.Cause != 0 {
		return nil, s.stuck
	}
	list := s.inbox.take(s.timers.next(), s.knows)
	if list == nil {
		return nil, End{}
	}
	for i := range list.batch {
		s.events++
		list.batch[i].N = s.events
	}
	s.room.Broadcast()
	return list, End{}
}

// feed has the machine answer one batch, and carries out what is done. When
// the machine's process dies it is recovered, and what was not answered is fed
// anew; event by event where one of them may be to blame.
func (s *session) feed(ctx context.Context, list *eventList) (end End) {
	defer list.release()
	if !s.knows(list.batch[0].Kind) {
		return s.done(list.batch[0], nil)
	}
	single := false
	for pending := list.batch; len(pending) > 0 && end.Cause == 0; {
		batch := pending
		if single = single || s.blame.doubtful(); single {
			batch = pending[:1]
		}
		next := 0
		err := s.machine.Batch(batch, func(a wire.Answer) {
			if end.Cause == 0 { // after the end, events count as never fed
				end = s.done(batch[next], a.Actions)
				s.log(batch[next], a.Digest)
			}
			next++
		})
		pending = pending[next:]
		switch {
		case end.Cause != 0:
		case ctx.Err() != nil:
			s.unanswered(pending)
			return End{Stopped, errStopping.Error()}
		case err != nil:
			cause := s.died(err)
			if end = s.blameFor(pending[0], cause); end.Cause == 0 {
				end = s.recover(ctx, cause)
			}
			if end.Cause != 0 {
				s.unanswered(pending)
			}
		case s.alone: // it survived: back to the others
			end = s.recover(ctx, errAlone)
		}
	}
	if end.Cause == 0 {
		s.passThrough()
		if s.ledger.due(false) {
			end = s.checkpoint(ctx)
		}
	}
	return end
}

// errAlone is why a session leaves quarantine.
var errAlone = errors.New("back from quarantine")

// log enters an event that is done into the ledger.
func (s *session) log(e wire.Event, digest uint64) {
	s.blame.answered(e.N)
	if e.Kind.IsBytes() && s.passing[e.Kind.Side()] {
		return
	}
	if s.ledger.done(e, digest) {
		s.Counters.Unrecoverable.Add(1)
		s.remark(fmt.Sprintf("dropped the recovery log: it had grown past %d MiB", s.ledger.bound>>20))
	}
}

// done carries one event out as one step: into the transcript, into the
// queues. Event 0 is the opening. It waits while a queue is too long, so that
// one answer is the most that a queue can be over its bound.
func (s *session) done(e wire.Event, actions []core.Action) (end End) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.stopping && s.stuck.Cause == 0 && (s.toServer.size() >= StopAt || s.toClient.size() >= StopAt) {
		s.write()
		s.room.Wait()
	}
	if n := len(actions); n > 0 && actions[n-1].Kind == core.Failed {
		actions = actions[n-1:] // what came before it is void
	}
	if e.Kind != 0 {
		s.Counters.event(e.Event)
	}
	s.record(e, actions)
	if e.Kind == core.ClientRaw {
		s.sendServer(e.Data)
	}
	for _, a := range actions {
		if found := s.carryOut(a); end.Cause == 0 {
			end = found
		}
	}
	if end.Cause == 0 {
		end = s.defaultEnding(e)
	}
	if end.Cause == 0 && s.serverEnds && s.finished {
		end = End{ByServer, "both sides have ended their streams"}
	}
	s.write()
	return end
}

// knows reports whether the machine is fed events of a kind.
func (s *session) knows(k core.EventKind) bool {
	return !k.IsLater() || s.Knows != nil && s.Knows(k)
}

// carryOut is the one place that knows what each action does.
func (s *session) carryOut(a core.Action) End {
	switch a.Kind {
	case core.SendServer:
		s.sendServer(a.Data)
	case core.SendText:
		s.sendText(a.Data)
	case core.SendBinary:
		if !s.Entries {
			s.toClient.add(a.Data, false)
		}
	case core.FinishServer:
		s.finished = true
	case core.Close:
		return End{ByMachine, string(a.Data)}
	case core.Note, core.Secret, core.ShowPart: // for recordings and watchers alone
	case core.SetTimer:
		if !s.timers.set(s, string(a.Data), a.After) {
			return End{MachineFailed, "the machine set more than 64 timers"}
		}
	case core.StopTimer:
		s.timers.stop(string(a.Data))
	case core.PassThrough:
		s.promised[a.Side] = true
	case core.Failed:
		return End{MachineFailed, string(a.Data)}
	default:
		panic("session: an action that wire let through has no meaning here")
	}
	return End{}
}

func (s *session) sendServer(data []byte) {
	if !s.finished {
		s.toServer.add(data, false)
		return
	}
	if !s.behindFIN {
		s.behindFIN = true
		s.remarkLocked("dropped bytes for the server: its side was already finished")
	}
}

func (s *session) sendText(data []byte) {
	if !utf8.Valid(data) {
		if !s.repaired {
			s.repaired = true
			s.remarkLocked("repaired text for the client that was not UTF-8")
		}
		data = []byte(core.CutWords(string(data), 3*core.MaxActionPayload))
	}
	if !s.Entries {
		s.toClient.add(data, true)
	}
}

// defaultEnding does what the core does when a machine says nothing.
func (s *session) defaultEnding(e wire.Event) End {
	switch e.Kind.DefaultEnding() {
	case core.EndServer:
		s.finished = true
	case core.EndClient:
		if e.Kind == core.ServerFailed {
			return End{ServerFailed, "the connection to the server failed: " + string(e.Data)}
		}
		if s.Opening.ServerEOFStays && !s.finished {
			s.serverEnds = true
			return End{}
		}
		return End{ByServer, "the server closed the connection"}
	}
	if e.Kind == core.ClientClosed {
		return s.closing
	}
	return End{}
}

// passThrough begins to copy the sides that the machine passes through, with
// what still waits of them.
func (s *session) passThrough() {
	if s.promised == s.passing {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, side := range []core.Side{core.Client, core.Server} {
		if s.promised[side] && !s.passing[side] {
			s.passing[side] = true
			s.inbox.extract(side, func(e core.Event) { s.copyAcross(e) })
		}
	}
	s.write()
}

// copyAcross carries one passed-through event out by way of the queue.
func (s *session) copyAcross(e core.Event) {
	s.events++
	s.Counters.event(e)
	s.record(wire.Event{N: s.events, Event: e}, nil)
	switch {
	case e.Kind != core.ServerBytes:
		s.sendServer(e.Data)
	case !s.Entries:
		s.toClient.add(e.Data, false)
	}
}
