package gateway

import (
	"context"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/class/wall"
	"github.com/protocol-workbench/workbench/core/fault"
	"github.com/protocol-workbench/workbench/core/quota"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/target"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// subprotocol is requested by a client that wants the transcript, entry by entry,
// instead of the machine's messages; see docs/websocket.md.
const subprotocol = "workbench.v1"

// websocket serves one session, from the upgrade to the end.
func (g *Gateway) websocket(w http.ResponseWriter, r *http.Request) {
	if !g.begin() {
		http.Error(w, errStopping.Error(), http.StatusServiceUnavailable)
		return
	}
	s, ok := g.seat(w, r)
	if !ok {
		g.sessions.Done()
		return
	}
	c, ok := upgrade(w, r, subprotocol)
	if !ok {
		s.leave()
		g.sessions.Done()
		return
	}
	query, asks := r.URL.Query(), askerOf(r)
	// In its own goroutine, an idle session does not keep what the server needed
	// for the request.
	go func() {
		defer g.sessions.Done()
		defer s.leave()
		defer c.Cut()
		g.serve(c, query, asks, s)
	}()
}

// upgrade makes a WebSocket of a request. If it cannot, the request has been answered.
func upgrade(w http.ResponseWriter, r *http.Request, protocols ...string) (*client, bool) {
	h := &hijacker{ResponseWriter: w}
	upgrader := websocket.Upgrader{
		Subprotocols: protocols,
		CheckOrigin:  func(*http.Request) bool { return true }, // ServeHTTP has checked
		// clientConn gathers frames, so these need not be large.
		ReadBufferSize:  1 << 10,
		WriteBufferSize: 512,
	}
	ws, err := upgrader.Upgrade(h, r, nil)
	if err != nil {
		return nil, false
	}
	c := &client{ws: ws, conn: h.conn, entries: ws.Subprotocol() == subprotocol}
	c.conn.ask = c.ping
	return c, true
}

// serve reads the handshake and runs the session that it asks for.
func (g *Gateway) serve(c *client, query url.Values, asks asker, s *seat) {
	ctx, cancel := context.WithCancel(g.stopping)
	defer cancel()
	if query.Has("attach") {
		g.attach(c, query, asks, s)
		return
	}
	release := context.AfterFunc(ctx, func() { c.conn.endReading(0) })
	first, err := c.handshake()
	if err == errGone {
		return
	}
	if !release() {
		c.sayClose(websocket.CloseGoingAway, errStopping.Error())
		return
	}
	if err == nil {
		err = s.refused
	}
	var wanted request
	if err == nil {
		wanted, err = g.parse(ctx, first, query)
		wanted.asker, wanted.seat = asks, s
	}
	if err == nil && wanted.keep && !c.entries {
		err = refuseAs(codeAddress, "keep is for clients that ask for the subprotocol %s", subprotocol)
	}
	if err != nil {
		g.sawRefusal(err)
		c.Refuse(err)
		c.hearOut()
		return
	}
	if wanted.keep && g.keeping.Keep > 0 {
		g.open(c, wanted)
		return
	}
	g.run(ctx, c, wanted)
}

// request is what a client asked for.
type request struct {
	mode      core.Manifest
	options   core.Options
	target    target.Target
	security  target.Security
	with      map[string]string // choices of a practice server
	record    bool
	stays     bool // the client may go on after the end of the server's stream
	upgrades  bool // the choices of TLS are for an upgrade in mid-stream
	elsewhere bool // further connections may go to other hosts than the server's
	keep      bool // the session may go on without its client
	window    string
	asker     asker
	seat      *seat
	watches   bool // the machine only watches, in a tap
	faults    *fault.Rules
}

// parse reads the handshake message and the query. Its errors are for people,
// and have codes.
func (g *Gateway) parse(ctx context.Context, first string, query url.Values) (request, error) {
	wanted := request{record: true}
	modes := g.Modes()
	names := make([]string, len(modes))
	for i, m := range modes {
		names[i] = m.Manifest.Name
	}
	name, options := names[0], map[string]string{}
	var security []target.Choice
	via := ""
	var handshake []target.Choice
	for key, values := range query {
		option, isOption := strings.CutPrefix(key, "option.")
		practice, isPractice := strings.CutPrefix(key, "with.")
		choice, isSecurity := strings.CutPrefix(key, securityPrefix)
		spoken, isHandshake := strings.CutPrefix(key, handshakePrefix)
		switch {
		case isHandshake && (len(values) == 1 || spoken == target.ChoiceHeader):
			for _, value := range values {
				handshake = append(handshake, target.Choice{Name: spoken, Value: value})
			}
		case len(values) > 1:
			return wanted, refuseAs(codeAddress, "query parameter %q given more than once", core.CutWords(key, core.MaxName))
		case key == "mode":
			name = values[0]
		case key == "server-eof" && (values[0] == "end" || values[0] == "stay"):
			wanted.stays = values[0] == "stay"
		case key == "server-eof":
			return wanted, refuseAs(codeAddress, "server-eof is %q; it must be end or stay", core.CutWords(values[0], core.MaxName))
		case key == "record" && (values[0] == "on" || values[0] == "off"):
			wanted.record = values[0] == "on"
		case key == "keep" && (values[0] == "on" || values[0] == "off"):
			wanted.keep = values[0] == "on"
		case key == "keep":
			return wanted, refuseAs(codeAddress, "keep is %q; it must be on or off", core.CutWords(values[0], core.MaxName))
		case key == "starttls" && (values[0] == "on" || values[0] == "off"):
			wanted.upgrades = values[0] == "on"
		case key == "starttls":
			return wanted, refuseAs(codeAddress, "starttls is %q; it must be on or off", core.CutWords(values[0], core.MaxName))
		case key == "elsewhere" && (values[0] == "on" || values[0] == "off"):
			wanted.elsewhere = values[0] == "on"
		case key == "elsewhere":
			return wanted, refuseAs(codeAddress, "elsewhere is %q; it must be on or off", core.CutWords(values[0], core.MaxName))
		case key == "fault":
			rules, err := fault.Parse([]byte(values[0]))
			if err != nil {
				return wanted, refuseAs(codeFault, "fault: %w", err)
			}
			wanted.faults = rules
		case key == "window":
			wanted.window = values[0]
		case key == "record":
			return wanted, refuseAs(codeAddress, "record is %q; it must be on or off", core.CutWords(values[0], core.MaxName))
		case key == "via":
			via = values[0]
		case isOption:
			options[option] = values[0]
		case isPractice:
			if wanted.with == nil {
				wanted.with = map[string]string{}
			}
			wanted.with[practice] = values[0]
		case isSecurity:
			security = append(security, target.Choice{Name: choice, Value: values[0]})
		default:
			return wanted, refuseAs(codeAddress, "unknown query parameter %q; the known ones are elsewhere, fault, keep, mode, option.NAME, record, server-eof, starttls, tls.NAME, via, window, with.NAME and ws.NAME", core.CutWords(key, core.MaxName))
		}
	}
	if !slices.Contains(names, name) {
		return wanted, refuseAs(codeModeUnknown, "unknown mode %q; the modes are %s", core.CutWords(name, core.MaxName), strings.Join(names, ", "))
	}
	var err error
	if wanted.mode, err = g.Manifest(ctx, name); err != nil {
		return wanted, refused{codeModeUnavailable, err}
	}
	if wanted.options, err = wanted.mode.ParseOptions(options); err != nil {
		return wanted, refused{codeOption, err}
	}
	if wanted.stays && !wanted.mode.AfterServerEOF {
		return wanted, refuseAs(codeServerEOF, "mode %s ends with the server's stream; server-eof=stay is for modes that can go on", name)
	}
	if wanted.target, err = target.Parse(first); err != nil {
		return wanted, refused{codeTarget, err}
	}
	if wanted.target, err = through(wanted.target, via); err != nil {
		return wanted, err
	}
	if wanted.target, err = shaking(wanted.target, handshake); err != nil {
		return wanted, err
	}
	if wanted.with != nil && g.practiceAt(wanted.target) == nil {
		return wanted, refuseAs(codeAddress, "with.NAME is for practice servers; %s is none of this workbench", wanted.target)
	}
	if wanted.upgrades && wanted.target.TLS {
		return wanted, refuseAs(codeAddress, "starttls=on is for targets without TLS; %s has it from the beginning", wanted.target)
	}
	if wanted.upgrades && !wanted.target.TakesTLS() {
		return wanted, refuseAs(codeAddress, "starttls=on is for targets that can speak TLS; %s cannot", core.CutWords(wanted.target.String(), maxShown))
	}
	if wanted.upgrades && wanted.target.Kind == target.WebSocket {
		return wanted, refuseAs(codeAddress, "starttls=on is for streams; a WebSocket is wss:// from the beginning")
	}
	wanted.security, err = g.choose(wanted.target, security, wanted.upgrades)
	return wanted, err
}

// run runs a session that ends with its client.
func (g *Gateway) run(ctx context.Context, c *client, wanted request) {
	r, err := g.prepare(wanted)
	if err != nil {
		c.Refuse(err)
		c.hearOut()
		return
	}
	c.plugin, c.knows, c.commands, c.hello = wanted.mode.Name, wanted.mode.Knows, wanted.mode.Commands, r.hello
	r.config.Client, r.config.Entries = c, c.entries
	c.session = func() *session.Live { return g.live.Find(r.id) }
	r.waiting = c.wait
	g.hold(ctx, r)
}

// prepared is a session that is to be held, but for its client.
type prepared struct {
	id     string
	log    *slog.Logger
	start  time.Time
	hello  map[string]any // what a client of workbench.v1 is told first
	config session.Config
	use    *quota.Use
	seen   *wall.Session // of a student; nil: nobody else's is seen
	// waiting tells the client where another one is waited for. The session says nothing to
	// the client meanwhile.
	waiting func(address string)
}

// prepare returns what a session is made of, but for its client.
func (g *Gateway) prepare(wanted request) (*prepared, error) {
	opening := core.Opening{Options: wanted.options, Target: wanted.target.String(), ServerEOFStays: wanted.stays, Server: wanted.target.ServerEnd()}
	session.Draw(&opening, wanted.mode, time.Now())
	if err := session.CheckFaults(wanted.faults, opening, wanted.mode.Messages); err != nil {
		return nil, refuseAs(codeFault, "fault: %w", err)
	}
	return g.complete(wanted, session.Config{
		Opening:     opening,
		Knows:       wanted.mode.Knows,
		Messages:    wanted.mode.Messages,
		Withhold:    wanted.mode.Secrets,
		Faults:      wanted.faults,
		TakesFaults: !opening.IsWhole(core.Server),
	})
}

// complete returns a session whose end of the client is known, with all else that it is
// made of.
func (g *Gateway) complete(wanted request, config session.Config) (*prepared, error) {
	plugin, err := g.Plugin(wanted.mode.Name)
	if err != nil {
		return nil, refused{codeModeUnavailable, err}
	}
	id := g.live.NewID()
	log := g.Log.With("session", id, "mode", wanted.mode.Name, "target", wanted.target.Logged())
	hello := map[string]any{
		"kind": "hello", "session": id, "mode": wanted.mode.Name,
		"options": wanted.options, "target": wanted.target.String(),
	}
	if wanted.asker.agent != "" {
		hello["agent"] = wanted.asker.agent
		log = log.With("agent", wanted.asker.agent)
	}
	if seed := config.Opening.Seed; seed != (core.Seed{}) {
		hello["seed"], hello["start"] = seed.String(), core.FormatStart(config.Opening.Start)
	}
	var audit *auditing
	if g.Audit != nil {
		audit = g.newAuditing(id, wanted)
	}
	remarking := &session.Remarking{}
	r := &prepared{id: id, log: log, start: time.Now(), hello: hello, use: wanted.seat.use}
	r.config = config
	r.config.Plugin = plugin
	r.config.Observers = []session.Observer{&logging{log: log}}
	r.config.KeepPoison = func(t *transcript.Transcript, withheld bool) string {
		t.Mode = wanted.mode.Name
		return g.keepPoison(t, withheld, log)
	}
	opener := &links{gateway: g, wanted: wanted, audit: audit}
	r.config.Links = opener
	r.config.Dial = func(ctx context.Context) (session.Server, error) {
		server, err := g.reach(ctx, wanted, r.waiting, audit)
		if err != nil {
			return nil, err
		}
		remarking.Of(server)
		opener.first = server
		if outcome := server.TLS(); outcome != nil {
			hello["tls"] = outcome
		}
		if ws, ok := server.(webSocket); ok {
			hello["subprotocol"] = ws.Subprotocol()
		}
		return upgradableOf(server), nil
	}
	r.config.DialTellsNothing = !wanted.target.DialTells()
	opening := config.Opening
	if g.Recordings != nil && wanted.record {
		r.config.Observers = append(r.config.Observers, &recording{all: g.Recordings, told: hello, header: store.Header{
			Session: id, Agent: wanted.asker.agent, Mode: wanted.mode.Name, Options: wanted.options, Target: wanted.target.String(), TLS: told(wanted.security), Began: r.start,
			ServerEOFStays: opening.ServerEOFStays, Client: opening.Client, Server: opening.Server, Watch: opening.Watch,
			Seed: opening.Seed, Start: opening.Start,
		}})
	}
	if audit != nil {
		r.config.Observers = append(r.config.Observers, audit)
	}
	r.config.Observers = append(r.config.Observers, remarking)
	if g.Observe != nil {
		r.config.Observers = append(r.config.Observers, g.Observe(id, wanted.mode.Name)...)
	}
	if g.seen != nil {
		g.see(r, wanted)
	}
	if g.Bounds.Idle > 0 || g.Bounds.Longest > 0 {
		r.config.Observers = append(r.config.Observers, &lasting{bounds: g.Bounds, stop: func(why session.End) {
			if live := g.live.Find(id); live != nil {
				live.Stop(why)
			}
		}})
	}
	if wanted.mode.Name == g.DevMode {
		r.config.WholeLog = g.WholeLog
	}
	return r, nil
}

// hold runs a session to its end, and returns how it ended.
func (g *Gateway) hold(ctx context.Context, r *prepared) session.End {
	if r.use.Metered() {
		var m *meter
		r.config, m = metered(ctx, r.config, r.use)
		defer m.end()
	}
	end := g.live.Run(ctx, r.id, r.config)
	r.log.Info("session ended", "reason", end.Words, "after", time.Since(r.start).Round(time.Millisecond))
	return end
}

// keepPoison keeps a transcript that ends its plugin's process, and says where.
// withheld means that the transcript only says why there is none.
func (g *Gateway) keepPoison(t *transcript.Transcript, withheld bool, log *slog.Logger) string {
	if g.KeepPoison == nil {
		return "an event ends the plugin's process again and again"
	}
	path, err := g.KeepPoison(t)
	if err != nil {
		log.Error("an event ends the plugin's process; it could not be kept", "reason", err)
		return "an event ends the plugin's process again and again; it could not be kept"
	}
	if withheld {
		log.Error("an event ends the plugin's process; what was said is withheld, since a secret was marked", "transcript", path)
		return "an event ends the plugin's process again and again; what was said is withheld, since a secret was marked: " + path
	}
	log.Error("an event ends the plugin's process; see it with workbench replay", "transcript", path)
	return "an event ends the plugin's process again and again; to see it: workbench replay " + path
}
