package conformance

import (
	"bytes"
	"fmt"
	"slices"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/conformance/streams"
)

// starred checks that what a golden keeps secret is kept secret too when the
// letters of the commands around it are of another case. It says something only
// where the machine answers the same but for the case. What stands next to the
// secret comes first; past until the rest is left out.
func (u *suite) starred(seeds []seed, until time.Time) *Finding {
	for i := range seeds {
		sd := &seeds[i]
		for n := lastSecret(sd.steps); n > 0 && time.Now().Before(until); n-- {
			for _, l := range streams.LetterCases {
				events := sd.events()
				if events[n-1].Data = l.OfCommands(sd.steps[n].Event, sd.steps[n].actions); bytes.Equal(events[n-1].Data, sd.steps[n].Data) {
					continue
				}
				h := u.holdAs(sd.session, streams.Ops(events))
				if lost := secretLost(sd.steps, h.steps); lost > 0 {
					return u.shownBy(h.upTo(lost), &Finding{
						File: sd.file, Line: lineOf(sd.fed, lost),
						Words: fmt.Sprintf("a secret goes into recordings when there are %s in %s: the answers are the same, but what is secret in event %d is not said", l.Name, h.upTo(n).last(), lost),
						Do:    "compare a command's letters without regard to their case where it is decided what is secret: a person who writes it so has a secret too",
					})
				}
			}
		}
	}
	return nil
}

// upTo returns the session up to event n.
func (h *session) upTo(n int) *session {
	shorter := *h
	shorter.steps = h.steps[:min(n+1, len(h.steps))]
	return &shorter
}

// lastSecret returns the last step with a secret, or 0.
func lastSecret(steps []step) int {
	for n := len(steps) - 1; n > 0; n-- {
		if slices.ContainsFunc(steps[n].actions, isSecret) {
			return n
		}
	}
	return 0
}

func isSecret(a core.Action) bool { return a.Kind.IsMark() }

// secretLost returns the first step of which want has a secret that got has not,
// while all answers up to there are the same but for the case of letters; else 0.
func secretLost(want, got []step) int {
	for n := range want[:min(len(want), len(got))] {
		if !slices.EqualFunc(withoutSecrets(want[n].actions), withoutSecrets(got[n].actions), equalButCase) {
			return 0
		}
		for _, a := range want[n].actions {
			if isSecret(a) && !slices.ContainsFunc(got[n].actions, a.Equal) {
				return n
			}
		}
	}
	return 0
}

func withoutSecrets(actions []core.Action) []core.Action {
	return slices.DeleteFunc(slices.Clone(actions), isSecret)
}

func equalButCase(a, b core.Action) bool {
	a.Data, b.Data = streams.LetterCases[0].Of(a.Data), streams.LetterCases[0].Of(b.Data)
	return a.Equal(b)
}
