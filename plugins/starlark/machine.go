package starlark

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"go.starlark.net/starlark"
	"go.starlark.net/starlarkstruct"

	"github.com/protocol-workbench/workbench/core"
)

// MaxState is how many bytes the state of a session may have, each value
// counting valueSize beside its payload. It is measured now and then, so a
// state may be larger for a few events.
const (
	MaxState  = 8 << 20
	valueSize = 32
)

var (
	_ core.Checkpointer = (*machine)(nil)
	_ core.QuietAsker   = (*machine)(nil)
)

type machine struct {
	script *script
	run    *runner
	state  starlark.Value
	out    output
	quiet  time.Duration // that open asked for
	size   sizer
	args   [3]starlark.Value // of handle, which takes no more and keeps none
}

func (s *script) openMachine(o core.Opening, out *core.Out) (core.Machine, error) {
	m := &machine{script: s, run: newRunner(s.name)}
	if s.open == nil {
		m.state = new(starlark.Dict)
		return m, nil
	}
	options := optionValues(&s.manifest, o.Options)
	m.out.quiet = &m.quiet
	defer func() { m.out.quiet = nil }()
	args := starlark.Tuple{options, starlark.String(o.Target), &m.out, sessionValue(o)}
	state, err := m.call(s.open, out, 0, args[:s.open.NumParams()])
	if err != nil {
		return nil, err
	}
	if state == starlark.None {
		state = new(starlark.Dict)
	}
	m.state = state
	return m, m.checkState(0)
}

// sessionValue returns what else a script is told of how its session was opened.
func sessionValue(o core.Opening) starlark.Value {
	serverEOF := "end"
	if o.ServerEOFStays {
		serverEOF = "stay"
	}
	return starlarkstruct.FromStringDict(starlark.String("session"), starlark.StringDict{
		"client": starlark.String(o.Client.String()), "server": starlark.String(o.Server.String()),
		"watch": starlark.Bool(o.Watch), "server_eof": starlark.String(serverEOF),
		"seed": starlark.Bytes(o.Seed[:]), "start": starlark.String(core.FormatStart(o.Start)), "start_ns": nanoseconds(o.Start),
	})
}

// Quiet returns what the script's open asked for.
func (m *machine) Quiet() time.Duration { return m.quiet }

// Handle calls the script's handle. What it returns becomes the state, unless
// that is None: then the state stays what it is, changed in place or not.
func (m *machine) Handle(ev core.Event, out *core.Out) error {
	m.args = [3]starlark.Value{m.state, newEvent(ev, m.script.manifest.Commands), &m.out}
	state, err := m.call(m.script.handle, out, len(ev.Data), m.args[:])
	if err != nil {
		return err
	}
	if state != starlark.None {
		m.state = state
	}
	return m.checkState(len(ev.Data))
}

func (m *machine) call(f *starlark.Function, out *core.Out, received int, args starlark.Tuple) (starlark.Value, error) {
	m.out.to = out
	m.run.begin(received)
	v, err := starlark.Call(&m.run.thread, f, args, nil)
	m.run.end()
	m.out.to = nil
	if err != nil {
		backtrace, err := sessionError(m.script.name, err)
		said := err.Error()
		if m.out.marked { // what it says may be the secret
			said = "left out: the script has marked a secret"
			backtrace, _, _ = strings.Cut(backtrace, "\nError")
		}
		slog.Error("a script failed", "script", m.script.name, "error", core.Words(said), "backtrace", core.Words(backtrace))
		return nil, err
	}
	return v, nil
}

// checkState measures the state when it is due.
func (m *machine) checkState(received int) error {
	if m.size.due(int(m.run.thread.Steps)+received) && m.size.measure(m.state) > MaxState {
		return fmt.Errorf("%s: the state of the session has over %d MiB, holds itself, or is nested over %d deep; keep less in it",
			m.script.name, MaxState>>20, maxNested)
	}
	return nil
}

// sizer measures a state at no more than the cost of what was done since: after as
// many steps and received bytes as the state had values, or after 64 events, since
// one step can make many values.
type sizer struct {
	values int // at the last measure
	done   int // since: steps and bytes
	events int // since
}

func (s *sizer) due(done int) bool {
	s.done += done
	s.events++
	return s.done >= max(s.values, 4096) || s.events >= 64
}

func (s *sizer) measure(state starlark.Value) (size int) {
	size, values := stateSize(state)
	*s = sizer{values: values}
	return size
}
