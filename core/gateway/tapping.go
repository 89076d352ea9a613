package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/session"
	"github.com/protocol-workbench/workbench/core/stall"
	"github.com/protocol-workbench/workbench/core/tap"
	"github.com/protocol-workbench/workbench/core/target"
)

// This file begins taps and holds their sessions: those of the user who began the tap, as
// if he had opened each of them by hand.

// How often followers are told.
const (
	tapsEvery = 250 * time.Millisecond // at most
	tapsCount = time.Second            // while only bytes are counted
)

const errItself = "the tap's target is the tap itself"

var (
	errTapOver = errors.New("the tap was stopped")
	errTapFull = fmt.Errorf("%d connections of the tap are open, which is the most", maxTapClients)
	errTaps    = fmt.Errorf("%d taps listen already, which is the most; stop one of them", maxTaps)
	errNoTap   = errors.New("no such tap")
)

// tapRequest says what a tap is to be.
type tapRequest struct {
	Listen  string            `json:"listen"` // "": a free port of 127.0.0.1
	Target  string            `json:"target"`
	Mode    string            `json:"mode"`
	Options map[string]string `json:"options"`
	Through bool              `json:"through"`
	Via     string            `json:"via"` // a proxy; "": as usual
	TLS     map[string]string `json:"tls"` // choices, by name
	Record  *bool             `json:"record"`
	Faults  string            `json:"faults"` // rules; "": none
}

// query returns it as the query of a session's address.
func (t *tapRequest) query() url.Values {
	q := url.Values{"mode": {t.Mode}}
	for name, value := range t.Options {
		q.Set("option."+name, value)
	}
	for name, value := range t.TLS {
		q.Set(securityPrefix+name, value)
	}
	if t.Via != "" {
		q.Set("via", t.Via)
	}
	if t.Record != nil && !*t.Record {
		q.Set("record", "off")
	}
	if t.Faults != "" {
		q.Set("fault", t.Faults)
	}
	return q
}

// at returns where a tap is to listen: on this machine alone, since it asks nobody who he
// is.
func (t *tapRequest) at() (netip.AddrPort, error) {
	listen := t.Listen
	if listen == "" {
		listen = "127.0.0.1:0"
	}
	if host, port, err := net.SplitHostPort(listen); err == nil && (host == "" || host == "localhost") {
		listen = net.JoinHostPort("127.0.0.1", port)
	}
	at, err := netip.ParseAddrPort(listen)
	switch {
	case err != nil:
		return at, fmt.Errorf("listen is %q; it must be an address and a port, as in 127.0.0.1:6380, where port 0 is a free one", core.CutWords(t.Listen, maxShown))
	case !at.Addr().IsLoopback():
		return at, fmt.Errorf("listen is %q, which other machines may reach; a tap asks nobody who he is, so it listens on this machine alone, as on 127.0.0.1:%d", core.CutWords(t.Listen, maxShown), at.Port())
	}
	return at, nil
}

// beginTap answers POST /api/taps with the tap that it begins.
func (g *Gateway) beginTap(w http.ResponseWriter, r *http.Request) {
	asked := tapRequest{Mode: "raw"}
	err := readJSON(r, &asked)
	var at netip.AddrPort
	if err == nil {
		at, err = asked.at()
	}
	var wanted request
	if err == nil {
		wanted, err = g.parse(r.Context(), asked.Target, asked.query())
	}
	if err == nil && (wanted.target.ServerEnd() != core.ServerStream || wanted.target.Listens()) {
		err = refuseAs(codeAddress, "%s is no target for a tap here: its clients send a stream, and are connected with a server; workbench tap --listen udp://… passes datagrams on", core.CutWords(wanted.target.Logged(), maxShown))
	}
	if err == nil {
		if err = tap.Check(wanted.mode); err != nil {
			err = fmt.Errorf("%w; try the line mode raw", err)
		}
	}
	if err == nil && wanted.faults != nil {
		asked.Through = true
		opening := core.Opening{Client: core.Stream, Server: wanted.target.ServerEnd()}
		if err = session.CheckFaults(wanted.faults, opening, wanted.mode.Messages); err != nil {
			err = refuseAs(codeFault, "faults: %w", err)
		}
	}
	if err != nil {
		refuseWith(w, refusalOf(err), err)
		return
	}
	wanted.asker, wanted.watches, wanted.record = askerOf(r), !asked.Through, wanted.record && g.Recordings != nil
	one, err := g.tap(at, wanted, asked.Through)
	if err != nil {
		refuseWith(w, http.StatusConflict, err)
		return
	}
	if g.Audit != nil {
		g.Audit.Info("tap", wanted.asker.attrs(), "tap", one.id, "listen", one.address.String(), "target", wanted.target.String(), "mode", wanted.mode.Name)
	}
	answerAs(w, "application/json")
	json.NewEncoder(w).Encode(struct {
		ID     string `json:"id"`
		Listen string `json:"listen"`
	}{one.id, one.address.String()})
}

// tap begins a tap.
func (g *Gateway) tap(at netip.AddrPort, wanted request, through bool) (*tapping, error) {
	if !g.begin() {
		return nil, errStopping
	}
	l, err := g.Listen(at)
	if err != nil {
		g.sessions.Done()
		return nil, err
	}
	ctx, stop := context.WithCancel(g.stopping)
	one := &tapping{wanted: wanted, through: through, began: time.Now(), stop: stop, live: &g.live}
	if at, ok := l.Addr().(*net.TCPAddr); ok {
		one.address = at.AddrPort()
	}
	if !g.taps.add(one) {
		stop()
		l.Close()
		g.sessions.Done()
		return nil, errTaps
	}
	accepting := new(target.Dialer)
	if through { // the session waits for nobody for ever
		accepting.Below = func(c net.Conn) net.Conn { return stall.New(c) }
	}
	log := g.Log.With("tap", one.id, "target", wanted.target.String())
	t := &tap.Tap{
		Mode: wanted.mode, Options: wanted.options, Target: wanted.target.String(), Through: through, Faults: wanted.faults,
		Accepted: func(c net.Conn) tap.Conn { return accepting.Over(c.(*net.TCPConn), "") },
		Hold: func(ctx context.Context, it tap.Session, client *tap.Client, config session.Config) {
			g.holdTapped(ctx, one, it, client, config)
		},
		Log: log,
	}
	log.Info("tap began", "listen", one.address.String())
	go func() {
		defer g.sessions.Done()
		err := t.Serve(ctx, l)
		problem := ""
		if err != nil {
			problem = "no more connections can be taken: " + err.Error()
		}
		g.taps.end(one, session.End{Cause: session.Stopped, Words: errTapOver.Error()}, problem)
		log.Info("tap ended", "reason", problem)
	}()
	return one, nil
}

// holdTapped holds the session of one connection of a tap.
func (g *Gateway) holdTapped(ctx context.Context, one *tapping, it tap.Session, client *tap.Client, config session.Config) {
	c := &tapConn{from: it.Client.String(), began: it.Began}
	if g.taps.enter(one, c) != nil {
		client.Reset()
		return
	}
	wanted := one.wanted
	wanted.seat = new(seat)
	r, err := g.sitDown(wanted, config)
	if err != nil {
		wanted.seat.leave()
		g.taps.turnAway(one, c, err)
		client.Reset()
		return
	}
	r.hello["tap"] = one.id
	k := g.keeping.NewBeside(r.id, r.hello, func(why session.End) {
		if live := g.live.Find(r.id); live != nil {
			live.Stop(why)
		}
	})
	g.taps.change(func() { c.session, c.attach = r.id, k.ID })
	defer wanted.seat.leave()
	r.config.Observers = append(r.config.Observers, k.Beside(), c.counts.Observer(), &tapBegan{began: func() {
		g.taps.change(func() {
			c.state = tapOpen
			c.transcript, _ = r.hello["transcript"].(string)
		})
	}})
	dial := r.config.Dial
	r.config.Dial = func(ctx context.Context) (session.Server, error) {
		server, err := dial(ctx)
		if err == nil && one.isAt(server.Resolved()) {
			// It has connected to itself by now, and so it would again and again.
			server.Close()
			g.taps.end(one, session.End{Cause: session.Stopped, Words: errItself}, errItself)
			return nil, errors.New(errItself)
		}
		return server, err
	}
	end := g.hold(ctx, r)
	k.Ended()
	g.taps.leave(one, c, end.ErrorCode(), end.Words)
}

// sitDown prepares a session that nobody has asked for by a request.
func (g *Gateway) sitDown(wanted request, config session.Config) (*prepared, error) {
	if g.isStopping() {
		return nil, errStopping
	}
	use, err := g.Bounds.Quota.Open(wanted.asker.owner(), wanted.asker.address())
	if err != nil {
		return nil, err
	}
	wanted.seat.use = use
	return g.complete(wanted, config)
}

// tapBegan is told that the target was reached.
type tapBegan struct {
	session.Ignore
	began func()
}

func (b *tapBegan) Began(session.Beginning) { b.began() }

// isAt reports whether an address is where the tap listens. It does so on both loopback
// addresses if on one.
func (t *tapping) isAt(resolved string) bool {
	at, err := netip.ParseAddrPort(resolved)
	if err != nil || at.Port() != t.address.Port() {
		return false
	}
	both := func(a netip.Addr) bool {
		return a == netip.AddrFrom4([4]byte{127, 0, 0, 1}) || a == netip.IPv6Loopback()
	}
	a, own := at.Addr().Unmap(), t.address.Addr().Unmap()
	return a == own || both(a) && both(own)
}

// endTap answers DELETE /api/taps/ID: stops a tap, or forgets one that was stopped.
func (g *Gateway) endTap(w http.ResponseWriter, r *http.Request) {
	one := g.taps.find(r.PathValue("id"))
	switch {
	case one == nil:
		refuseWith(w, http.StatusNotFound, errNoTap)
		return
	case g.taps.isOver(one):
		g.taps.forget(one)
	default:
		g.taps.end(one, session.End{Cause: session.Stopped, Words: errTapOver.Error()}, "")
	}
	nothing(w)
}

// listTaps answers GET /api/taps.
func (g *Gateway) listTaps(w http.ResponseWriter, r *http.Request) {
	if _, err := oneOfEach(r.URL.Query()); err != nil {
		refuseWith(w, http.StatusBadRequest, err)
		return
	}
	all, _ := g.taps.shown()
	answerAs(w, "application/json")
	json.NewEncoder(w).Encode(all)
}

// liveTaps answers GET /api/taps/live: it tells how the taps stand, and what has changed.
func (g *Gateway) liveTaps(w http.ResponseWriter, r *http.Request) {
	g.stream(w, r, func(ctx context.Context, c *client) error {
		told := tapsFollowed{}
		for {
			changes := g.taps.changes()
			all, busy := g.taps.shown()
			message, err := told.tell(all)
			if err != nil {
				return err
			}
			if message != nil {
				if err := c.ws.WriteMessage(websocket.TextMessage, message); err != nil {
					return errGone
				}
			}
			var count <-chan time.Time
			if busy {
				count = time.After(tapsCount)
			}
			select {
			case <-changes:
				select {
				case <-time.After(tapsEvery):
				case <-ctx.Done():
					return nil
				}
			case <-count:
			case <-ctx.Done():
				return nil
			}
		}
	})
}
