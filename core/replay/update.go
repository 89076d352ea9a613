package replay

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/feed"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// ErrUpdate says that a transcript cannot be brought up to date by rewriting
// its actions.
var ErrUpdate = errors.New("not updated")

// Update returns a copy of the golden's transcript with the actions that came
// in the whole replay that r tells of. Events, remarks, comments and times
// stay. A comment above an action that is gone moves to the entry that is now
// in its place.
//
// It refuses with ErrUpdate a file that was cut off, a result with faults, which
// new actions would not mend, and a machine that failed where the file does not
// have it fail: a golden must not keep an accident. Whose machine is meant to
// fail writes << failed by hand.
func (g *Golden) Update(r *Result) (*transcript.Transcript, error) {
	if g.t.CutOff {
		return nil, fmt.Errorf("%w: the file has no newline at its end: if it is whole, end its last line; if it was cut off, what follows is unknown", ErrUpdate)
	}
	if len(r.Faults) > 0 {
		return nil, fmt.Errorf("%w: rewriting actions does not mend line %d: %s", ErrUpdate, r.Faults[0].Line, r.Faults[0].Words)
	}
	for i := range g.events {
		e, came := &g.events[i], r.answers[i].actions
		if feed.Fails(came) && !feed.Fails(e.want) {
			return nil, fmt.Errorf("%w: the machine failed in its answer to line %d: %s; if it is meant to, write << failed below that line", ErrUpdate, e.line, core.CutWords(string(came[len(came)-1].Data), maxFailure))
		}
	}
	t := *g.t
	u := updater{}
	for at, old := 0, g.t.Entries; ; at++ {
		end := 0 // of the entries that follow the event
		for end < len(old) && old[end].Dir != transcript.Event {
			end++
		}
		var actions []core.Action
		if at < len(g.events) {
			actions = r.answers[at].shown()
		}
		u.answer(uint64(at), old[:end], actions)
		if old = old[end:]; len(old) == 0 {
			break
		}
		u.emit(old[0])
		old = old[1:]
	}
	t.Entries = u.entries
	t.Trailing = append(u.comments, g.t.Trailing...)
	return &t, nil
}

// maxFailure bounds what Update's error shows of a machine's last words, in bytes.
const maxFailure = 300

// updater writes entries; comments wait for the next one.
type updater struct {
	entries  []transcript.Entry
	comments []string
}

func (u *updater) emit(e transcript.Entry) {
	if len(u.comments) > 0 {
		e.Comments = append(u.comments, e.Comments...)
		u.comments = nil
	}
	u.entries = append(u.entries, e)
}

// answer writes the actions of event n. An old entry that says the same as one
// of them stays, in order.
func (u *updater) answer(n uint64, old []transcript.Entry, actions []core.Action) {
	entries := transcript.AppendAnswered(nil, n, core.Event{}, actions)
	for _, e := range old {
		if e.Dir != transcript.Action {
			u.emit(e)
			continue
		}
		k := slices.IndexFunc(entries, func(added transcript.Entry) bool { return transcript.Equal(&e, &added) })
		if k < 0 {
			u.comments = append(u.comments, e.Comments...)
			for _, rule := range e.Rules { // they would be about another entry's bytes
				u.comments = append(u.comments, rule.Comments...)
				u.comments = append(u.comments, strings.TrimRight(string(transcript.AppendRule([]byte("# ~~ "), &rule)), "\n"))
			}
			continue
		}
		for _, added := range entries[:k] {
			u.emit(added)
		}
		u.emit(e)
		entries = entries[k+1:]
	}
	for _, added := range entries {
		u.emit(added)
	}
}
