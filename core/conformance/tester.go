package conformance

import (
	"cmp"
	"context"
	"log/slog"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// tester holds sessions with the subject until it cannot be reached, or ctx is
// done. From then on err says why, all machines are lost, and what is found of
// them means nothing: whoever reports a finding asks [tester.failed] first.
type tester struct {
	Subject
	ctx context.Context
	err error
}

// failed returns why no session can be held any more; nil: they can.
func (t *tester) failed() error {
	t.fail(t.ctx.Err())
	return t.err
}

// fail takes note of an error, if it is one and the first.
func (t *tester) fail(err error) { t.err = cmp.Or(t.err, err) }

// open opens a machine. What it does wrong is in its steps.
func (t *tester) open(connect func(context.Context) (*wire.Conn, error), o core.Opening, state []byte) *machine {
	m := &machine{}
	m.To, m.AnyTimer = m, true // whoever feeds it knows which timers run
	m.Knows = t.Manifest.Knows
	reach := func(ctx context.Context) (*wire.Conn, error) {
		if t.failed() == nil {
			conn, err := connect(ctx)
			if err == nil {
				return conn, nil
			}
			t.fail(err)
		}
		closed := wire.Pipe(core.Discipline{}, slog.New(slog.DiscardHandler))
		closed.Close()
		return closed, nil
	}
	_ = m.Open(t.ctx, reach, o, state) // reach returns no error
	return m
}

// play opens a machine as the session's was, feeds it the events and lets it
// go.
func (t *tester) play(connect func(context.Context) (*wire.Conn, error), h *session, events []core.Event) *machine {
	m := t.open(connect, h.opening, h.state)
	m.feed(events...)
	m.Bye()
	return m
}

// fresh starts one more process of the plugin, as [Subject].Fresh does.
func (t *tester) fresh() (connect func(context.Context) (*wire.Conn, error), end func()) {
	connect, end, err := t.Fresh(t.ctx)
	if err != nil {
		t.fail(err)
		return t.Open, func() {}
	}
	return connect, end
}

// broken returns how the session breaks the promise; nil if it does not, or if
// that could not be found out.
func (t *tester) broken(p promise, h *session) *Finding {
	f := p(t, h)
	if t.failed() != nil {
		return nil
	}
	return f
}

// named is a promise with the name of its check.
type named struct {
	name string
	promise
}

// firstBroken returns how the session breaks the first of the promises that it
// does.
func (t *tester) firstBroken(h *session, promises ...named) *Finding {
	for _, c := range promises {
		if f := t.broken(c.promise, h); f != nil {
			f.Check = c.name
			return f
		}
	}
	return nil
}
