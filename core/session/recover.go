package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// RecoverLimit is how long a session waits for a process to be recovered on.
const RecoverLimit = 30 * time.Second

// recoverPause is between two tries to get a process.
const recoverPause = 100 * time.Millisecond

// recover makes the machine anew in another process, from the ledger, and
// returns when it has answered its past as before. Peers do not notice: the
// sockets, queues and timers are the core's, and what comes in waits.
func (s *session) recover(ctx context.Context, cause error) End {
	began := time.Now()
	for deadline := began.Add(RecoverLimit); ; {
		s.machine.Close()
		switch {
		case ctx.Err() != nil:
			return End{Stopped, errStopping.Error()}
		case s.ledger.dropped:
			return End{MachineLost, fmt.Sprintf("%v; the session's log had grown past 4 MiB, so it can not be recovered", cause)}
		}
		n, err := s.revive(ctx)
		switch {
		case err == nil:
			s.recovered(cause, time.Since(began))
			return End{}
		case errors.As(err, new(notDeterministic)):
			return End{MachineLost, err.Error()}
		case errors.As(err, new(unavailable)):
			if time.Now().After(deadline) || ctx.Err() != nil {
				return End{MachineLost, err.Error()}
			}
			select {
			case <-time.After(recoverPause):
			case <-ctx.Done():
			}
			continue
		}
		cause = err
		if end := s.blameFor(n, err); end.Cause != 0 {
			return end
		}
	}
}

// blameFor counts a death while event n was unanswered, and ends the session
// when the event is the cause beyond doubt.
func (s *session) blameFor(n uint64, cause error) End {
	s.blame.died(n, errors.Is(cause, wire.ErrKilled), s.alone)
	if s.blame.guilty(s.alone) {
		s.Counters.Poisoned.Add(1)
		return End{MachineLost, fmt.Sprintf("event %d ends its process again and again: %v", n, cause)}
	}
	return End{}
}

// notDeterministic says that a machine answered its past otherwise.
type notDeterministic struct{ n uint64 }

func (e notDeterministic) Error() string { return fmt.Sprintf("not deterministic, event %d", e.n) }

// unavailable says that there is no process now.
type unavailable struct{ error }

// revive opens a machine in another process and feeds it the log. n is the
// event that was unanswered when it died.
func (s *session) revive(ctx context.Context) (n uint64, err error) {
	s.alone = s.blame.suspect()
	conn, err := s.Machine(ctx, s.alone)
	if err != nil {
		return 0, unavailable{err}
	}
	s.setMachine(conn)
	log := &s.ledger
	err = conn.Open(s.Opening, log.state, func(a wire.Answer) {
		switch {
		case failed(a) != "":
			err = notDeterministic{0}
		case log.state == nil && a.Digest != log.opening:
			err = notDeterministic{0}
		}
	})
	if err != nil {
		return 0, s.died(err)
	}
	s.blame.answered(0)
	log.batches(func(batch []wire.Event, digests []uint64) bool {
		next := 0
		var differs error
		err = conn.Batch(batch, func(a wire.Answer) {
			if a.Digest != digests[next] && differs == nil {
				differs = notDeterministic{a.N}
			}
			next++
			s.blame.answered(a.N)
		})
		if differs != nil {
			err = differs
		} else if err != nil {
			n, err = batch[next].N, s.died(err)
		}
		return err == nil
	})
	return n, err
}

// died returns why the machine is gone, in the words of whoever watched it.
func (s *session) died(err error) error {
	select {
	case <-s.machine.Lost():
	case <-time.After(recoverPause): // the stream may end before the process is known to be dead
	}
	if cause := s.machine.Cause(); cause != nil {
		return cause
	}
	return err
}

func failed(a wire.Answer) string {
	if k := len(a.Actions); k > 0 && a.Actions[k-1].Kind == core.Failed {
		return string(a.Actions[k-1].Data)
	}
	return ""
}

func (s *session) recovered(cause error, took time.Duration) {
	s.remark(fmt.Sprintf("recovered the plugin in %v: %v", took.Round(100*time.Microsecond), cause))
	s.Counters.Recoveries.Add(1)
	if s.Recovered != nil {
		s.Recovered(took)
	}
}

// checkpoint replaces the log by the machine's state, when that is due.
func (s *session) checkpoint(ctx context.Context) End {
	state, err := s.machine.Checkpoint()
	switch {
	case err == nil:
		s.ledger.checkpointed(state)
	case errors.Is(err, core.ErrNoCheckpoint):
		s.ledger.refused()
	default:
		return s.recover(ctx, s.died(err))
	}
	return End{}
}

// setMachine replaces the machine; stop may be closing the one before.
func (s *session) setMachine(conn *wire.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.machine = conn
	if s.stopping {
		conn.Close()
	}
}
