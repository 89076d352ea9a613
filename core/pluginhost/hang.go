package pluginhost

import (
	"time"

	"github.com/protocol-workbench/workbench/core/wire"
)

// The clock of an event. wire.Conn starts it when it sends the event, but the
// sessions of a process take turns. If the process says whose turn it is, the
// time-out of an event starts with its turn, and sessions that wait go on waiting
// while the process answers any of them. A plugin that was built before it could
// say so has its time-out from when each event is sent.

// Bounds of Config.Timeout, after which a process that does not answer is killed.
const (
	DefaultTimeout = 5 * time.Second
	MaxTimeout     = 10 * time.Second
)

// overloadedAfter is how long a session waits for its turn in a process that
// has more to do than it gets done.
const overloadedAfter = time.Second

// ask asks the process how busy it is, and has it killed if an event's turn takes
// longer than the time-out. After the process was stopped for a while, every turn
// looks long, so a turn must have been seen by as many pings as fit the time-out.
// The error says that the process does not answer.
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

// tellWaiting tells sessions of an overloaded process that they wait.
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

// inTurn returns the numbers of the streams whose turn it is; nil if that is not
// known, or if none of them waits for an answer.
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

// mayWait gives a session whose time is over more of it, if the process says whose
// turn it is and has answered another session meanwhile.
func (s *stream) mayWait() bool {
	answers := s.process.answers.Load()
	if s.over.Load() || s.process.load.Load() == nil || answers == s.answers {
		return false
	}
	s.late, s.answers = 0, answers
	return s.Conn.SetReadDeadline(s.part()) == nil
}
