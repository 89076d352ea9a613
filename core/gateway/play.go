package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/play"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/target"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Bounds of a play.
const (
	maxPlays       = 8        // at once
	maxPlayRequest = 64 << 10 // bytes
	maxPlayed      = 16 << 20 // bytes of text of all recordings of one play, as a recording has at most
	maxPlayClients = 64       // connections of a played server at once
	maxPlaySteps   = 1000     // of one connection that are told
	maxPlayDiff    = 64 << 10 // bytes
	playLimit      = time.Hour
	playPatience   = 10 * time.Second // for the next expected bytes, if the request does not say
	maxPatience    = 10 * time.Minute
)

// playEvent is what a page is told of a play: a line of JSON. docs/play.md has them.
type playEvent struct {
	Event   string `json:"event"`
	Address string `json:"address,omitempty"` // where clients can connect, or what was dialled
	TLS     string `json:"tls,omitempty"`     // how the dialled connection is secured, in words
	Client  string `json:"client,omitempty"`
	File    string `json:"file,omitempty"` // the recording
	Steps   int    `json:"steps,omitempty"`
	place
	Entry      json.RawMessage `json:"entry,omitempty"` // the step, as of aligned entries
	Offset     *int64          `json:"offset,omitempty"`
	From       string          `json:"from,omitempty"` // whose bytes
	Want       string          `json:"want,omitempty"`
	Got        string          `json:"got,omitempty"`
	Nearest    bool            `json:"nearest,omitempty"`
	Diff       string          `json:"diff,omitempty"`
	Result     string          `json:"result,omitempty"` // same, different or failed
	Mismatches int             `json:"mismatches,omitempty"`
	Answers    int             `json:"answers,omitempty"`
	Bytes      int             `json:"bytes,omitempty"`
	Code       string          `json:"code,omitempty"` // of Error
	Error      string          `json:"error,omitempty"`
	Warnings   []string        `json:"warnings,omitempty"`

	Certificate *target.Certificate `json:"certificate,omitempty"` // that the handshake failed over
}

// place is where in a recording something is: the number of its event, and how many
// entries there are up to it.
type place struct {
	N  uint64 `json:"n,omitempty"`
	At int    `json:"at,omitempty"`
}

// playing is a play, of which a page is told as long as it goes on.
type playing struct {
	scripts []*play.Script
	places  map[string]map[int]place // by recording, and by line
	cancel  context.CancelFunc
	end     func() // of its turn

	mu         sync.Mutex
	w          http.ResponseWriter
	over       bool
	steps      map[string]int // that were done, by client
	mismatches map[string]int // likewise
}

var errPlays = fmt.Errorf("%d recordings are being played already, which is the most; stop one of them", maxPlays)

// play reads recordings to play. The caller ends it.
func (s transcripts) play(ctx context.Context, ids ...string) (*playing, error) {
	select {
	case s.gateway.plays <- struct{}{}:
	default:
		return nil, errPlays
	}
	p := &playing{places: map[string]map[int]place{}, steps: map[string]int{}, mismatches: map[string]int{}, end: func() { <-s.gateway.plays }}
	if err := s.load(ctx, p, ids); err != nil {
		p.end()
		return nil, err
	}
	return p, nil
}

func (s transcripts) load(ctx context.Context, p *playing, ids []string) error {
	done, err := s.gateway.whole.take(ctx)
	if err != nil {
		return err
	}
	defer done()
	left := int64(maxPlayed)
	for _, id := range ids {
		text, err := s.Open(id)
		if err != nil {
			return err
		}
		upTo := &io.LimitedReader{R: text, N: left + 1}
		t, err := store.Parse(id, upTo, left)
		text.Close()
		if err != nil {
			return err
		}
		left = upTo.N - 1
		script, err := play.New(id, t)
		if err != nil {
			return err
		}
		places := map[int]place{}
		for i := range t.Entries {
			places[t.Entries[i].Line] = place{t.Entries[i].N, i + 1}
		}
		p.scripts, p.places[id] = append(p.scripts, script), places
	}
	return nil
}

// begin begins to answer. Its context ends with the play: with its page, after
// playLimit, or when the workbench stops.
func (p *playing) begin(w http.ResponseWriter, r *http.Request) context.Context {
	var ctx context.Context
	ctx, p.cancel = context.WithTimeout(r.Context(), playLimit)
	p.w = w
	answerAs(w, "application/x-ndjson")
	return ctx
}

// finish ends the answer.
func (p *playing) finish(ctx context.Context) {
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		p.tell(playEvent{Event: "stopped", Error: fmt.Sprintf("played for %v, which is the most", playLimit)})
	}
	p.cancel()
	p.mu.Lock()
	p.over = true
	p.mu.Unlock()
	p.end()
}

// tell tells the page. Many goroutines may, also after the end; one whose page takes
// nothing for stall.Limit ends the play.
func (p *playing) tell(e playEvent) {
	line, err := json.Marshal(e)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.over {
		return
	}
	if err == nil {
		_, err = p.w.Write(append(line, '\n'))
	}
	if err != nil || http.NewResponseController(p.w).Flush() != nil {
		p.cancel()
	}
}

func (p *playing) warnings() (all []string) {
	for _, script := range p.scripts {
		for _, w := range script.Warnings() {
			all = append(all, w.Words)
		}
	}
	return all
}

// tellStep tells of a step that was done; with its entry if there is one.
func (p *playing) tellStep(client, id string, s play.Step, withEntry bool) {
	p.mu.Lock()
	p.steps[client]++
	n := p.steps[client]
	p.mu.Unlock()
	if n > maxPlaySteps {
		return
	}
	e := playEvent{Event: "step", Client: client, Steps: n, place: p.places[id][s.Line]}
	if withEntry {
		entry := entryOf(s)
		entry.N = e.N
		e.Entry = shownEntry(&entry, 0)
	}
	p.tell(e)
}

// entryOf returns a step as an entry of a transcript.
func entryOf(s play.Step) transcript.Entry {
	if s.From == core.Client {
		order := core.SendServer
		if s.End != "" {
			order = core.FinishServer
		}
		return transcript.Entry{Dir: transcript.Action, Action: core.Action{Kind: order, Data: s.Data}}
	}
	kind := core.ServerBytes
	switch s.End {
	case "eof":
		kind = core.ServerEOF
	case "failed":
		kind = core.ServerFailed
	}
	return transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: kind, Data: s.Data}}
}

func (p *playing) tellMismatch(client string, m *play.Mismatch, diff string) {
	p.mu.Lock()
	p.mismatches[client]++
	p.mu.Unlock()
	p.tell(playEvent{Event: "mismatch", Client: client, File: m.File, place: p.places[m.File][m.Line], From: m.From.String(),
		Offset: &m.Offset, Want: m.Want, Got: m.Got, Nearest: m.Nearest, Diff: core.CutWords(diff, maxPlayDiff)})
}

// tellEnded tells how a talk has ended, and forgets its client.
func (p *playing) tellEnded(client, id string, err error, more playEvent) {
	e := more
	e.Event, e.Client, e.File, e.Result = "ended", client, id, "same"
	p.mu.Lock()
	e.Steps, e.Mismatches = p.steps[client], p.mismatches[client]
	delete(p.steps, client)
	delete(p.mismatches, client)
	p.mu.Unlock()
	var m *play.Mismatch
	var coded interface {
		error
		ErrorCode() string
	}
	switch {
	case err != nil && !errors.As(err, &m):
		e.Result, e.Error = "failed", core.Printable(err.Error())
		if errors.As(err, &coded) {
			e.Code = coded.ErrorCode()
		}
	case e.Mismatches > 0:
		e.Result = "different"
	}
	p.tell(e)
}

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
	var listener net.Listener
	if err == nil {
		listener, err = s.gateway.Listen(request.Port)
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
	p.tell(playEvent{Event: "listening", Address: listener.Addr().String(), Steps: steps, Warnings: p.warnings()})
	if err := server.Serve(ctx, &playListener{Listener: listener, playing: p}); err != nil {
		p.tell(playEvent{Event: "stopped", Error: core.Printable(err.Error())})
	}
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

// clientPlay says to whom a recording's client is played.
type clientPlay struct {
	To      string            `json:"to"`      // a target
	Seconds float64           `json:"seconds"` // how long the next expected bytes may take; 0: playPatience
	TLS     map[string]string `json:"tls"`     // choices, by name
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
		err = errors.New("to is missing; it names the live server, host:port or tls://host:port")
	}
	var to target.Target
	if err == nil {
		to, err = target.Parse(request.To)
	}
	var choices []target.Choice
	for name, value := range request.TLS {
		choices = append(choices, target.Choice{Name: name, Value: value})
	}
	var security target.Security
	if err == nil {
		security, err = s.gateway.choose(to, choices)
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
	ctx := p.begin(w, r)
	defer p.finish(ctx)
	script := p.scripts[0]
	p.tell(playEvent{Event: "dialling", Address: to.String(), Steps: len(script.Steps()), Warnings: p.warnings()})
	conn, err := s.gateway.Dial(ctx, to, security)
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
	err = talk.Over(ctx, conn, player)
	var m *play.Mismatch
	if errors.As(err, &m) {
		p.tellMismatch("", m, player.Diff())
	}
	var answers playEvent
	answers.Answers, answers.Bytes = script.Answers()
	p.tellEnded("", id, err, answers)
}
