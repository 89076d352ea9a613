package devloop

import (
	"slices"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/wire"
)

// What is shown of a session's notes to who develops is no secret of the session's.
func TestDevHearsNoSecrets(t *testing.T) {
	loop := &Loop{board: board{changed: make(chan struct{})}}
	r := loop.Observe("s1")
	note := func(words string) core.Action { return core.Action{Kind: core.Note, Data: []byte(words)} }
	r.Done(0, wire.Event{}, []core.Action{note("hunter2 is free")})
	r.Done(0, wire.Event{N: 1}, []core.Action{note("hunter2 came"), {Kind: core.SecretBytes, Data: []byte("hunter2")}})
	r.Done(0, wire.Event{N: 2}, []core.Action{note("hunter2 again, PIN 1"), {Kind: core.Secret, Data: []byte("action 19 20")}})
	s, _ := loop.State()
	want := []string{"s1 notes: hunter2 is free", "s1 notes: ******* came", "s1 notes: ******* again, PIN *"}
	if !slices.Equal(s.Log, want) {
		t.Errorf("got %q, want %q", s.Log, want)
	}
}

// The loop is told which build a session runs on.
func TestDevHearsOfBuilds(t *testing.T) {
	loop := &Loop{board: board{changed: make(chan struct{})}}
	o := loop.Observe("s1")
	stayed := func(want ...Stayed) {
		t.Helper()
		if s, _ := loop.State(); !slices.Equal(s.Sessions.Stayed, want) {
			t.Errorf("stayed: %v, want %v", s.Sessions.Stayed, want)
		}
	}
	o.Remarked(0, session.Remark{Code: session.Diverged, N: 3, Diff: "diff"})
	stayed(Stayed{"s1", 3, "diff"})
	o.Remarked(0, session.Remark{Code: session.Moved})
	if s, _ := loop.State(); s.Sessions.Moved != 1 {
		t.Error("it did not hear that the session moved")
	}
	stayed()
	o.Remarked(0, session.Remark{Code: session.Stayed, Words: "no process"})
	stayed(Stayed{"s1", 0, "no process"})
	o.Ended(0, session.End{})
	stayed()
}
