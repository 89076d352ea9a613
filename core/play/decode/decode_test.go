package decode

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var manifest = core.Manifest{
	Name: "m", Title: "M", Messages: true, Clients: []string{"messages", "stream"}, Events: []string{"client bytes"},
}

// watcher says each event as a message, and fails at "bad".
type watcher struct{ at [core.Server + 1]int64 }

func (w *watcher) Handle(ev core.Event, out *core.Out) error {
	if string(ev.Data) == "bad" {
		return errors.New("it is bad")
	}
	side, flow := ev.Kind.Side(), core.FromServer
	if side == core.Client {
		flow = core.FromClient
	}
	begin := w.at[side]
	w.at[side] += int64(len(ev.Data))
	out.Server([]byte("which a machine that watches cannot send"))
	out.Message(core.Message{Flow: flow, From: begin, To: w.at[side], Summary: core.CutWords(string(ev.Data), 5)})
	return nil
}

func opened(t *testing.T, open func(o core.Opening, out *core.Out) (core.Machine, error)) (*Decoder, error) {
	t.Helper()
	pipe := func(context.Context) (*wire.Conn, error) {
		return wire.Pipe(core.Discipline{Manifest: manifest, Open: open}, slog.New(slog.DiscardHandler)), nil
	}
	return Open(t.Context(), pipe, manifest, core.Options{"a": "b"}, "h:1")
}

func TestDecode(t *testing.T) {
	var opening core.Opening
	d, err := opened(t, func(o core.Opening, _ *core.Out) (core.Machine, error) {
		opening = o
		return &watcher{}, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	if !opening.Watch || opening.Client != core.Stream || opening.Target != "h:1" || opening.Options["a"] != "b" {
		t.Errorf("it was opened with %+v", opening)
	}
	var all []string
	for _, piece := range []struct {
		from core.Side
		data string
	}{{core.Client, "hi"}, {core.Server, "ho"}, {core.Client, strings.Repeat("x", core.MaxDecodedEvent+1)}} {
		found, err := d.Decode(piece.from, []byte(piece.data))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range found {
			all = append(all, fmt.Sprintf("%v %d-%d %s", m.Flow, m.From, m.To, m.Summary))
		}
	}
	if got := strings.Join(all, ", "); got != "from-client 0-2 hi, from-server 0-2 ho, from-client 2-65538 xxxxx, from-client 65538-65539 x" {
		t.Error(got)
	}
	for range 2 { // it stays so
		if _, err := d.Decode(core.Server, []byte("bad")); err == nil || !strings.Contains(err.Error(), "it is bad") {
			t.Errorf("%v", err)
		}
	}
}

func TestRefusals(t *testing.T) {
	if _, err := opened(t, func(core.Opening, *core.Out) (core.Machine, error) { return nil, errors.New("not so") }); err == nil || !strings.Contains(err.Error(), "not so") {
		t.Errorf("%v", err)
	}
	for _, m := range []core.Manifest{{Name: "m", Clients: manifest.Clients}, {Name: "m", Messages: true}} {
		if _, err := Open(t.Context(), nil, m, nil, ""); err == nil || !strings.Contains(err.Error(), "match field") {
			t.Errorf("%+v: %v", m, err)
		}
	}
}
