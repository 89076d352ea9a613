package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/target"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Mode is one line mode, as GET /api/modes shows it.
type Mode struct {
	Manifest core.Manifest `json:"manifest"`
	State    string        `json:"state"`           // "starting", "ready", "failed" or, at the end, "stopped"
	Code     string        `json:"code"`            // what its process does, for programs
	PID      int           `json:"pid,omitempty"`   // of its process
	Uptime   float64       `json:"uptime"`          // of its process, in seconds
	Sessions int           `json:"sessions"`        // open now
	Restarts int           `json:"restarts"`        // of its process, since the workbench started
	Error    string        `json:"error,omitempty"` // the last thing that went wrong
	// ErrorCode is Error for programs.
	ErrorCode string `json:"errorCode,omitempty"`
	// Overload is there while the process has more to do than it gets done.
	Overload *Overload `json:"overload,omitempty"`
}

// Overload tells how long sessions wait for their turn in a mode's process.
type Overload struct {
	Waiting int     `json:"waiting"` // sessions
	Longest float64 `json:"longest"` // of their waits, in seconds
}

// Sandbox is what holds plugin processes back, as GET /api/modes shows it.
type Sandbox struct {
	Mode       string      `json:"mode"` // "strict", "best-effort" or "off"
	Mechanisms []Mechanism `json:"mechanisms"`
}

// Mechanism is one way by which plugin processes are held back.
type Mechanism struct {
	Name     string `json:"name"`
	State    string `json:"state"`              // "holds", "missing" or "unknown": no process runs without it, but it may be that none runs
	Optional bool   `json:"optional,omitempty"` // it is no fault if it is missing
	Stops    string `json:"stops"`              // in words
	Detail   string `json:"detail,omitempty"`   // how far it holds, in words
	Reason   string `json:"reason,omitempty"`   // why it does not, in words
}

// Config is what a gateway is made of. Modes, Manifest, Plugin and Dial are
// needed.
type Config struct {
	// Modes returns all line modes; the first is the one that a client gets
	// that names none.
	Modes func() []Mode
	// Sandbox returns what holds their processes back; nil: it is not shown.
	Sandbox func() Sandbox
	// Manifest returns a mode's manifest, and waits for a process that has not
	// told it yet.
	Manifest func(ctx context.Context, mode string) (core.Manifest, error)
	// Plugin returns the build of the named mode that new sessions run on. See
	// session.Config.Plugin.
	Plugin func(mode string) (session.Plugin, error)
	// Transcripts are what the API shows below /api/transcripts; nil: nothing.
	Transcripts store.Store
	// Recordings record sessions, but those whose client asks for none; nil: no
	// session.
	Recordings *store.Recordings
	// Watch, if set, changes what a session of the mode is run with, before it
	// begins, and returns what is told that it has ended.
	Watch func(id, mode string, c *session.Config) (ended func())
	// Dial reaches a target.
	Dial func(ctx context.Context, t target.Target, s target.Security) (Server, error)
	// Credentials are those that TLS can be spoken with; nil: none at first.
	Credentials *target.Credentials
	// Page holds the files of the page.
	Page fs.FS
	// Counters returns what counts a mode's sessions; nil: nothing does.
	Counters func(mode string) *session.Counters
	// Recovered, if set, is told of each recovery and how long it took.
	Recovered func(mode string, took time.Duration)
	// Poisoned, if set, keeps a transcript whose replay ends its plugin's
	// process, and returns where.
	Poisoned func(t *transcript.Transcript) (path string, err error)
	// Dev answers below /api/dev/, if set: a line mode is in development.
	Dev http.Handler
	// DevMode is the line mode in development, which the page picks first.
	DevMode string
	// Metrics answers GET /metrics, if set.
	Metrics http.Handler
	// Profiles answers GET /debug/pprof/, if set.
	Profiles http.Handler
	// Practice is the address of the practice server, if there is one.
	Practice string
	// Hosts are names and ports by which browsers reach the workbench, beside
	// the loopback names at the port of its listener.
	Hosts []Host
	Log   *slog.Logger
}

// Server is a session's server that knows what its TLS handshake came to.
type Server interface {
	session.Server
	TLS() *target.Outcome // nil: it is plain
}

// Gateway serves the workbench over HTTP.
type Gateway struct {
	Config
	mux      *http.ServeMux
	server   *http.Server
	sessions sync.WaitGroup
	search   turn // to read all transcripts
	whole    turn // to have one as a whole in memory
	stopping context.Context
	stop     context.CancelFunc

	mu      sync.Mutex
	stopped bool
}

// New returns a gateway.
func New(config Config) *Gateway {
	g := &Gateway{Config: config, mux: http.NewServeMux(), search: make(turn, 1), whole: make(turn, 1)}
	if g.Log == nil {
		g.Log = slog.New(slog.DiscardHandler)
	}
	if g.Credentials == nil {
		g.Credentials = new(target.Credentials)
	}
	g.stopping, g.stop = context.WithCancel(context.Background())
	g.server = g.newServer()
	for _, rt := range g.routes() {
		g.mux.Handle(rt.pattern, rt)
	}
	return g
}

// Serve answers requests that come by the listener, and closes it. It returns
// http.ErrServerClosed once Stop is called.
func (g *Gateway) Serve(l net.Listener) error { return g.server.Serve(patientListener{l}) }

// Stop ends all sessions, telling their clients, and Serve, and returns when
// they have ended or ctx is done. Sessions that begin meanwhile are refused.
func (g *Gateway) Stop(ctx context.Context) error {
	defer g.server.Close()
	defer g.server.Shutdown(ctx)
	g.mu.Lock()
	g.stopped = true
	g.mu.Unlock()
	g.stop()
	ended := make(chan struct{})
	go func() {
		g.sessions.Wait()
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// begin counts a session in, unless the gateway is stopping.
func (g *Gateway) begin() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.stopped {
		g.sessions.Add(1)
	}
	return !g.stopped
}

const contentPolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; " +
	"connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

// ServeHTTP checks who asks, and answers.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Vary", "Origin, Sec-Fetch-Site, Sec-Fetch-Mode, Sec-Fetch-Dest")
	h.Set("Cache-Control", "no-cache")
	if reason := refuse(r, g.Hosts); reason != "" {
		g.Log.Warn("a request was refused", "reason", reason, "path", core.CutWords(r.URL.Path, maxShown))
		h.Set("Connection", "close") // rather than read a body
		refuseWith(w, http.StatusForbidden, errors.New(reason))
		return
	}
	g.mux.ServeHTTP(w, r)
}

type devMode struct {
	Mode string `json:"mode"`
}

func (g *Gateway) modes(w http.ResponseWriter, r *http.Request) {
	modes := g.Modes()
	var dev *devMode
	if g.DevMode != "" {
		dev = &devMode{g.DevMode}
	}
	var sandbox *Sandbox
	if g.Sandbox != nil {
		held := g.Sandbox()
		sandbox = &held
	}
	answerAs(w, "application/json")
	json.NewEncoder(w).Encode(struct {
		Modes    []Mode `json:"modes"`
		Default  string `json:"default"`
		Practice string `json:"practice"`
		// Recording says that sessions are recorded, unless record=off is asked for.
		Recording bool `json:"recording"`
		// Dev is there while a line mode is in development.
		Dev     *devMode `json:"dev,omitempty"`
		Sandbox *Sandbox `json:"sandbox,omitempty"`
	}{modes, modes[0].Manifest.Name, g.Practice, g.Recordings != nil, dev, sandbox})
}
