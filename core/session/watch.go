package session

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// A session whose machine only watches (core.Opening.Watch) is a session of which two
// things are otherwise. Its readers write what they read across themselves, at once, and
// put it into a log of what crossed, in order; nothing holds them up but the peers. And the
// supervisor, which takes its batches from that log as it does from the inbox, decides
// nothing about the peers: what would end another session ends only the decoding, and the
// session ends with its streams. All else (recovery, moves, timers, secrets, observers) is
// as ever.

// StreamEnd is an end of a watched session, beside what it is as a Client or a Server.
type StreamEnd interface {
	// CloseWrite says that no more comes: FIN.
	CloseWrite() error
	// Reset ends the connection such that its peer sees a reset.
	Reset()
}

// Truncater is what a StreamEnd is besides if it can end a stream as one ends that was cut
// off by FIN: TLS without close_notify. An error with a method Truncated() bool says that a
// stream has ended so.
type Truncater interface {
	// Truncates reports whether it can, and Truncate does.
	Truncates() bool
	Truncate() error
}

func isTruncated(err error) bool {
	var cut interface{ Truncated() bool }
	return errors.As(err, &cut) && cut.Truncated()
}

// watching is the state of a watched session. Guarded by the peers' lock.
type watching struct {
	crossed
	decoding bool // the machine is fed
	busy     bool // a batch is out, or the machine is not open yet: what crosses waits
	withhold bool // what the machine has not answered is counted, not kept
	ends     [core.Server + 1]bool
	broken   [core.Server + 1]error // why nothing can be written to the side
	over     End                    // how the streams ended
	unkept   [core.Server + 1]uint64
	remarked bool // that something was dropped
	undecoded
}

// holdWatched holds a session that its machine watches.
func (s *supervisor) holdWatched(ctx context.Context, config Config) End {
	server, err := config.Dial(ctx)
	if err != nil {
		if ctx.Err() != nil {
			err = stopped
		}
		s.abandon(func() { s.client.Refuse(err) })
		return End{Refused, err.Error()}
	}
	s.server = server
	s.become(targetReached)
	s.readers.Go(func() { s.copyAcross(core.Client) })
	s.readers.Go(func() { s.copyAcross(core.Server) })
	decoding, giveUp := context.WithCancel(context.WithoutCancel(ctx))
	defer giveUp()
	release := context.AfterFunc(ctx, func() {
		s.awaitDecoded(decoding)
		s.stop(stopped)
		giveUp()
	})
	defer release()
	s.giveUpBy(giveUp)
	answer, end := s.openMachine(decoding)
	s.began(Beginning{Address: server.Resolved(), Quiet: s.silence.asked, Opening: answer})
	s.client.Accept(server.Resolved())
	s.announce()
	if end.Cause == 0 {
		end = s.loop(decoding, s.done(wire.Event{}, answer, true))
	}
	s.decoded(end)
	end = s.outlast(ctx)
	s.finishWatched()
	return end
}

// copyAcross is the reader of a side: it copies what comes from there to the other side
// until that stream has ended.
func (p *peers) copyAcross(from core.Side) {
	for {
		e, err := p.receive(from)
		if p.wasMishap(err) {
			continue
		}
		if err != nil || !e.Kind.IsBytes() {
			p.streamEnded(from, err)
			return
		}
		p.cross(e)
		if err := p.writeStraight(e); err != nil {
			p.cannotWrite(across(from), err)
			return
		}
	}
}

// receive returns what a side does next: bytes, or its end.
func (p *peers) receive(from core.Side) (core.Event, error) {
	if from == core.Client {
		return p.client.Receive()
	}
	data, err := p.server.Receive()
	if errors.Is(err, io.EOF) {
		return core.Event{Kind: core.ServerEOF}, nil
	}
	return core.Event{Kind: core.ServerBytes, Data: data}, err
}

// cross takes note of an event that crosses.
func (p *peers) cross(e core.Event) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for len(e.Data) > p.most && p.ends.IsStream(e.Kind) {
		p.crossLocked(core.Event{Kind: e.Kind, Data: e.Data[:p.most]})
		e.Data = e.Data[p.most:]
	}
	p.crossLocked(e)
}

func (p *peers) crossLocked(e core.Event) {
	if p.phase == over {
		return
	}
	w, at := p.watching, time.Since(p.start)
	if e.Kind == core.ServerBytes {
		p.silence.broken()
	}
	if fed := w.decoding && p.fed(e.Kind); !fed && !w.busy && w.empty() {
		p.events++
		p.tell(at, wire.Event{N: p.events, Event: e}, !w.decoding)
		return
	}
	w.add(at, e.Kind, e.Data)
	p.signal()
}

// fed reports whether the machine is fed events of a kind now. One that watches is not fed
// what it passes through.
func (p *peers) fed(k core.EventKind) bool {
	return p.feeder.Feeds(k) && !(p.watching != nil && k.IsBytes() && p.feeder.Passes(k.Side()))
}

// tell tells the observers of an event that no machine answers. If it was to answer it, it
// is counted, and if the machine marks secrets, its bytes only are: they may be one. mu is
// held.
func (p *peers) tell(at time.Duration, e wire.Event, unanswered bool) {
	w := p.watching
	if unanswered && p.fed(e.Kind) {
		w.undecoded.count(e.Event)
	}
	if unanswered && w.withhold && e.Kind.IsBytes() {
		w.unkept[e.Kind.Side()] += uint64(len(e.Data))
		return
	}
	p.observe(at, e, nil)
}

// streamEnded passes the end of a side's stream on; err: it has broken.
func (p *peers) streamEnded(from core.Side, err error) {
	p.mu.Lock()
	w := p.watching
	if err == nil {
		err = w.broken[from]
	}
	closing := p.end(across(from)).CloseWrite
	if cut, ok := p.end(across(from)).(Truncater); ok && isTruncated(err) && cut.Truncates() {
		p.remarkLocked(Remark{Words: "the " + from.String() + "'s " + err.Error()})
		closing, err = cut.Truncate, nil
	}
	w.ends[from] = true
	p.sides[from].in = ended
	if err != nil {
		p.mu.Unlock()
		p.broke(from, err)
		return
	}
	kind := core.ClientEOF
	if from == core.Server {
		kind = core.ServerEOF
	}
	p.crossLocked(core.Event{Kind: kind})
	both := w.ends[core.Client] && w.ends[core.Server]
	p.mu.Unlock()
	closing()
	if both {
		p.streamsOver(End{ByServer, "both sides have ended their streams"})
	}
}

// cannotWrite takes note that a side takes nothing more. It has gone, which its reader
// notices once it has all that the side still said.
func (p *peers) cannotWrite(to core.Side, err error) {
	p.mu.Lock()
	p.watching.broken[to] = err
	noticed := p.watching.ends[to]
	p.mu.Unlock()
	if noticed {
		p.broke(to, err)
	}
}

// broke ends the session because the connection of a side has broken: the other side is
// shown the same.
func (p *peers) broke(side core.Side, err error) {
	end, e := End{ByClient, "the client reset the connection"}, core.Event{Kind: core.ClientClosed}
	if side == core.Client {
		errors.As(err, &end)
	} else {
		words := plain(err)
		end = End{ServerFailed, "the connection to the server failed: " + words}
		e = core.Event{Kind: core.ServerFailed, Data: []byte(words)}
	}
	p.mu.Lock()
	if p.watching.over.Cause == 0 {
		p.crossLocked(e)
	}
	p.leaving = end
	p.mu.Unlock()
	p.streamsOver(end)
	p.end(across(side)).Reset()
	p.end(side).Reset()
}

// end returns an end as what it is in a watched session.
func (p *peers) end(side core.Side) StreamEnd {
	if side == core.Client {
		return p.client.(StreamEnd)
	}
	return p.server.(StreamEnd)
}

// streamsOver says how the streams ended. The machine still comes to the end of what waits
// for it, as long as it answers.
func (p *peers) streamsOver(end End) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.watching.over.Cause == 0 {
		p.watching.over = end
		p.awaitAnswers()
	}
	p.signal()
}

// decoded ends the decoding: what crosses from now on is told as it crosses. end is how
// another session would have ended.
func (s *supervisor) decoded(end End) {
	s.mu.Lock()
	defer s.mu.Unlock()
	w := s.watching
	for !w.empty() {
		s.tellUnanswered(s.take().batch)
	}
	w.decoding, w.busy = false, false
	s.timers.stopAll()
	if w.gaveUp {
		s.remarkLocked(Remark{Code: Undecoded, Words: fmt.Sprintf("the line mode no longer watches: the streams have ended, and it has answered nothing for %v", DecodeLimit)})
	}
	switch end.Cause {
	case ByMachine, MachineFailed, MachineLost, MachineRefused, NoMachine:
		s.remarkLocked(Remark{Code: Undecoded, Words: "the line mode no longer watches: " + s.told(end).Words})
	case ByServer:
		if w.over.Cause == 0 {
			s.remarkLocked(Remark{Code: Undecoded, Words: "the line mode no longer watches: the server's stream has ended"})
		}
	}
	s.lastWords = ""
}

// tellUnanswered tells the observers of events that the machine was to answer and has not.
// mu is held.
func (p *peers) tellUnanswered(events []wire.Event) {
	for _, e := range events {
		p.tell(p.timeOf(e.N), e, true)
	}
}

// awaitDecoded waits, where a stop was ordered once the streams had ended, until the machine
// has answered them: what it has not answered would lack in the recording. It waits for
// StopLimit at most.
func (p *peers) awaitDecoded(decoding context.Context) {
	p.mu.Lock()
	streamsEnded := p.watching.over.Cause != 0
	p.mu.Unlock()
	if !streamsEnded {
		return
	}
	select {
	case <-time.After(StopLimit):
	case <-decoding.Done():
	}
}

// outlast waits until the streams have ended, and returns how. An order may end it sooner.
func (s *supervisor) outlast(ctx context.Context) End {
	for {
		s.mu.Lock()
		over, halted := s.watching.over, s.halted
		s.mu.Unlock()
		switch {
		case over.Cause != 0:
			return over
		case halted.Cause != 0:
			return halted
		}
		select {
		case <-s.wake:
		case <-ctx.Done():
			return s.ordered()
		}
	}
}

// finishWatched ends a watched session. If its streams have not ended, they are cut.
func (s *supervisor) finishWatched() {
	s.mu.Lock()
	if s.watching.patience != nil {
		s.watching.patience.Stop()
	}
	if words := s.watching.undecoded.words(); words != "" {
		s.remarkLocked(Remark{Code: Undecoded, Words: words})
	}
	for side, n := range s.watching.unkept {
		if n > 0 {
			s.remarkLocked(Remark{Words: fmt.Sprintf("not kept, since no machine has said what of it is secret: %d bytes of the %s's", n, core.Side(side))})
		}
	}
	s.phase = s.phase.on(endDecided)
	s.mu.Unlock()
	if s.machine != nil {
		s.machine.Bye()
	}
	s.server.Close()
	s.client.Cut()
	s.readers.Wait()
}

// resetServer shows the server what the client has done, if it can be shown that.
func (p *peers) resetServer() {
	if end, ok := p.server.(StreamEnd); ok {
		end.Reset()
	}
}

// watched takes note of what an answer of a machine that watches came with.
func (s *supervisor) watched() {
	s.watching.answers.Add(1)
	marked := s.secrets.Marked()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.watching.withhold = s.watching.withhold || marked
	if s.feeder.Dropped() && !s.watching.remarked {
		s.watching.remarked = true
		s.remarkLocked(Remark{Code: Dropped, Words: "dropped what the line mode sent: it only watches"})
	}
}
