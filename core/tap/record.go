package tap

import (
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/wire"
)

// recording records one session.
type recording struct {
	all    *store.Recordings
	header store.Header
	into   *store.Recorder // nil until it has begun
}

var _ session.Observer = (*recording)(nil)

func (r *recording) Began(b session.Beginning) {
	r.header.Quiet, r.header.Opening = b.Quiet, b.Opening
	r.into = r.all.Start(r.header, func(code, words string, _ store.State) {
		b.Remark(session.Remark{Code: session.RemarkCode(code), Words: words})
	})
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
