package session

import (
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// record writes an event with its actions, once it is done. The lock is held.
func (s *session) record(e wire.Event, actions []core.Action) {
	if !s.Entries {
		return
	}
	if e.Kind != 0 {
		s.entry(&transcript.Entry{Dir: transcript.Event, N: e.N, Event: e.Event})
	}
	if e.Kind.IsBytes() && s.promised[e.Kind.Side()] && isCopy(e, actions) {
		return
	}
	for _, a := range actions {
		s.entry(&transcript.Entry{Dir: transcript.Action, N: e.N, Action: a})
	}
}

// isCopy reports whether the actions do what passing the event through would.
func isCopy(e wire.Event, actions []core.Action) bool {
	want := core.SendServer
	if e.Kind.Side() == core.Server {
		want = core.SendBinary
	}
	left := e.Data
	for _, a := range actions {
		if a.Kind != want || len(a.Data) > len(left) || string(a.Data) != string(left[:len(a.Data)]) {
			return false
		}
		left = left[len(a.Data):]
	}
	return len(left) == 0
}

func (s *session) remark(words string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remarkLocked(words)
	s.write()
}

func (s *session) remarkLocked(words string) {
	s.entry(&transcript.Entry{Dir: transcript.Remark, Remark: words})
}

// entry shows one entry to a client that wants them.
func (s *session) entry(e *transcript.Entry) {
	if !s.Entries || s.toClient.dead {
		return
	}
	e.Time, e.Timed = time.Since(s.start), true
	m := s.toClient.open()
	m.data = transcript.AppendJSON(m.data, e)
	m.end(true)
}
