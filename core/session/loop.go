package session

import (
	"context"
	"errors"
	"fmt"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/feed"
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
	list := s.inbox.take(s.nextTimer(), s.feeder.Feeds)
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

// nextTimer returns the event of the timer that fired first, if one did.
func (s *session) nextTimer() core.Event {
	e := s.timers.next()
	if e.Kind != 0 {
		s.feeder.Take(e)
	}
	return e
}

// feed has the machine answer one batch, and carries out what is done. When
// the machine's process dies it is recovered, and what was not answered is fed
// anew; event by event where one of them may be to blame.
func (s *session) feed(ctx context.Context, list *eventList) (end End) {
	defer list.release()
	if !s.feeder.Feeds(list.batch[0].Kind) {
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
func (s *session) done(e wire.Event, actions []core.Action) End {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.stopping && s.stuck.Cause == 0 && (s.toServer.size() >= StopAt || s.toClient.size() >= StopAt) {
		s.write()
		s.room.Wait()
	}
	actions, over := s.feeder.Answer(e.Event, actions)
	if e.Kind != 0 {
		s.Counters.event(e.Event)
	}
	s.secrets.Add(actions)
	s.record(e, actions)
	if e.Kind == core.ClientRaw {
		s.sendServer(e.Data)
	}
	for _, a := range actions {
		s.carryOut(a)
	}
	s.finished = s.finished || s.feeder.Finished()
	end := s.endOf(over)
	if end.Cause != 0 {
		s.tell = s.covered(e.Event, actions, end.Words)
	}
	s.write()
	return end
}

// carryOut is the one place that knows what each action does.
func (s *session) carryOut(a core.Action) {
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
	case core.Note, core.Secret, core.SecretBytes, core.ShowPart: // for recordings and watchers alone
	case core.SetTimer:
		s.timers.set(s, string(a.Data), a.After)
	case core.StopTimer:
		s.timers.stop(string(a.Data))
	case core.Close, core.Failed, core.PassThrough: // the feeder's
	default:
		panic("session: an action that wire let through has no meaning here")
	}
}

// endOf says how the session ended, if it did.
func (s *session) endOf(over feed.End) End {
	switch over.Why {
	case feed.MachineClosed:
		return End{ByMachine, over.Words}
	case feed.MachineFailed:
		return End{MachineFailed, over.Words}
	case feed.ServerFailed:
		return End{ServerFailed, "the connection to the server failed: " + over.Words}
	case feed.ServerEnded:
		return End{ByServer, "the server closed the connection"}
	case feed.BothEnded:
		return End{ByServer, "both sides have ended their streams"}
	case feed.ClientClosed:
		return s.closing
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

// passThrough begins to copy the sides that the machine passes through, with
// what still waits of them.
func (s *session) passThrough() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, side := range []core.Side{core.Client, core.Server} {
		if s.feeder.Passes(side) && !s.passing[side] {
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
