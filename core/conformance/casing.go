package conformance

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

// starred checks that what a golden keeps secret is kept secret too when the
// letters of the commands around it are of another case. It says something only
// where the machine answers the same but for the case. What stands next to the
// secret comes first; past until the rest is left out.
func (u *suite) starred(ctx context.Context, r *Result, seeds []seed, until time.Time) error {
	for i := range seeds {
		sd := &seeds[i]
		last := lastSecret(sd.steps)
		for n := last; n > 0 && time.Now().Before(until); n-- {
			for _, l := range letterCases {
				events := sd.events()
				if events[n-1].Data = l.ofCommands(&sd.steps[n]); bytes.Equal(events[n-1].Data, sd.steps[n].Data) {
					continue
				}
				h, err := u.s.holdAs(ctx, sd.session, asOps(events))
				if err != nil {
					return err
				}
				if lost := secretLost(sd.steps, h.steps); lost > 0 {
					shown := h.upTo(n)
					r.Findings = append(r.Findings, Finding{
						File: sd.file, Line: sd.lines[lost-1],
						Words:   fmt.Sprintf("a secret goes into recordings when there are %s in %s: the answers are the same, but what is secret in event %d is not said", l.name, shown.last(), lost),
						Do:      "compare a command's letters without regard to their case where it is decided what is secret: a person who writes it so has a secret too",
						Session: h.upTo(lost).text(u.s.Manifest.Name),
					})
					return nil
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

// ofCommands returns the event's text in the other case, but for what is secret
// of it and for what stands in quotes or between < and >: names in JSON and in
// XML are others in another case, and need not be secret. What is no text stays.
func (l letterCase) ofCommands(s *step) []byte {
	if !s.Kind.IsBytes() || !utf8.Valid(s.Data) || bytes.IndexByte(s.Data, 0) >= 0 {
		return s.Data
	}
	data := l.of(s.Data)
	for _, a := range s.actions {
		switch span, err := core.ParseSpan(string(a.Data)); {
		case a.Kind == core.Secret && err == nil && !span.OfAction:
			copy(span.Of(data), span.Of(s.Data))
		case a.Kind == core.SecretBytes:
			for from := 0; ; from++ {
				i := bytes.Index(s.Data[from:], a.Data)
				if i < 0 {
					break
				}
				from += i
				copy(data[from:], a.Data)
			}
		}
	}
	closed := byte(0) // what ends the quotes that are open
	for i, c := range s.Data {
		switch {
		case c == closed || c == '\n':
			closed = 0
		case closed != 0:
			data[i] = c
		case c == '"' || c == '\'':
			closed = c
		case c == '<':
			closed = '>'
		}
	}
	return data
}

// secretLost returns the first step of which want has a secret that got has not,
// while all answers up to there are the same but for the case of letters; else 0.
func secretLost(want, got []step) int {
	for n := range want[:min(len(want), len(got))] {
		secrets, rest := apartFrom(want[n].actions)
		now, restNow := apartFrom(got[n].actions)
		if !slices.EqualFunc(rest, restNow, equalButCase) {
			return 0
		}
		for _, a := range secrets {
			if !slices.ContainsFunc(now, a.Equal) {
				return n
			}
		}
	}
	return 0
}

func apartFrom(actions []core.Action) (secrets, rest []core.Action) {
	for _, a := range actions {
		if isSecret(a) {
			secrets = append(secrets, a)
		} else {
			rest = append(rest, a)
		}
	}
	return secrets, rest
}

func equalButCase(a, b core.Action) bool {
	a.Data, b.Data = letterCases[0].of(a.Data), letterCases[0].of(b.Data)
	return a.Equal(b)
}
