package session

import (
	"fmt"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/feed"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// record tells whoever wants to know of an event with its actions, once it is
// done. The lock is held.
func (s *session) record(e wire.Event, actions []core.Action) {
	if !s.Entries && s.recorder == nil {
		return
	}
	at := time.Since(s.start)
	if s.feeder.PassesOn(e.Event) && feed.IsCopy(e.Event, actions) {
		actions = nil
	}
	if s.recorder != nil {
		s.recorder.Done(at, e, actions)
	}
	if e.Kind != 0 {
		s.entry(&transcript.Entry{Dir: transcript.Event, N: e.N, Time: at, Event: e.Event})
	}
	for _, a := range actions {
		s.entry(&transcript.Entry{Dir: transcript.Action, N: e.N, Time: at, Action: a})
	}
}

// unanswered records that events came which were not answered, because the
// machine or the workbench ended: as remarks, since a replay would wait for
// their answers, and without their payload, since no machine has said what of it
// is a secret.
func (s *session) unanswered(events []wire.Event) {
	if s.recorder == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, e := range events {
		s.recorder.Remark(time.Since(s.start), notAnswered(e))
	}
}

func notAnswered(e wire.Event) string {
	name := "the opening"
	if e.Kind != 0 {
		name = transcript.Name(transcript.Entry{Dir: transcript.Event, Event: e.Event})
	}
	return fmt.Sprintf("not answered: %s, %d bytes", name, len(e.Data))
}

func (s *session) endRecord(end End) {
	if s.recorder != nil {
		s.recorder.End(time.Since(s.start), end.Words)
	}
}

// covered returns the words with which an answer ended the session, without what
// is secret.
func (s *session) covered(e core.Event, actions []core.Action, words string) string {
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
func (s *session) told(end End) End {
	if s.tell != "" {
		return End{end.Cause, s.tell}
	}
	return End{end.Cause, s.secrets.Words(end.Words)}
}

func (s *session) remark(words string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remarkLocked(words)
	s.write()
}

func (s *session) remarkLocked(words string) {
	at := time.Since(s.start)
	if s.recorder != nil {
		s.recorder.Remark(at, words)
	}
	s.entry(&transcript.Entry{Dir: transcript.Remark, Time: at, Remark: words})
}

// waits remarks that the plugin is busy, while this session waits for its turn.
func (s *session) waits(l wire.Load) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.began || s.over || time.Since(s.toldWait) < WaitsEvery {
		return
	}
	s.toldWait = time.Now()
	s.remarkLocked(fmt.Sprintf("the plugin is busy: %d sessions wait for their turn, the first of them for %v", l.Waiting, l.Longest.Round(100*time.Millisecond)))
	s.write()
}

// entry shows one entry to a client that wants them.
func (s *session) entry(e *transcript.Entry) {
	if !s.Entries || s.toClient.dead {
		return
	}
	e.Timed = true
	m := s.toClient.open()
	m.data = transcript.AppendJSON(m.data, e)
	m.end(true)
}
