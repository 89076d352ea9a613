package session

import (
	"context"
	"errors"
	"fmt"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/secret"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// supervisor has the machine answer what the peers did, and makes it anew when
// its process dies or a newer build comes. All of it belongs to the goroutine
// that calls Run, which blocks on the machine and never on a socket.
type supervisor struct {
	*peers
	opened     core.Opening // how the machine was opened
	plugin     Plugin       // the build that serves
	newest     Plugin       // the newest build that was tried
	stuckOn    Plugin       // the build that the session was told to leave, and could not
	machine    *wire.Conn
	unhook     func() bool // has an ordered stop leave the machine alone
	ledger     ledger
	blame      blame
	apart      bool               // the machine is in quarantine
	past       []transcript.Entry // what was answered there
	secrets    secret.Values
	lastWords  string // how the session ended, if an answer ended it, without what is secret
	keepPoison func(t *transcript.Transcript, withheld bool) string
}

// The reasons for which the machine is made anew, or not any more, that are not
// a process's.
var (
	errStopping = errors.New("the workbench is stopping")
	errApart    = errors.New("back from quarantine")
)

// stopped is the end of a session that an order ended.
var stopped = End{Stopped, errStopping.Error()}

// run feeds the machine and carries out its actions until the session ends.
func (s *supervisor) run(ctx context.Context, answer []core.Action) End {
	s.become(targetReached)
	s.announce()
	s.startFaults()
	end := s.done(wire.Event{}, answer, true)
	s.readers.Go(s.readServer)
	return s.loop(ctx, end)
}

// announce remarks on what was reached.
func (s *supervisor) announce() {
	s.remark(Remark{Words: "dialled " + s.server.Resolved()})
	spoken := ""
	if speaker, ok := s.server.(Speaker); ok {
		spoken = speaker.Spoken()
	}
	for _, words := range []string{s.server.Through(), s.server.Secured(), spoken} {
		if words != "" {
			s.remark(Remark{Words: words})
		}
	}
	if client, ok := s.client.(interface{ Secured() string }); ok && client.Secured() != "" {
		s.remark(Remark{Words: "the client: " + client.Secured()})
	}
}

// loop feeds the machine and carries out its actions until end says how the session ended.
func (s *supervisor) loop(ctx context.Context, end End) End {
	for end.Cause == 0 {
		if batch, err := s.takeSent(); batch != nil {
			end = s.feed(ctx, batch, sending{done: true, err: err})
			continue
		}
		if due, force := s.moveDue(); due {
			s.move(ctx, force)
			continue
		}
		batch, found := s.next()
		switch {
		case found.Cause != 0:
			return found
		case batch != nil:
			end = s.feed(ctx, batch, sending{})
		case s.apart: // it survived: back to the others
			end = s.recover(ctx, errApart)
		case s.ledger.due(true):
			end = s.checkpoint(ctx)
		default:
			end = s.wait(ctx)
		}
	}
	return end
}

// wait waits until there may be something to do. Meanwhile readers may send a
// batch.
func (s *supervisor) wait(ctx context.Context) End {
	if !s.blame.doubtful() {
		s.lendTurn(s.machine)
	}
	silent := false
	select {
	case <-s.wake:
	case <-s.awaitSilence():
		silent = true
	case <-s.newest.Newer():
	case <-s.leave():
	case <-s.machine.Lost():
	case <-ctx.Done():
	}
	switch {
	case s.takeTurnBack(): // whatever it was, the answers come first
	case silent:
		s.fellSilent()
	case s.machine.Cause() != nil:
		return s.recover(ctx, s.machine.Cause())
	case ctx.Err() != nil:
		return s.ordered()
	}
	return End{}
}

// sending says whether a batch was sent to the machine already, and how that ended.
type sending struct {
	done bool
	err  error
}

// feed has the machine answer one batch, and carries out what is done. When
// the machine's process dies it is recovered, and what was not answered is fed
// anew; event by event where one of them may be to blame.
func (s *supervisor) feed(ctx context.Context, list *eventList, sent sending) (end End) {
	defer list.release()
	if !s.feeds(list.batch[0].Kind) {
		return s.done(list.batch[0], nil, true)
	}
	single := false
	for pending := list.batch; len(pending) > 0 && end.Cause == 0; {
		batch := pending
		if single = single || s.blame.doubtful(); single {
			batch = pending[:1]
		}
		next, err := 0, sent.err
		if !sent.done {
			err = s.machine.Send(batch)
		}
		if err == nil {
			err = s.machine.Answers(batch, func(a wire.Answer) {
				switch {
				case end.Cause == 0:
					end = s.done(batch[next], a.Actions, next == len(batch)-1)
					s.log(batch[next], a.Digest)
				case s.watching != nil: // after the end, events count as never fed
					s.unanswered(batch[next : next+1])
				}
				next++
			})
		}
		sent, pending = sending{}, pending[next:]
		switch {
		case end.Cause != 0:
			if s.watching != nil {
				s.unanswered(pending)
			}
		case ctx.Err() != nil:
			s.unanswered(pending)
			return s.ordered()
		case err != nil:
			cause := s.died(err)
			if end = s.blameFor(pending[0], false, cause); end.Cause == 0 {
				end = s.recover(ctx, cause)
			}
			if end.Cause != 0 {
				s.unanswered(pending)
			}
		case s.apart: // it survived: back to the others
			end = s.recover(ctx, errApart)
		}
	}
	if end.Cause == 0 && s.ledger.due(false) {
		end = s.checkpoint(ctx)
	}
	return end
}

// done carries out an event that is done, perhaps the last of its batch.
func (s *supervisor) done(e wire.Event, actions []core.Action, last bool) End {
	actions, end := s.carryOut(e, actions, last)
	s.secrets.Add(actions)
	if s.watching != nil {
		s.watched()
	}
	if end.Cause != 0 {
		s.lastWords = s.covered(e.Event, actions, end.Words)
	}
	if s.watching == nil && (last || end.Cause != 0) {
		s.writeOut()
	}
	return end
}

// log enters an event that is done into the ledger.
func (s *supervisor) log(e wire.Event, digest uint64) {
	s.blame.answered(e.N)
	if s.ledger.done(e, digest) {
		s.remark(Remark{Code: Unrecoverable, Words: fmt.Sprintf("dropped the recovery log: it had grown past %d MiB", s.ledger.bound>>20)})
	}
}

// setMachine replaces the machine. An ordered stop closes it, which ends
// whatever is waited for of it.
func (s *supervisor) setMachine(ctx context.Context, conn *wire.Conn) {
	if s.unhook != nil {
		s.unhook()
	}
	s.machine, s.unhook = conn, context.AfterFunc(ctx, func() { conn.Close() })
	conn.OnWait(s.busy)
}

// covered returns the words with which an answer ended the session, without what
// is secret.
func (s *supervisor) covered(e core.Event, actions []core.Action, words string) string {
	if !s.secrets.Marked() {
		return words
	}
	_, shown := s.secrets.Answer(e, actions)
	for i, a := range actions {
		if (a.Kind == core.Close || a.Kind == core.Failed) && string(a.Data) == words {
			return string(shown[i].Data)
		}
	}
	return s.secrets.WordsOf(actions, words)
}

// told returns how the session ended without what is secret, for those who do
// not hold it.
func (s *supervisor) told(end End) End {
	if s.lastWords != "" {
		return End{end.Cause, s.lastWords}
	}
	return End{end.Cause, s.secrets.Words(end.Words)}
}

// release gives up the builds that the session holds.
func (s *supervisor) release() {
	if s.unhook != nil {
		s.unhook()
	}
	if s.newest != s.plugin {
		s.newest.Release()
	}
	s.plugin.Release()
}
