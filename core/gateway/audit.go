package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/wire"
)

// This file writes the audit log: one record for each dial, each further connection and
// each end of a session, and for each request that reads or changes what is kept. A record is
// written before its request is answered.

// unaudited are the patterns of the requests that have no record: the page and
// what it asks for again and again, which tell nothing of a session. A session's
// WebSocket has records of its own, and so have a login and joining a class.
var unaudited = map[string]bool{
	"GET /": true, "GET /docs/": true, "GET /healthz": true, "GET /metrics": true, "GET /api/modes": true, "GET /websocket/": true,
	"GET /login": true, "GET /callback": true, "GET /join": true, "POST /api/join": true, "GET /api/class": true,
	"GET /api/class/qr.svg": true,
	"GET /api/class/live":   true, "GET /api/class/wall": true, "GET /api/taps/live": true,
}

// asker is who asks, for the audit log.
type asker struct {
	access.Principal
	from  string // address, as Gateway.peer returns it
	agent string // that asks on the principal's behalf; "": none does
	peer  string // the workbench that has passed the request on; "": it came here
}

type askerKey struct{}

// askerOf returns who asks, as ServeHTTP has found out.
func askerOf(r *http.Request) asker {
	a, _ := r.Context().Value(askerKey{}).(asker)
	return a
}

func withAsker(r *http.Request, a asker) *http.Request {
	return r.WithContext(context.WithValue(r.Context(), askerKey{}, a))
}

func (a asker) attrs() slog.Attr {
	by := []any{"who", a.String(), "from", a.from}
	if a.agent != "" {
		by = append(by, "agent", a.agent)
	}
	if a.peer != "" {
		by = append(by, "by-way-of", a.peer)
	}
	return slog.Group("by", by...)
}

// auditRequest records a request, unless it needs none.
func (g *Gateway) auditRequest(pattern string, r *http.Request) {
	if g.Audit == nil || unaudited[pattern] {
		return
	}
	record := []any{askerOf(r).attrs(), "method", r.Method, "path", core.CutWords(r.URL.Path, maxShown)}
	if student := r.URL.Query().Get("student"); student != "" {
		record = append(record, "whose", core.CutWords(student, maxShown))
	}
	g.Audit.Info("request", record...)
}

// auditing records the dial and the end of one session.
type auditing struct {
	session.Ignore
	log      *slog.Logger // with what is known of the session
	isLink   bool         // it is of a further connection alone, and not of the session
	counts   session.Counters
	counting session.Observer
	began    bool
}

func (g *Gateway) newAuditing(id string, wanted request) *auditing {
	a := &auditing{log: g.Audit.With(wanted.asker.attrs(), "session", id, "mode", wanted.mode.Name, "target", wanted.target.Logged())}
	a.counting = a.counts.Observer()
	return a
}

// further returns what records how a line mode's order of a further connection ends.
func (a *auditing) further(order, to string) *auditing {
	if a == nil {
		return nil
	}
	return &auditing{log: a.log.With("order", order, "to", core.CutWords(to, maxShown)), isLink: true}
}

// dialled records a dial, before its client is answered.
func (a *auditing) dialled(s Server, err error) {
	what := "dial"
	if a.isLink {
		what = "link"
	}
	if err != nil {
		a.log.Info(what, "outcome", codeOf(err), "words", err.Error())
		return
	}
	attrs := []any{"outcome", "connected", "address", s.Resolved(), "allowed", s.AllowedBy()}
	if through := s.Through(); through != "" {
		attrs = append(attrs, "through", through)
	}
	a.log.Info(what, attrs...)
}

func (a *auditing) Began(b session.Beginning) {
	a.began = true
	a.counting.Began(b)
}

func (a *auditing) Done(at time.Duration, e wire.Event, actions []core.Action) {
	a.counting.Done(at, e, actions)
	if e.Kind == core.ServerTLS {
		a.log.Info("upgrade", "outcome", "tls", "words", string(e.Data))
	}
}

func (a *auditing) Ended(at time.Duration, end session.End) {
	a.counting.Ended(at, end)
	if !a.began { // dialled has said why
		return
	}
	a.log.Info("end", "outcome", end.ErrorCode(), "words", end.Words, "seconds", at.Seconds(),
		"toServer", a.counts.ToServer.Load(), "fromServer", a.counts.FromServer.Load())
}
