package devloop

import (
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/secret"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/wire"
)

// WholeLog is what a session in development may remember, in bytes: a new build
// has to answer for all of it.
const WholeLog = 64 << 20

// Observe returns what tells the loop of a session of its mode: what the machine
// notes, without what is secret, since whoever looks there need not hold the
// session; and which build the session runs on.
func (l *Loop) Observe(id string) session.Observer { return &observer{loop: l, id: id} }

type observer struct {
	session.Ignore
	loop    *Loop
	id      string
	secrets secret.Values
}

func (o *observer) Done(_ time.Duration, e wire.Event, actions []core.Action) {
	o.secrets.Add(actions)
	if o.secrets.Marked() {
		_, actions = o.secrets.Answer(e.Event, actions)
	}
	for _, a := range actions {
		if a.Kind == core.Note {
			level := ""
			if a.Level != core.LevelInfo {
				level = a.Level.String() + ": "
			}
			o.loop.Heard(o.id + " notes: " + level + string(a.Data))
		}
	}
}

func (o *observer) Remarked(_ time.Duration, r session.Remark) {
	switch r.Code {
	case session.Moved:
		o.loop.Moved(o.id)
	case session.Diverged:
		o.loop.Stayed(o.id, r.N, r.Diff)
	case session.Stayed:
		o.loop.Stayed(o.id, 0, r.Words)
	}
}

func (o *observer) Ended(time.Duration, session.End) { o.loop.Ended(o.id) }
