package gateway

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"

	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/compare"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/target"
)

// Bounds of every request. The server's own time limits end once the body was
// read, so work on an answer has its own. Writing an answer may take as long as
// the reader reads some of it: see stallListener.
const (
	headLimit  = 10 * time.Second // for a request's head
	bodyLimit  = 30 * time.Second // for head and body; a handler that waits first allows this much for its body afterwards
	idleLimit  = 60 * time.Second // between two requests
	maxHead    = 64 << 10         // bytes
	maxNothing = 0                // bytes of a body where none is allowed

	headAnswerLimit = 30 * time.Second // for the answer to HEAD
)

// route is one kind of request.
type route struct {
	pattern string        // of http.ServeMux
	does    access.Action // what its user must be allowed to do
	maxBody int64         // bytes
	answer  http.HandlerFunc
}

// routes returns all routes.
func (g *Gateway) routes() []route {
	routes := []route{
		{"GET /healthz", access.Look, maxNothing, g.healthy},
		{"GET /api/modes", access.Look, maxNothing, g.modes},
		{"POST /api/compare", access.Look, compare.MaxRequest, g.compare},
		{"GET /api/tls", access.Look, maxNothing, g.credentials},
		{"POST /api/tls", access.Change, target.MaxCredential, g.addCredential},
		{"DELETE /api/tls/{id}", access.Change, maxNothing, g.forgetCredential},
		{"GET /api/sessions", access.Look, maxNothing, g.kept},
		{"DELETE /api/sessions/{id}", access.Change, maxNothing, g.wherever(sessionIn, g.endKept)},
		{"GET /api/sessions/{id}/entries", access.Look, maxNothing, g.wherever(sessionIn, g.entries)},
		{"GET /websocket/", access.Dial, maxNothing, g.wherever(attachedTo, g.websocket)},
	}
	if g.Transcripts != nil {
		t := transcripts{g.Transcripts, g}
		routes = append(routes,
			route{"GET /api/transcripts", access.Look, maxNothing, t.list},
			route{"POST /api/transcripts/import", access.Change, maxImport, t.importFile},
			route{"GET /api/transcripts/{id}", access.Look, maxNothing, t.show},
			route{"GET /api/transcripts/{id}/info", access.Look, maxNothing, t.info},
			route{"GET /api/transcripts/{id}/follow", access.Look, maxNothing, t.follow},
			route{"GET /api/transcripts/{id}/export", access.Look, maxNothing, t.export},
			route{"GET /api/transcripts/{id}/notes", access.Look, maxNothing, t.notes},
			route{"PUT /api/transcripts/{id}/notes", access.Change, store.MaxNotes, t.setNotes},
			route{"GET /api/transcripts/{id}/diff", access.Look, maxNothing, t.diff},
			route{"POST /api/transcripts/{id}/rules", access.Change, maxRulesRequest, t.keepRules},
			route{"POST /api/transcripts/{id}/replay", access.Look, maxReplayRequest, t.replay},
			route{"POST /api/transcripts/{id}/play/client", access.Dial, maxPlayRequest, t.playClient},
			route{"POST /api/transcripts/{id}/redact", access.Change, maxRedactRequest, t.redact},
			route{"DELETE /api/transcripts/{id}", access.Change, maxNothing, t.delete})
	}
	if g.Transcripts != nil && g.Listen != nil {
		routes = append(routes, route{"POST /api/transcripts/{id}/play/server", access.Listen, maxPlayRequest, transcripts{g.Transcripts, g}.playServer})
	}
	if g.Listen != nil {
		routes = append(routes,
			route{"GET /api/taps", access.Look, maxNothing, g.listTaps},
			route{"GET /api/taps/live", access.Look, maxNothing, g.liveTaps},
			route{"POST /api/taps", access.Listen, maxTapRequest, g.beginTap},
			route{"DELETE /api/taps/{id}", access.Change, maxNothing, g.endTap})
	}
	if g.Lessons != nil {
		l := lessons{g, transcripts{g.Transcripts, g}}
		routes = append(routes,
			route{"GET /api/lessons", access.Look, maxNothing, l.list},
			route{"GET /api/lessons/{name}", access.Look, maxNothing, l.show},
			route{"POST /api/lessons/{name}/check", access.Change, maxCheckRequest, l.check},
			route{"POST /api/lessons/{name}/stages", access.Dial, maxStageRequest, l.stages})
	}
	if g.Metrics != nil {
		routes = append(routes, route{"GET /metrics", access.Manage, maxNothing, g.Metrics.ServeHTTP})
	}
	if g.Profiles != nil {
		routes = append(routes, route{"GET /debug/pprof/", access.Manage, maxNothing, g.Profiles.ServeHTTP})
	}
	if g.Dev != nil {
		routes = append(routes,
			route{"GET /api/dev", access.Manage, maxNothing, g.Dev.ServeHTTP},
			route{"GET /api/dev/", access.Manage, maxNothing, g.Dev.ServeHTTP},
			route{"POST /api/dev/", access.Manage, maxNothing, g.Dev.ServeHTTP})
	}
	if g.Login != nil {
		routes = append(routes,
			route{"GET /login", access.Look, maxNothing, g.login},
			route{"GET /callback", access.Look, maxNothing, g.callback},
			route{"GET /logout", access.Look, maxNothing, g.logout})
	}
	if g.Class != nil {
		routes = append(routes,
			route{"GET /join", access.Look, maxNothing, joinPage},
			route{"POST /api/join", access.Change, maxJoin, g.joinClass},
			route{"GET /api/class", access.Teach, maxNothing, g.showClass},
			route{"GET /api/class/qr.svg", access.Teach, maxNothing, g.showQR},
			route{"POST /api/class/pause", access.Teach, maxJoin, g.pauseClass},
			route{"DELETE /api/class/students/{id}", access.Teach, maxNothing, g.removeStudent},
			route{"DELETE /api/class/students/{id}/hand", access.Teach, maxNothing, g.lowerHand},
			route{"POST /api/class/hand", access.Change, maxJoin, g.raiseHand},
			route{"GET /api/class/live", access.Look, maxNothing, g.liveClass},
			route{"GET /api/class/wall", access.Teach, maxNothing, g.watchClass},
			route{"POST /api/class/send", access.Teach, maxJoin, g.sendAll},
			route{"POST /api/class/code", access.Teach, maxJoin, g.changeCode},
			route{"PUT /api/class/projector", access.Teach, maxJoin, g.project},
			route{"DELETE /api/class/projector", access.Teach, maxNothing, g.projectNothing},
			route{"PUT /api/class/show", access.Teach, maxJoin, g.setShow},
			route{"DELETE /api/class/show", access.Teach, maxNothing, g.endShow},
			route{"GET /api/class/show/transcript", access.Look, maxNothing, g.shownTranscript},
			route{"GET /api/class/results.csv", access.Teach, maxNothing, g.classResults},
			route{"GET /api/class/submissions.zip", access.Teach, maxNothing, g.classSubmissions})
	}
	if g.Class != nil && g.EndClass != nil {
		routes = append(routes, route{"DELETE /api/class", access.Teach, maxJoin, g.endClass})
	}
	if g.Docs != nil {
		routes = append(routes, route{"GET /docs/", access.Look, maxNothing, g.Docs.ServeHTTP})
	}
	if g.Page != nil {
		routes = append(routes, route{"GET /", access.Look, maxNothing, newPage(g.Page).ServeHTTP})
	}
	return routes
}

// healthy answers whether new sessions can be opened.
func (g *Gateway) healthy(w http.ResponseWriter, _ *http.Request) {
	if g.isStopping() {
		refuseWith(w, http.StatusServiceUnavailable, errStopping)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, "ok\n")
}

var errBody = errors.New("request must not have a body")

// ServeHTTP answers a request within the route's bounds.
func (rt route) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if rt.maxBody == maxNothing && r.ContentLength != 0 {
		w.Header().Set("Connection", "close") // instead of reading the body
		refuseWith(w, http.StatusBadRequest, errBody)
		return
	}
	if r.Method == http.MethodHead { // writes do not fail then, so a stream could outlive its client
		ctx, cancel := context.WithTimeout(r.Context(), headAnswerLimit)
		defer cancel()
		r = r.WithContext(ctx)
	}
	r.Body = http.MaxBytesReader(w, r.Body, rt.maxBody)
	rt.answer(w, r)
	io.Copy(io.Discard, r.Body) // a client that still sends would see a reset instead of the refusal
}

// newServer returns the server of Serve.
func (g *Gateway) newServer() *http.Server {
	return &http.Server{
		Handler:           g,
		BaseContext:       func(net.Listener) context.Context { return g.stopping },
		ConnContext:       g.connContext,
		ConnState:         new(waiting).changed,
		ReadHeaderTimeout: headLimit,
		ReadTimeout:       bodyLimit,
		IdleTimeout:       idleLimit,
		MaxHeaderBytes:    maxHead,
		ErrorLog:          slog.NewLogLogger(g.Log.Handler(), slog.LevelDebug),
	}
}
