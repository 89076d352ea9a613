package feed_test

import (
	"slices"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/feed"
)

func TestAMachineThatWatchesOnlyShows(t *testing.T) {
	f := feed.Feeder{Watch: true}
	answer := []core.Action{
		act(core.Note, "a"), act(core.Secret, "event 0 1"), act(core.Secret, "action 0 1"),
		act(core.SendServer, "x"), act(core.Secret, "action 0 1"), act(core.Secret, "action 1 2"), act(core.Secret, "event 1 2"),
		act(core.SendText, "x"), act(core.SendBinary, "x"), act(core.ShowPart, "x"), act(core.FinishServer, ""), act(core.AskWorld, "x"),
		act(core.SetTimer, "t"),
	}
	if f.Answer(event(core.ClientBytes, "a"), answer[:3]); f.Dropped() {
		t.Error("notes and secrets were dropped")
	}
	got, end := f.Answer(event(core.ClientBytes, "a"), answer)
	var kinds []core.ActionKind
	for _, a := range got {
		kinds = append(kinds, a.Kind)
	}
	if want := []core.ActionKind{core.Note, core.Secret, core.Secret, core.Secret, core.SetTimer}; !slices.Equal(kinds, want) || string(got[3].Data) != "event 1 2" {
		t.Errorf("what counts is %v, want %v", got, want)
	}
	if !f.Dropped() || f.Finished() || end.Why != feed.GoesOn {
		t.Errorf("dropped %v, finished %v, end %v", f.Dropped(), f.Finished(), end)
	}
}

// Where a machine watches, the copy of what passes through is not its answer.
func TestPassingThroughWhileWatching(t *testing.T) {
	for _, watch := range []bool{false, true} {
		f := feed.Feeder{Watch: watch}
		f.Answer(core.Event{}, []core.Action{{Kind: core.PassThrough, Side: core.Server}})
		e := event(core.ServerBytes, "abc")
		if f.IsPassed(e, nil) != watch || f.IsPassed(e, []core.Action{act(core.Note, "")}) || !f.IsPassed(e, []core.Action{feed.Copy(e)}) {
			t.Errorf("watch %v: what is taken for passed on is wrong", watch)
		}
	}
}
