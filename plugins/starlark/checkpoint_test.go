package starlark

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"go.starlark.net/starlark"

	"github.com/protocol-workbench/workbench/core"
)

// values has a state of every type, a list that may change, and a table of the
// script's own that may not.
const values = `
TABLE = {"deep": [1, [2]]}
EMPTY = []
NONE = set()
def open(options, target, out):
    return {
        "z": None, "a": [True, False, 0, -1, 1 << 62, 1 << 200, -(1 << 200), 1.5, -0.0, float("nan"), float("inf")],
        b"bytes": b"\x00\xff", "text" + str(b"\xff"): "é", (1, ("x",)): (), 3: set([3, 1, 2]), "dict": {}, "list": [],
        "table": TABLE, "again": TABLE["deep"], "empty": EMPTY, "none": NONE,
    }
def handle(state, event, out):
    state["a"].append(event.text)
    state[event.text] = [event.text]
    if event.text == "change":
        state["again"].append(1)
    if event.text == "fill":
        state["empty"].append(1)
    out.note(repr(state))
`

// A restored machine answers as the one that wrote the state, orders, types and
// what is frozen among it.
func TestCheckpoint(t *testing.T) {
	a, b := open(t, values), open(t, values)
	for _, text := range []string{"q", "w", "e"} {
		answer(t, a, text)
		state, err := a.(core.Checkpointer).Checkpoint([]byte("before"))
		if err != nil {
			t.Fatal(err)
		}
		if err := b.(core.Checkpointer).Restore(state[len("before"):]); err != nil {
			t.Fatal(err)
		}
		if x, y := answer(t, a, text), answer(t, b, text); x != y {
			t.Errorf("the original says\n%s\nthe restored\n%s", x, y)
		}
	}
	for _, text := range []string{"change", "fill"} {
		if x, y := fails(t, a, text), fails(t, b, text); x != y || !strings.Contains(x, "frozen") {
			t.Errorf("%s: the original says %s, the restored %s", text, x, y)
		}
	}
}

func TestNoCheckpoint(t *testing.T) {
	for body, want := range map[string]string{
		"    state['f'] = lambda: 1":                                    "the state holds a value of type function",
		"    state['e'] = event":                                        "the state holds a value of type event",
		"    state['l'] = [out]":                                        "the state holds a value of type out",
		"    state['l'] = (range(3),)":                                  "the state holds a value of type range",
		"    l = [1]\n    state['a'] = l\n    state['b'] = l":           "the state holds the same list in two places",
		"    d = {}\n    state['a'] = (d, d)":                           "the state holds the same dict in two places",
		"    state['s'] = state":                                        "the state holds the same dict in two places",
		"    state['s'] = 'a' * (1 << 20)":                              "the state has over 1048576 bytes",
		"    state['s'] = [None] * (1 << 20)":                           "the state has over 1048576 bytes",
		"    l = []\n    for _ in range(70): l = [l]\n    state[1] = l": "the state is nested over 64 deep",
	} {
		m := open(t, "def handle(state, event, out):\n"+body)
		m.Handle(core.Event{Kind: core.ClientText}, new(core.Out)) // a state nested too deep may be an error
		got, err := m.(core.Checkpointer).Checkpoint([]byte("x"))
		if !errors.Is(err, core.ErrNoCheckpoint) || !strings.HasSuffix(err.Error(), want) || string(got) != "x" {
			t.Errorf("%s: %v, %d bytes", body, err, len(got))
		}
	}
}

// What the largest state that has a checkpoint is made of does not matter.
func TestLargestCheckpoint(t *testing.T) {
	m := open(t, "def handle(state, event, out):\n    return b'a' * ((1 << 20) - 5)")
	answer(t, m, "")
	state, err := m.(core.Checkpointer).Checkpoint(nil)
	if err != nil || len(state) != core.MaxCheckpoint {
		t.Fatal(len(state), err)
	}
	if err := m.(core.Checkpointer).Restore(state); err != nil {
		t.Error(err)
	}
	if err := m.(core.Checkpointer).Restore(append(state, 0)); err == nil {
		t.Error("a byte too many was taken")
	}
}

// Any bytes are refused or are the one encoding of a state. A state that was
// refused leaves the machine as it was.
func FuzzRestore(f *testing.F) {
	m := open(f, values).(*machine)
	state, err := m.Checkpoint(nil)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(state)
	for _, s := range []string{"", "\x01", "\x01n", "\x02n", "\x01[\x03ntf", "\x01{\x01i\x02s\x01a", "\x01<\x02i\x02i\x02", "\x01(\xff\xff\xff\xff\x0f",
		"\x01!!!!!!n", "\x01![\x00", "\x01i\x80\x00", "\x01I\x00\x00", "\x01{\x01[\x00n", "\x01" + strings.Repeat("[\x01", 100)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		m := &machine{state: starlark.None}
		if err := m.Restore(data); err != nil {
			if !errors.Is(err, errCheckpoint) || m.state != starlark.None {
				t.Fatal(err, m.state)
			}
			return
		}
		again, err := m.Checkpoint(nil)
		if err != nil || !bytes.Equal(again, data) {
			t.Fatalf("%q became %q, %v", data, again, err)
		}
	})
}
