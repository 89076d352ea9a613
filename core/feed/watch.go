package feed

import (
	"slices"
	"strings"

	"github.com/protocol-workbench/workbench/core"
)

// watches has the kinds of action that a machine may answer with that only watches. Close
// and Failed end its watching, and nothing else.
var watches = map[core.ActionKind]bool{
	core.Note: true, core.Decoded: true, core.SetTimer: true, core.StopTimer: true, core.PassThrough: true,
	core.Secret: true, core.SecretBytes: true, core.Close: true, core.Failed: true,
}

// allowed returns those of the actions that a machine may answer with.
func (f *Feeder) allowed(actions []core.Action) []core.Action {
	if !f.Watch || !slices.ContainsFunc(actions, forbidden) {
		return actions
	}
	f.dropped = true
	var left []core.Action
	above := false // the action above was dropped
	for _, a := range actions {
		span := a.Kind == core.Secret && strings.HasPrefix(string(a.Data), "action")
		switch {
		case forbidden(a):
			above = true
		case span && above: // it is of what was dropped
		default:
			left = append(left, a)
			above = above && span
		}
	}
	return left
}

func forbidden(a core.Action) bool { return !watches[a.Kind] }

// Dropped reports whether actions of a machine that watches were dropped.
func (f *Feeder) Dropped() bool { return f.dropped }
