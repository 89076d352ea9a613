package compare

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// shout answers the client in capitals.
type shout struct{}

func (shout) Handle(ev core.Event, out *core.Out) error {
	if ev.Kind == core.ClientText {
		out.Text([]byte(strings.ToUpper(string(ev.Data))))
	}
	return nil
}

// modes has one that can go on after the server's end, and one that cannot.
func modes() Modes {
	discipline := func(name string) core.Discipline {
		return core.Discipline{
			Manifest: core.Manifest{Name: name, AfterServerEOF: name == "stays", Seeded: name == "stays"},
			Open: func(o core.Opening, out *core.Out) (core.Machine, error) {
				if !o.Start.IsZero() {
					out.Text([]byte(fmt.Sprint(o.Start.Year(), o.Seed[31])))
				}
				return shout{}, nil
			},
		}
	}
	return Modes{
		Manifest: func(_ context.Context, mode string) (core.Manifest, error) { return discipline(mode).Manifest, nil },
		Open: func(_ context.Context, mode string) (*wire.Conn, func(), error) {
			return wire.Pipe(discipline(mode), slog.New(slog.DiscardHandler)), func() {}, nil
		},
	}
}

// said returns what each run said to each event.
func said(t *testing.T, c *Comparison) []string {
	t.Helper()
	if err := c.Run(t.Context(), modes()); err != nil {
		t.Fatal(err)
	}
	var all []string
	for _, run := range c.Runs {
		if run.Error != "" {
			t.Errorf("%s: %s", run.Mode, run.Error)
		}
		var words []string
		for _, e := range run.Events {
			for _, a := range e.Actions {
				var action struct{ Text string }
				json.Unmarshal(a, &action)
				words = append(words, action.Text)
			}
		}
		all = append(all, strings.Join(words, " "))
	}
	return all
}

// If the client went on after the server's end, a mode that can is fed what came
// then.
func TestAfterTheServersEnd(t *testing.T) {
	const entries = `{"entries":[
		{"n":1,"dir":">>","side":"client","kind":"text","text":"a"},
		{"n":2,"dir":">>","side":"server","kind":"eof"},
		{"n":3,"dir":">>","side":"client","kind":"text","text":"b"}],
		"runs":[{"mode":"stays"},{"mode":"ends"}]`
	for body, want := range map[string]string{
		entries + `,"serverEOF":"stay"}`: "A B,A",
		entries + `}`:                    "A,A",
		entries + `,"seed":"` + strings.Repeat("0", 63) + `7","start":"2026-07-01T12:00:00Z"}`: "2026 7 A,A",
	} {
		c, err := Read(t.Context(), strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Join(said(t, c), ","); got != want {
			t.Errorf("the modes said %q, want %q", got, want)
		}
	}

	recorded, err := transcript.Parse("x", []byte("workbench transcript v1\nmode stays\nserver-eof stay\n\n>> client text \"a\"\n>> server eof\n>> client text \"b\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	c, err := Read(t.Context(), strings.NewReader(`{"transcript":"x","runs":[{"mode":"stays"},{"mode":"ends"}]}`))
	if err != nil {
		t.Fatal(err)
	}
	c.Recorded(recorded)
	if got := strings.Join(said(t, c), ","); got != "A B,A" {
		t.Errorf("of a transcript the modes said %q", got)
	}
	if n := c.FirstDifference(); n == nil || *n != recorded.Entries[2].N {
		t.Errorf("the first difference is at %v", n)
	}
}
