package conformance

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var silent = slog.New(slog.DiscardHandler)

// handler is a machine that is one function.
type handler func(ev core.Event, out *core.Out) error

func (h handler) Handle(ev core.Event, out *core.Out) error { return h(ev, out) }

// discipline is one whose machines open makes.
func discipline(open func(o core.Opening, out *core.Out) core.Machine) core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{Name: "subject", Title: "Subject", Input: core.InputLine, Boundaries: true},
		Open:     func(o core.Opening, out *core.Out) (core.Machine, error) { return open(o, out), nil },
	}
}

// run runs the checks up to the last one named, "" for all, in a bubble of
// time: the second between two repetitions costs nothing.
func run(t *testing.T, d core.Discipline, last string) (found []Finding) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		until := len(checks) - 1
		if last != "" {
			until = slices.IndexFunc(checks, func(c check) bool { return c.name == last })
		}
		var err error
		if found, err = runChecks(context.Background(), InProcess(d, silent), checks[:until+1], func(Result) {}); err != nil {
			t.Fatal(err)
		}
	})
	return found
}
