package gateway

import (
	"encoding/json"
	"log/slog"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/wire"
)

// recording records a session from when its target was reached.
type recording struct {
	all    *store.Recordings
	header store.Header
	told   map[string]any // what the client is told first: with the transcript's ID
	into   *store.Recorder
}

var _ session.Observer = (*recording)(nil)

func (r *recording) Began(b session.Beginning) {
	r.header.Quiet, r.header.Opening = b.Quiet, b.Opening
	r.into = r.all.Start(r.header, func(code, words string, now store.State) {
		b.Remark(session.Remark{Code: session.RemarkCode(code), Words: words, Recording: asJSON(now)})
	})
	r.told["transcript"], r.told["recording"] = r.into.ID(), standing{r.into}
}

// standing is how a recording stands when somebody is told.
type standing struct{ of *store.Recorder }

func (s standing) MarshalJSON() ([]byte, error) { return asJSON(s.of.State()), nil }

func asJSON(s store.State) []byte {
	text, _ := json.Marshal(s) // strings and numbers always can be
	return text
}

func (r *recording) Done(at time.Duration, e wire.Event, actions []core.Action) {
	r.into.Done(at, e, actions)
}

func (r *recording) Remarked(at time.Duration, remark session.Remark) {
	if r.into != nil {
		r.into.Remark(at, remark.Words)
	}
}

func (r *recording) Ended(at time.Duration, end session.End) {
	if r.into != nil {
		r.into.End(at, end.Words)
	}
}

// logging tells the log of a session's beginning and of recoveries.
type logging struct {
	session.Ignore
	log *slog.Logger
}

func (l *logging) Began(b session.Beginning) {
	l.log.Info("session began", "address", b.Address)
}

func (l *logging) Remarked(_ time.Duration, r session.Remark) {
	if r.Code == session.Recovered {
		l.log.Info("recovered the plugin", "took", r.Took)
	}
}
