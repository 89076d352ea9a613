package replay

import (
	"testing"

	"github.com/protocol-workbench/workbench/core"
)

func note(words string) core.Action   { return core.Action{Kind: core.Note, Data: []byte(words)} }
func failed(words string) core.Action { return core.Action{Kind: core.Failed, Data: []byte(words)} }
func text(words string) core.Action   { return core.Action{Kind: core.SendText, Data: []byte(words)} }
func send(words string) core.Action   { return core.Action{Kind: core.SendServer, Data: []byte(words)} }
func binary(words string) core.Action { return core.Action{Kind: core.SendBinary, Data: []byte(words)} }

func TestOutcomes(t *testing.T) {
	pass := core.Action{Kind: core.PassThrough, Side: core.Server}
	for _, tt := range []struct {
		name       string
		a, b       []core.Action
		boundaries bool
		want       bool
	}{
		{"messages count", []core.Action{text("ab")}, []core.Action{text("a"), text("b")}, true, false},
		{"bytes count", []core.Action{text("ab")}, []core.Action{text("a"), text("b")}, false, true},
		{"kinds count", []core.Action{text("ab")}, []core.Action{text("a"), binary("b")}, false, false},
		{"lists do not mix", []core.Action{note("n"), text("a")}, []core.Action{text("a"), note("n")}, true, true},
		{"the rest has an order", []core.Action{note("m"), note("n")}, []core.Action{note("n"), note("m")}, true, false},
		{"passed through", []core.Action{text("a"), pass, binary("bc")}, []core.Action{text("a"), pass, binary("b"), binary("c")}, true, true},
		{"not passed through", []core.Action{binary("bc")}, []core.Action{binary("b"), binary("c")}, true, false},
		{"datagrams count", []core.Action{send("ab")}, []core.Action{send("a"), send("b")}, true, false},
		{"an empty one counts", []core.Action{send("a"), send("")}, []core.Action{send("a")}, true, false},
		{"a stream has none", []core.Action{send("ab"), send("")}, []core.Action{send("a"), send("b")}, false, true},
		{"a failure voids", []core.Action{text("a"), failed("f")}, []core.Action{text("a"), text("b"), note("n"), failed("f")}, true, true},
		{"not what was before", []core.Action{text("b"), failed("f")}, []core.Action{text("a"), text("b"), failed("f")}, true, false},
		{"nor its words", []core.Action{failed("f")}, []core.Action{failed("g")}, true, false},
	} {
		a, b := outcome{run: true}, outcome{run: true}
		whole := sides{core.Client: tt.boundaries, core.Server: tt.boundaries}
		a.add(answer{actions: tt.a, fed: true}, whole)
		for _, action := range tt.b {
			b.add(answer{actions: []core.Action{action}, fed: true}, whole)
		}
		a.settle()
		b.settle()
		if a.same(&b) != tt.want || b.same(&a) != tt.want {
			t.Errorf("%s: same is %v", tt.name, !tt.want)
		}
	}
}

// The stream may carry actions of an answer that then fails; they are void.
func TestFailedVoidsItsAnswer(t *testing.T) {
	var got []core.Action
	p := &play{
		g:    &Golden{events: make([]event, 1)},
		take: func(_ int, _ core.Event, a answer) { got = a.actions },
	}
	p.Answered(0, core.Event{}, []core.Action{text("a"), note("n"), failed("f")})
	if len(got) != 1 || got[0].Kind != core.Failed {
		t.Errorf("%d actions came", len(got))
	}
}
