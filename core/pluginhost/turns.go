package pluginhost

import (
	"time"

	"github.com/protocol-workbench/workbench/core/wire"
)

// The clock of an event. wire.Conn's begins when the event is sent, and the
// sessions of a process take turns. So a process that says whose turn it is has
// its time-out from there; and for those that wait, as long as it answers any.
// One that was built before it could say so has its time-out for each event as
// it is sent.

// overloadedAfter is how long a session waits for its turn in a process that
// has more to do than it gets done.
const overloadedAfter = time.Second

// ask asks the process how busy it is, and has it killed when an event's turn
// takes longer than the time-out. After a stop of the process any turn looks
// long, so it has to have been seen as often as that takes. The error says that
// the process does not answer.
func (p *process) ask() error {
	l, err := p.way.ping()
	if err != nil || l == nil {
		return err
	}
	p.load.Store(l)
	seen := make(map[uint32]int, len(l.Serving))
	for _, s := range l.Serving {
		if s.For >= pingEvery {
			seen[s.Stream] = p.turns[s.Stream] + 1
		}
		if s.For > p.timeout && seen[s.Stream] >= int(p.timeout/pingEvery) {
			p.hangs("to answer an event")
		}
	}
	p.turns = seen
	return nil
}

// overload returns nil while the process keeps up.
func (p *process) overload() *wire.Load {
	if l := p.load.Load(); l != nil && l.Longest >= overloadedAfter {
		return l
	}
	return nil
}

// tellWaiting tells the sessions that wait in a process that is overloaded.
func (p *process) tellWaiting() {
	load, since := p.overload(), time.Now().Add(-overloadedAfter).UnixNano()
	if load == nil {
		return
	}
	p.mu.Lock()
	var waiting []*wire.Conn
	for s := range p.sessions {
		if asked := s.asked.Load(); asked != 0 && asked < since {
			waiting = append(waiting, s.frames)
		}
	}
	p.mu.Unlock()
	for _, c := range waiting {
		c.Waits(*load)
	}
}

// inTurn returns the numbers of the streams whose turn it is, or nil where that
// is not known: it has to be that of one that waits for an answer.
func (p *process) inTurn() map[uint32]bool {
	l := p.load.Load()
	if l == nil {
		return nil
	}
	all := map[uint32]bool{}
	for _, s := range l.Serving {
		all[s.Stream] = true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for s := range p.sessions {
		if all[s.number] && s.asked.Load() != 0 {
			return all
		}
	}
	return nil
}

// mayWait gives a session whose time is over more of it, if its process says
// whose turn it is and has answered another meanwhile.
func (s *stream) mayWait() bool {
	answers := s.process.answers.Load()
	if s.over.Load() || s.process.load.Load() == nil || answers == s.answers {
		return false
	}
	s.late, s.answers = 0, answers
	return s.Conn.SetReadDeadline(s.part()) == nil
}
