package conformance

import (
	"slices"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/drive"
	"github.com/protocol-workbench/workbench/core/feed"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// machine is one machine, driven as a session drives it.
type machine struct {
	drive.Machine
	drop  bool   // answers are not kept
	steps []step // what happened; the opening is the first
	lost  error  // why there was no answer

	refused string // why the workbench does not obey the last answer
}

// step is an event and its answer. The opening is of no kind.
type step struct {
	core.Event
	actions []core.Action
}

// feed feeds events until the session is over.
func (m *machine) feed(events ...core.Event) {
	for _, ev := range events {
		if m.Over {
			return
		}
		m.Feed(0, ev)
	}
	m.Flush()
}

// Answered takes the answer to one event.
func (m *machine) Answered(_ int, ev core.Event, actions []core.Action) (over bool) {
	actions, end := m.Answer(ev, actions)
	if end.Why == feed.MachineFailed && !feed.Fails(actions) {
		m.refused = end.Words
	}
	if !m.drop {
		m.steps = append(m.steps, step{ev.Clone(), core.CloneActions(actions)})
	}
	return end.Why != feed.GoesOn
}

// Left takes no note of what counts as never fed.
func (m *machine) Left(int) {}

// Lost takes note of why an event has no answer.
func (m *machine) Lost(_ int, ev core.Event, err error) {
	m.lost = err
	m.steps = append(m.steps, step{Event: ev.Clone()})
}

// failed returns the words with which the machine failed, or "".
func failed(steps []step) string {
	if len(steps) > 0 {
		for _, a := range steps[len(steps)-1].actions {
			if a.Kind == core.Failed {
				return string(a.Data)
			}
		}
	}
	return ""
}

func equalSteps(a, b []step) bool {
	return slices.EqualFunc(a, b, func(a, b step) bool {
		return a.Kind == b.Kind && slices.EqualFunc(a.actions, b.actions, core.Action.Equal)
	})
}

// diff shows how got differs from want, which are answers to the same events.
func diff(want, got []step) string {
	return transcript.Diff(entries(want), entries(got))
}

func entries(steps []step) []transcript.Entry {
	var all []transcript.Entry
	for n, s := range steps {
		all = transcript.AppendAnswered(all, uint64(n), s.Event, s.actions)
	}
	return all
}
