package gateway

import (
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/play"
	"github.com/protocol-workbench/workbench/core/target"
)

// Bounds of a play.
const (
	maxPlays       = 4        // at once: each takes one of the six connections that a browser has
	maxPlayRequest = 64 << 10 // bytes
	maxPlayed      = 16 << 20 // bytes of text of all recordings of one play, as a recording has at most
	maxPlayClients = 64       // connections of a played server at once
	maxPlaySteps   = 1000     // of one connection that are told
	maxPlayDiff    = 64 << 10 // bytes
	playLimit      = time.Hour
	playPatience   = 10 * time.Second // for the next expected bytes, if the request does not say
	maxPatience    = 10 * time.Minute
)

// serverPlay says how a recording's server is played.
type serverPlay struct {
	Port uint16   `json:"port"` // 0: a free one
	More []string `json:"more"` // further recordings: each is one connection, in any order
	Fast bool     `json:"fast"` // without the recorded pauses
	GoOn bool     `json:"goOn"` // after a mismatch
}

// playServer answers POST /api/transcripts/ID/play/server: it plays the server to all
// that connect, and tells what each does, until its client is gone.
func (s transcripts) playServer(w http.ResponseWriter, r *http.Request) {
	var request serverPlay
	err := readJSON(r, &request)
	if err == nil && len(request.More) >= play.MaxPool {
		err = fmt.Errorf("%d recordings; at most %d are played together", len(request.More)+1, play.MaxPool)
	}
	if err != nil {
		refuseWith(w, refusalOf(err), err)
		return
	}
	ids := append([]string{r.PathValue("id")}, request.More...)
	p, err := s.play(r.Context(), ids...)
	if err != nil {
		refuseWith(w, unusableOf(err), err)
		return
	}
	server := play.Server{Script: p.scripts[0], Fast: request.Fast}
	if len(ids) > 1 {
		server.Pool, err = play.NewPool(p.scripts, false)
	}
	var fingerprint string
	if err == nil {
		fingerprint, err = p.upgradeable(&server)
	}
	var listener net.Listener
	if err == nil {
		listener, err = s.gateway.Listen(netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 0, 0, 1}), request.Port))
	}
	if err != nil {
		p.end()
		refuseWith(w, http.StatusConflict, err)
		return
	}
	ctx := p.begin(w, r)
	defer p.finish(ctx)
	server.Mismatch = func(client net.Addr, m *play.Mismatch) bool {
		p.tellMismatch(client.String(), m, "")
		return request.GoOn
	}
	server.Ended = func(client net.Addr, id string, err error) { p.tellEnded(client.String(), id, err, playEvent{}) }
	server.Done = func(client net.Addr, step play.Step) { p.tellStep(client.String(), ids[0], step, false) }
	steps := 0
	if server.Pool == nil {
		steps = len(server.Script.Steps())
	}
	p.tell(playEvent{Event: "listening", Address: listener.Addr().String(), Fingerprint: fingerprint, Steps: steps, Warnings: p.warnings()})
	if err := server.Serve(ctx, &playListener{Listener: listener, playing: p}); err != nil {
		p.tell(playEvent{Event: "stopped", Error: core.Printable(err.Error())})
	}
}

// upgradeable has a server upgrade to TLS where a recording does, with a certificate that
// is made for this play, and returns its fingerprint.
func (p *playing) upgradeable(server *play.Server) (fingerprint string, err error) {
	if !slices.ContainsFunc(p.scripts, (*play.Script).Upgrades) {
		return "", nil
	}
	own, err := target.SelfSigned("workbench play server")
	if err != nil {
		return "", err
	}
	server.StartTLS = &tls.Config{Certificates: []tls.Certificate{own.Pair()}, MinVersion: target.DefaultMin}
	return own.Fingerprint, nil
}

// playListener tells of the connections that it accepts, and turns those away that
// are too many.
type playListener struct {
	net.Listener
	playing *playing
	open    atomic.Int64
}

func (l *playListener) Accept() (net.Conn, error) {
	for {
		conn, err := l.Listener.Accept()
		if err != nil {
			return nil, err
		}
		tcp, ok := conn.(*net.TCPConn)
		if !ok {
			return conn, nil
		}
		client := conn.RemoteAddr().String()
		if l.open.Add(1) > maxPlayClients {
			l.open.Add(-1)
			conn.Close()
			l.playing.tell(playEvent{Event: "turned-away", Client: client})
			continue
		}
		l.playing.tell(playEvent{Event: "connected", Client: client})
		return &playConn{tcp, sync.OnceFunc(func() {
			l.open.Add(-1)
			l.playing.tell(playEvent{Event: "closed", Client: client})
		})}, nil
	}
}

// playConn tells when it is closed.
type playConn struct {
	*net.TCPConn
	closed func()
}

func (c *playConn) Close() error {
	err := c.TCPConn.Close()
	c.closed()
	return err
}

var errUpgradeOverTLS = errors.New("the recording upgrades to TLS in mid-stream, so that the connection begins in clear: name the server without TLS, as in host:port")

// clientPlay says to whom a recording's client is played.
type clientPlay struct {
	To      string            `json:"to"`      // a target
	Seconds float64           `json:"seconds"` // how long the next expected bytes may take; 0: playPatience
	TLS     map[string]string `json:"tls"`     // choices, by name
	Via     string            `json:"via"`     // a proxy; "": as usual
}

// playClient answers POST /api/transcripts/ID/play/client: it plays the client to a
// live server, and tells each step and how it ended.
func (s transcripts) playClient(w http.ResponseWriter, r *http.Request) {
	request := clientPlay{Seconds: playPatience.Seconds()}
	err := readJSON(r, &request)
	patience := time.Duration(request.Seconds * float64(time.Second))
	if err == nil && (patience <= 0 || patience > maxPatience) {
		err = fmt.Errorf("seconds is %g; it must be more than 0, and at most %g", request.Seconds, maxPatience.Seconds())
	}
	if err == nil && request.To == "" {
		err = errors.New("to is missing; it names the live server, host:port, tls://host:port or unix:///path")
	}
	var to target.Target
	if err == nil {
		to, err = target.Parse(request.To)
	}
	if err == nil {
		to, err = through(to, request.Via)
	}
	if err == nil && to.Kind == target.WebSocket {
		err = errors.New("a recording's client is played over streams: ws:// and wss:// carry messages")
	}
	var choices []target.Choice
	for name, value := range request.TLS {
		choices = append(choices, target.Choice{Name: name, Value: value})
	}
	if err != nil {
		refuseWith(w, refusalOf(err), err)
		return
	}
	id := r.PathValue("id")
	p, err := s.play(r.Context(), id)
	if err != nil {
		refuseWith(w, unusableOf(err), err)
		return
	}
	script := p.scripts[0]
	upgrades := script.Upgrades()
	security, err := s.gateway.choose(to, choices, upgrades)
	if err == nil && upgrades && to.TLS {
		err = errUpgradeOverTLS
	}
	if err != nil {
		p.end()
		refuseWith(w, refusalOf(err), err)
		return
	}
	ctx := p.begin(w, r)
	defer p.finish(ctx)
	p.tell(playEvent{Event: "dialling", Address: to.String(), Steps: len(script.Steps()), Upgrades: upgrades, Warnings: p.warnings()})
	var audit *auditing
	if log := s.gateway.Audit; log != nil {
		audit = &auditing{log: log.With(askerOf(r).attrs(), "play", id, "target", to.Logged())}
	}
	conn, err := s.gateway.dial(ctx, askerOf(r), to, security, audit)
	if err != nil {
		e := playEvent{}
		var failed *target.Error
		if errors.As(err, &failed) {
			e.Certificate = failed.Certificate
		}
		p.tellEnded("", id, err, e)
		return
	}
	p.tell(playEvent{Event: "connected", Address: conn.Resolved(), TLS: conn.Secured()})
	player := script.Play(core.Client)
	talk := play.Talk{Fast: true, Timeout: patience, Done: func(step play.Step) { p.tellStep("", id, step, true) }}
	talk.Secured = func(words string, early int) {
		p.tell(playEvent{Event: "secured", TLS: words, Early: early})
		if audit != nil {
			audit.log.Info("upgrade", "outcome", "tls", "words", words)
		}
	}
	err = talk.Over(ctx, conn, player)
	var answers playEvent
	var m *play.Mismatch
	if errors.As(err, &m) {
		p.tellMismatch("", m, player.Diff())
		var failed *target.Error
		if errors.As(m.Cause, &failed) {
			answers.Code, answers.Certificate = string(failed.Code), failed.Certificate
		}
	}
	answers.Answers, answers.Bytes = script.Answers()
	p.tellEnded("", id, err, answers)
}
