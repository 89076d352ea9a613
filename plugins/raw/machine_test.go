package raw

import (
	"bytes"
	"testing"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/plugins/plugintest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func open(t testing.TB, out *core.Out) core.Machine {
	t.Helper()
	d := Discipline()
	m, err := d.Open(core.Opening{Options: core.Options{}}, out)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestGoldens(t *testing.T) { plugintest.Goldens(t, Discipline(), "../../testdata/raw") }

func TestConformance(t *testing.T) { plugintest.Conformance(t, Discipline(), "../../testdata/raw") }

func TestManifest(t *testing.T) {
	d := Discipline()
	if err := d.Manifest.Validate(); err != nil {
		t.Error(err)
	}
	if d.Manifest.Boundaries || d.Manifest.Input != core.InputBytes {
		t.Errorf("boundaries %v, input %q", d.Manifest.Boundaries, d.Manifest.Input)
	}
}

func TestBothSidesPassFromTheStart(t *testing.T) {
	var out core.Out
	open(t, &out)
	if out.Len() != 2 {
		t.Fatalf("%d opening actions", out.Len())
	}
	for i, side := range []core.Side{core.Client, core.Server} {
		if a := out.Action(i); a.Kind != core.PassThrough || a.Side != side {
			t.Errorf("opening action %d: kind %d, side %s", i, a.Kind, a.Side)
		}
	}
}

// all is every byte.
func all() []byte {
	b := make([]byte, 256)
	for i := range b {
		b[i] = byte(i)
	}
	return b
}

func TestMachine(t *testing.T) {
	for _, tt := range []struct {
		kind core.EventKind
		data []byte
		want core.ActionKind // 0: no action
	}{
		{core.ClientText, []byte("GET /"), core.SendServer},
		{core.ClientBinary, all(), core.SendServer},
		{core.ServerBytes, all(), core.SendBinary},
		{core.ServerBytes, make([]byte, core.MaxEventPayload), core.SendBinary},
		{core.ClientEOF, nil, 0},
		{core.ClientClosed, nil, 0},
		{core.ServerEOF, nil, 0},
		{core.ServerFailed, []byte("connection reset"), 0},
	} {
		checkCopy(t, core.Event{Kind: tt.kind, Data: tt.data}, tt.want)
	}
}

func checkCopy(t *testing.T, ev core.Event, want core.ActionKind) {
	t.Helper()
	var out core.Out
	m := open(t, &out)
	out.Reset()
	if err := m.Handle(ev, &out); err != nil || out.Err() != nil {
		t.Fatalf("event kind %d: %v, %v", ev.Kind, err, out.Err())
	}
	switch {
	case want == 0 && out.Len() != 0, want != 0 && out.Len() != 1:
		t.Errorf("event kind %d: %d actions", ev.Kind, out.Len())
	case want == 0:
	case out.Action(0).Kind != want, !bytes.Equal(out.Action(0).Data, ev.Data):
		t.Errorf("event kind %d is answered with kind %d and %d bytes", ev.Kind, out.Action(0).Kind, len(out.Action(0).Data))
	}
}

func TestCheckpointIsEmpty(t *testing.T) {
	m := open(t, new(core.Out)).(core.Checkpointer)
	state, err := m.Checkpoint(nil)
	if err != nil || len(state) != 0 {
		t.Errorf("checkpoint: %q, %v", state, err)
	}
	if err := m.Restore(state); err != nil {
		t.Error(err)
	}
	if m.Restore([]byte{0}) == nil {
		t.Error("a state that is not empty was restored")
	}
}

func FuzzMachine(f *testing.F) {
	f.Add(uint8(0), []byte("hello\r\n"))
	f.Add(uint8(1), all())
	f.Add(uint8(2), all())
	f.Fuzz(func(t *testing.T, kind uint8, data []byte) {
		kinds := []core.EventKind{core.ClientText, core.ClientBinary, core.ServerBytes}
		wants := []core.ActionKind{core.SendServer, core.SendServer, core.SendBinary}
		checkCopy(t, core.Event{Kind: kinds[kind%3], Data: data}, wants[kind%3])
	})
}

func TestNoAllocation(t *testing.T) {
	var out core.Out
	m, ev := open(t, &out), core.Event{Kind: core.ServerBytes, Data: make([]byte, 64<<10)}
	if allocs := testing.AllocsPerRun(20, func() {
		out.Reset()
		_ = m.Handle(ev, &out)
	}); allocs != 0 {
		t.Errorf("%v allocations", allocs)
	}
}
