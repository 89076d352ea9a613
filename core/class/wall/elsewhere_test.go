package wall

import (
	"encoding/json"
	"reflect"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/class"
)

// tell has the wall of one workbench told what another sees, as it comes over the wire.
func (a *anna) tell(t *testing.T, to *anna, after time.Duration) {
	t.Helper()
	text, err := json.Marshal(a.Seen([]class.Student{a.of}, start.Add(after)))
	if err != nil {
		t.Fatal(err)
	}
	var seen []Seen
	if err := json.Unmarshal(text, &seen); err != nil {
		t.Fatal(err)
	}
	to.SeenElsewhere("there", seen, start.Add(after))
}

// What is seen of a student at the workbench where she is, all see; her hand is the class's.
func TestSeenElsewhere(t *testing.T) {
	here, there := newAnna(), newAnna()
	here.s.Was(start, reached(0), 1) // as the folder of this workbench has it
	there.tell(t, here, 0)
	if got := here.tile(0); got.State != Away || len(here.elsewhere) != 0 {
		t.Errorf("of a student who was seen nowhere there is %+v", got)
	}
	there.came(1 * sec)
	there.opened(2*sec, reached(2))
	s := there.s.Session("s1", "raw", "x:1")
	s.Kept("k1")
	s.Began(start.Add(3 * sec))
	s.Done(start.Add(4*sec), core.Event{Kind: core.ServerBytes, Data: []byte("hello\n")}, nil)
	there.tell(t, here, 5*sec)
	want := there.tile(5 * sec)
	want.Sessions[0].Workbench = "there"
	if got := here.tile(6 * sec); !reflect.DeepEqual(got, want) {
		t.Errorf("here %+v\nthere %+v", got, want)
	}
	hand := start.Add(7 * sec)
	here.of.Hand = hand
	if got := here.tile(8 * sec); got.State != Hand || !got.Since.Equal(hand) || got.Hand == nil || got.Line == nil {
		t.Errorf("with her hand up she is %+v", got)
	}
	here.of.Hand = time.Time{}

	there.left(9 * sec) // her workbench has died, and she comes here
	there.tell(t, here, 9*sec)
	here.came(10 * sec)
	own := here.s.Session("s2", "raw", "x:1")
	own.Kept("k2")
	own.Began(start.Add(11 * sec))
	if got := here.tile(12 * sec); !got.Here || got.State != Working || len(got.Sessions) != 2 || got.Sessions[0].Workbench != "" || got.Sessions[1].Workbench != "there" {
		t.Errorf("where she comes to she is %+v", got)
	}
	if got := here.tile(12*sec + ElsewhereLife); len(got.Sessions) != 1 || len(here.elsewhere["anna"]) != 0 {
		t.Errorf("of a workbench that tells nothing any more there is %+v", got)
	}
}

// A student who was removed is seen no more.
func TestRemovedElsewhere(t *testing.T) {
	here, there := newAnna(), newAnna()
	there.came(0)
	there.tell(t, here, sec)
	here.Remove("anna")
	if got := here.tile(sec); got.Here || len(here.elsewhere) != 0 {
		t.Errorf("there is %+v", got)
	}
}
