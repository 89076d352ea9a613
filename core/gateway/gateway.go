package gateway

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/background"
	"github.com/protocol-workbench/workbench/core/class"
	"github.com/protocol-workbench/workbench/core/class/wall"
	"github.com/protocol-workbench/workbench/core/keep"
	"github.com/protocol-workbench/workbench/core/lesson"
	"github.com/protocol-workbench/workbench/core/lesson/progress"
	"github.com/protocol-workbench/workbench/core/login"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/target"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Config configures a gateway. Modes, Manifest, Plugin and Dial are required.
type Config struct {
	// Modes returns all line modes; a client that names none gets the first.
	Modes func() []Mode
	// Sandbox returns how plugin processes are confined; nil: not shown.
	Sandbox func() Sandbox
	// Manifest returns a mode's manifest. It waits for a process that has not
	// reported it yet.
	Manifest func(ctx context.Context, mode string) (core.Manifest, error)
	// Plugin returns the build of the named mode for new sessions; see
	// session.Config.Plugin.
	Plugin func(mode string) (session.Plugin, error)
	// Transcripts are served below /api/transcripts; nil: none.
	Transcripts store.Store
	// Recordings record sessions, except those whose client declines; nil: none.
	Recordings *store.Recordings
	// Keep is how long a session whose client asked for it goes on without a
	// connection, and can be read once it has ended; 0: no session does.
	Keep time.Duration
	// Observe returns the observers of a session, beside its recorder; nil: none.
	Observe func(id, mode string) []session.Observer
	// Dial connects to a target.
	Dial func(ctx context.Context, t target.Target, s target.Security) (Server, error)
	// Await waits for a client of a target that Listens, for its owner, for as long as ctx
	// lets it, and tells the address at which it waits. Whose target may listen has been
	// asked. nil: none may.
	Await func(ctx context.Context, owner string, t target.Target, waiting func(address string)) (Server, error)
	// DialWatched connects to a target for a tap that only watches: the workbench's time
	// limits on what is written do not hold for the connection; nil: Dial does.
	DialWatched func(ctx context.Context, t target.Target, s target.Security) (Server, error)
	// DialAsker connects to a server on the machine of who asks, which is another one, also
	// where only practice servers may be dialled; nil: Dial does.
	DialAsker func(ctx context.Context, t target.Target, s target.Security) (Server, error)
	// Unresolved reports that Dial leaves a target's name to a proxy to resolve; nil: never.
	Unresolved func(target.Target) bool
	// Listen listens on an address of this machine alone, port 0 for a free one, for the
	// clients of a tap, or of a recording that is played as the server; nil: there are none.
	Listen func(at netip.AddrPort) (net.Listener, error)
	// Credentials are certificates and keys to use for TLS; nil: none at first.
	Credentials *target.Credentials
	// Page holds the files of the page.
	Page fs.FS
	// KeepPoison, if set, keeps a transcript whose replay ends its plugin's
	// process, and returns its path.
	KeepPoison func(t *transcript.Transcript) (path string, err error)
	// Dev, if set, answers below /api/dev/: a line mode is in development.
	Dev http.Handler
	// DevMode is the line mode in development, which the page picks first.
	DevMode string
	// WholeLog is how much of its past each session of DevMode keeps, in bytes: a
	// new build has to answer for all of it.
	WholeLog int
	// Docs, if set, answers GET below /docs/: the documentation. Its pages use files of Page.
	Docs http.Handler
	// Metrics, if set, answers GET /metrics.
	Metrics http.Handler
	// Profiles, if set, answers GET /debug/pprof/.
	Profiles http.Handler
	// Practice is the address of the practice echo server, if there is one.
	Practice string
	// Practices are the practice servers beside it.
	Practices []Practice
	// Practise connects to one of them within this process: for a student with a
	// seed, and as the choices of the query say. If it is nil they are dialled as others
	// are.
	Practise func(ctx context.Context, name, seed string, with map[string]string) (Server, error)
	// Lessons returns those that the page offers, in this order; nil: none are.
	Lessons func() []*lesson.Source
	// Progress is what the account has reached in them; nil: it is forgotten when the
	// workbench ends.
	Progress *progress.Log
	// Hosts are names and ports by which browsers reach the workbench, in
	// addition to loopback names and the listener's own address, at its port.
	Hosts []Host
	// TLS is what the listener's connections are encrypted with; nil: they are not.
	// Its NextProtos must not offer HTTP/2, which has no WebSocket here.
	TLS *tls.Config
	// Proxies are the networks of the reverse proxies that all requests come through,
	// and whose headers are believed; nil: there are none, and no such header is. Who
	// may open a Unix socket that is listened on is a proxy too.
	Proxies []netip.Prefix
	// Access tells who may use the workbench; nil: whoever reaches it, as its account.
	Access *access.Gate
	// Login has users sign in at a provider, whom Access then knows; nil: nobody does. It
	// needs Access.
	Login *login.Provider
	// Agents lets in programs that say by AgentHeader that they are agents.
	Agents bool
	// Class is the class that people join as students, with its code; nil: there is none.
	// It needs Access, with the class's users.
	Class *class.Class
	// Peers are the other workbenches that have the same users; nil: there are none.
	Peers Peers
	// EndClass is called once the class has ended, and must not wait: it has the gateway
	// stopped and the class deleted; nil: that is not asked for here.
	EndClass func()
	// Addresses are those at which browsers have the page, for the teacher of a class.
	Addresses []string
	// Origin is the name at which browsers have the page, at the listener's port; "": at
	// all names of this machine.
	Origin string
	// Of returns what is a user's own, at his first request; nil: there are no users
	// beside the account.
	Of func(user string) (Belongings, error)
	// Bounds are what clients may use.
	Bounds Bounds
	// Name tells the workbench's sessions from those of others that share their
	// recordings; "": there are none.
	Name string
	// Audit gets a record of each dial and end of a session, and of each request
	// that reads or changes what is kept; nil: nothing does.
	Audit *slog.Logger
	Log   *slog.Logger
}

// Practice is a practice server, as the page lists it.
type Practice struct {
	Name    string `json:"name"`
	Target  string `json:"target"` // host:port
	Mode    string `json:"mode"`   // the line mode that suits it
	Summary string `json:"summary"`
}

// Belongings are a user's own.
type Belongings struct {
	Transcripts store.Store       // nil: none
	Recordings  *store.Recordings // nil: sessions are not recorded
	Progress    *progress.Log     // in lessons; nil: it is forgotten when the workbench ends
}

// Server is a session's server, or a played client's, that knows the outcome of its
// TLS handshake.
type Server interface {
	session.Server
	net.Conn
	TLS() *target.Outcome // nil on a plain connection
	AllowedBy() string    // what let the address be dialled, in words
}

// Neighbour is a Server within this process, such as a practice server. No policy knows
// where it waits for the session's further connections, and it connects to nothing but where
// the session waits.
type Neighbour interface {
	Server
	// WaitsAt reports whether it waits for a further connection at a target.
	WaitsAt(t target.Target) bool
	// Connect connects to a target at which it waits.
	Connect(ctx context.Context, t target.Target) (Server, error)
	// Awaited tells it where it is waited for; "": nowhere any more.
	Awaited(address string)
}

// Gateway serves the workbench over HTTP.
type Gateway struct {
	Config
	mux        *http.ServeMux
	server     *http.Server
	sessions   sync.WaitGroup // with a WebSocket, from the upgrade on
	live       session.Registry
	keeping    keep.Sessions    // those that go on without a connection
	search     turn             // for reading all transcripts
	redacting  turn             // for redacting one
	whole      turn             // for holding a whole transcript in memory
	background background.Turns // of all users, for work in small pieces
	plays      chan struct{}    // holds a value for each recording that is being played
	pasts      []*numbered      // those that were asked for last; whole guards it
	stamped    time.Time        // in the ID of the transcript that was put into the store last; whole guards it
	telling    atomic.Int32     // clients that are told why they get no session
	stopping   context.Context
	stop       context.CancelFunc

	slow      slowing       // of failed tries
	standing  string        // of its user, as access.Gate.Standing returned it last
	account   *Gateway      // that of the account, which has those of all users
	joining   *joining      // nil: there is no class
	classroom *classroom    // nil: there is no class
	seen      *wall.Student // what the teacher sees of the user; nil: no student
	streams   streams
	taps      taps

	mu      sync.Mutex
	stopped bool
	others  map[string]*Gateway // of the users beside the account, by name
}

// New returns a gateway.
func New(config Config) *Gateway {
	g := &Gateway{Config: config, mux: http.NewServeMux(), search: make(turn, 1), redacting: make(turn, 1), whole: make(turn, 1), background: background.New(), plays: make(chan struct{}, maxPlays)}
	if g.Log == nil {
		g.Log = slog.New(slog.DiscardHandler)
	}
	if g.Credentials == nil {
		g.Credentials = new(target.Credentials)
	}
	if g.Progress == nil {
		g.Progress = progress.InMemory()
	}
	g.account = g
	if config.Name != "" {
		g.live.Suffix = "-" + config.Name
	}
	if config.Class != nil {
		g.joining, g.classroom = newJoining(), newClassroom()
	}
	g.keeping.Keep = config.Keep
	if g.Access != nil && g.Access.IsTLS == nil && g.Proxies != nil {
		g.Access.IsTLS = g.isTLS
	}
	g.stopping, g.stop = context.WithCancel(context.Background())
	g.server = g.newServer()
	for _, rt := range g.routes() {
		answer := g.counting(rt)
		g.mux.HandleFunc(rt.pattern, func(w http.ResponseWriter, r *http.Request) {
			if g.mayAsk(w, r, rt.does) {
				g.auditRequest(rt.pattern, r)
				answer(w, r)
			}
		})
	}
	return g
}

// Serve answers requests that arrive on the listener, and closes it. It returns
// http.ErrServerClosed once Stop is called.
func (g *Gateway) Serve(l net.Listener) error {
	if g.Peers != nil && g.begin() {
		g.sessions.Go(g.answerPeers)
		if g.Class != nil && g.Class.IsShared() {
			g.hearClass()
			g.sessions.Go(g.tellClass)
			g.sessions.Go(g.followClass)
		}
		g.sessions.Done()
	}
	l = stallListener{l, &lack{log: g.Log}}
	if g.TLS != nil {
		l = tls.NewListener(underTLSListener{l}, g.TLS)
	}
	return g.server.Serve(l)
}

// Drain begins to stop: new sessions are refused, and GET /healthz says so. The
// live sessions are told, and end one after the other, spread over the given time,
// so that their clients do not all come back at once. It returns when that time is
// over, at once if there is no session, or when ctx is done.
func (g *Gateway) Drain(ctx context.Context, over time.Duration) {
	var live []*session.Live
	for _, of := range g.refuseMore() {
		live = append(live, of.live.All()...)
	}
	if over <= 0 || len(live) == 0 { // Stop ends them all at once
		return
	}
	for _, l := range live {
		l.Remark(session.Remark{Code: session.Stopping, Words: fmt.Sprintf("the workbench is stopping: this session ends within %v", over)})
	}
	next := time.NewTicker(over / time.Duration(len(live)))
	defer next.Stop()
	for i, l := range live {
		if i > 0 {
			select {
			case <-next.C:
			case <-ctx.Done():
				return
			}
		}
		l.Stop(session.End{Cause: session.Stopped, Words: errStopping.Error()})
	}
}

var errStopping = errors.New("the workbench is stopping")

// isStopping reports whether new sessions are refused.
func (g *Gateway) isStopping() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.stopped
}

// answersLimit bounds how long Stop waits for answers that are under way once the
// sessions have ended.
const answersLimit = 2 * time.Second

// Stop ends Serve and all sessions, telling their clients. It returns when they
// have ended or ctx is done. Sessions that begin meanwhile are refused.
func (g *Gateway) Stop(ctx context.Context) error {
	defer g.server.Close()
	defer func() {
		// A browser opens connections ahead, on which nothing comes.
		ctx, cancel := context.WithTimeout(ctx, answersLimit)
		defer cancel()
		g.server.Shutdown(ctx)
	}()
	all := g.refuseMore()
	for _, of := range all {
		of.stop()
	}
	ended := make(chan struct{})
	go func() {
		for _, of := range all {
			of.sessions.Wait()
			of.keeping.ForgetAll()
		}
		close(ended)
	}()
	select {
	case <-ended:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// begin counts a new session, unless the gateway is stopping.
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

// ServeHTTP checks where the request comes from, and answers it.
func (g *Gateway) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Security-Policy", contentPolicy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cross-Origin-Opener-Policy", "same-origin")
	h.Set("Cross-Origin-Resource-Policy", "same-origin")
	h.Set("Vary", "Origin, Sec-Fetch-Site, Sec-Fetch-Mode, Sec-Fetch-Dest")
	h.Set("Cache-Control", "no-cache")
	if reason := g.refuse(r); reason != "" {
		g.Log.Warn("refused a request", "reason", reason, "path", core.CutWords(r.URL.Path, maxShown), "from", g.peer(r))
		h.Set("Connection", "close") // instead of reading a body
		refuseWith(w, http.StatusForbidden, errors.New(reason))
		return
	}
	p, ok := g.admits(w, r)
	if !ok {
		return
	}
	agent, err := g.agentOf(r)
	if err != nil {
		g.Log.Warn("refused a request", "reason", err.Error(), "path", core.CutWords(r.URL.Path, maxShown), "who", p.String())
		h.Set("Connection", "close")
		refuseWith(w, http.StatusForbidden, err)
		return
	}
	of, err := g.of(p)
	if err != nil {
		g.Log.Error("what belongs to a user cannot be reached", "user", p.Name, "reason", err.Error())
		refuseWith(w, http.StatusInternalServerError, errors.New("what belongs to this user cannot be reached; the workbench's log says why"))
		return
	}
	of.mux.ServeHTTP(w, withAsker(r, asker{p, g.peer(r), agent, ""}))
}
