package conformance

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var silent = slog.New(slog.DiscardHandler)

// handler is a machine that is one function.
type handler func(ev core.Event, out *core.Out) error

func (h handler) Handle(ev core.Event, out *core.Out) error { return h(ev, out) }

// inProcesses is a subject with processes of its own: for each of them plugin
// makes the discipline anew.
func inProcesses(plugin func() core.Discipline) Subject {
	process := func() func(context.Context) (*wire.Conn, error) {
		d := plugin()
		return func(context.Context) (*wire.Conn, error) { return wire.Pipe(d, silent), nil }
	}
	return Subject{
		Manifest: plugin().Manifest,
		Open:     process(), // the second: the first one gave the manifest
		Fresh: func(context.Context) (func(context.Context) (*wire.Conn, error), func(), error) {
			return process(), func() {}, nil
		},
	}
}

// discipline is one whose machines open makes.
func discipline(open func(o core.Opening, out *core.Out) core.Machine) core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{Name: "subject", Title: "Subject", Input: core.InputLine, Boundaries: true},
		Open:     func(o core.Opening, out *core.Out) (core.Machine, error) { return open(o, out), nil },
	}
}

// run runs the checks up to the last one named, "" for all.
func run(t *testing.T, s Subject, last string) (found []Finding) {
	t.Helper()
	until := len(checks) - 1
	if last != "" {
		until = checkAt(last)
	}
	return runThese(t, s, checks[:until+1])
}

// runThese runs checks in a bubble of time: the second between two repetitions costs
// nothing.
func runThese(t *testing.T, s Subject, these []check) (found []Finding) {
	t.Helper()
	s.Short = testing.Short()
	synctest.Test(t, func(t *testing.T) {
		var err error
		if found, err = runChecks(context.Background(), s, these, func(Result) {}); err != nil {
			t.Fatal(err)
		}
	})
	return found
}

func checkAt(name string) int {
	return slices.IndexFunc(checks, func(c check) bool { return c.name == name })
}
