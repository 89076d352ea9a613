package conformance

import (
	"bytes"
	"context"
	"log/slog"
	"runtime"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Subject is the line mode under test.
type Subject struct {
	Manifest core.Manifest
	// Open returns a connection to a new machine, on which Open was not called
	// yet. Whoever called it closes it. Several may be open at once. After the
	// death of a plugin's process it gives a machine in a new one.
	Open func(context.Context) (*wire.Conn, error)
	// Fresh starts one more process of the plugin. open gives machines in it, the
	// first of which is the first that it ever opened; end ends it. nil: all
	// machines are in one process.
	Fresh func(context.Context) (open func(context.Context) (*wire.Conn, error), end func(), err error)
	// OpenScribbling is as Open, but the machine's event data is overwritten as
	// soon as Handle has returned. nil: kept memory is not checked.
	OpenScribbling func(context.Context) (*wire.Conn, error)
	// Memory returns how many bytes the plugin holds now, all sessions
	// together. nil: the memory bound is not checked.
	Memory func() (uint64, error)
	// Garbage is by how many bytes Memory may be over what is really held: 0
	// where it counts exactly, some 32 MiB for the resident memory of a process
	// that collects its garbage in its own time.
	Garbage uint64
	// Seeds are sessions of the author's that Run starts from too.
	Seeds Seeds
	// Short asks for few trials where there are many alike: of large events, of
	// repetitions, of cuts at random, of places to resume at and of changed goldens; for
	// floods of three shapes instead of six, no longer than shows that too much is held
	// or, where memory is counted exactly, that it does not grow. No check is left out.
	Short bool
	// Counted makes a copy of the plugin that counts what of its code is executed.
	// nil: it is not known.
	Counted func(context.Context) (*Counted, error)
}

// InProcess is the subject of a discipline in this process. Its memory is the
// whole heap's growth: while the memory check runs, no other test should.
// Panics in the machine are logged to log with their stacks.
func InProcess(d core.Discipline, log *slog.Logger) Subject {
	open := func(after func([]byte)) func(context.Context) (*wire.Conn, error) {
		return func(context.Context) (*wire.Conn, error) {
			return wire.Pipe(lending(d, after), log), nil
		}
	}
	return Subject{
		Manifest: d.Manifest,
		Open:     open(func([]byte) {}),
		OpenScribbling: open(func(data []byte) {
			for i := range data {
				data[i] ^= 0xA5
			}
		}),
		Memory: func() (uint64, error) {
			runtime.GC() // twice: pools let go of their buffers at the second
			runtime.GC()
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			return m.HeapAlloc, nil
		},
	}
}

// lending gives each event and each state memory of its own, and hands it to
// after when the machine's time with it is over.
func lending(d core.Discipline, after func([]byte)) core.Discipline {
	if d.Open == nil {
		return d
	}
	open := d.Open
	d.Open = func(o core.Opening, out *core.Out) (core.Machine, error) {
		m, err := open(o, out)
		if err != nil || m == nil {
			return nil, err
		}
		b := borrower{m, after}
		if c, ok := m.(core.Checkpointer); ok {
			return checkpointer{b, c}, nil
		}
		return b, nil
	}
	return d
}

type borrower struct {
	core.Machine
	after func([]byte)
}

func (b borrower) Handle(ev core.Event, out *core.Out) error {
	ev = ev.Clone()
	err := b.Machine.Handle(ev, out)
	b.after(ev.Data)
	return err
}

// Quiet asks what the machine does, if it asks.
func (b borrower) Quiet() time.Duration {
	if q, ok := b.Machine.(core.QuietAsker); ok {
		return q.Quiet()
	}
	return 0
}

type checkpointer struct {
	borrower
	core.Checkpointer
}

func (c checkpointer) Restore(state []byte) error {
	state = bytes.Clone(state)
	err := c.Checkpointer.Restore(state)
	c.after(state)
	return err
}
