package gateway

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/gorilla/websocket"

	"github.com/protocol-workbench/workbench/core/keep"
	"github.com/protocol-workbench/workbench/core/session"
)

// maxWindow bounds the name of a window, in bytes.
const maxWindow = 64

// open opens a session that goes on without its client, which watches it first.
func (g *Gateway) open(c *client, wanted request) {
	err := checkWindow("window", wanted.window)
	var r *prepared
	if err == nil {
		r, err = g.prepare(wanted)
	}
	if err != nil {
		c.Refuse(err)
		c.hearOut()
		return
	}
	k := g.keeping.New(r.id, r.hello)
	w, _ := k.Join(wanted.window, "", 1)
	r.config.Client, r.config.Entries = k, true
	r.waiting = c.wait // who opens the session is the only one until it has begun
	r.config.Observers = append(r.config.Observers, k.Observer())
	if r.seen != nil {
		r.seen.Kept(k.ID)
	}
	leave := wanted.seat.handOn()
	g.sessions.Go(func() {
		defer leave()
		g.hold(g.stopping, r)
		k.Ended()
	})
	c.plugin, c.knows, c.commands = wanted.mode.Name, wanted.mode.Knows, wanted.mode.Commands
	c.session = func() *session.Live { return g.live.Find(r.id) }
	g.watch(context.Background(), c, k, w)
}

// attach has a client watch a session that was opened by another connection.
func (g *Gateway) attach(c *client, query url.Values, asks asker, s *seat) {
	c.ws.SetReadLimit(maxJSONMessage)
	if isTheirs(query) {
		g.readAlong(c, query, asks, s)
		return
	}
	var k *keep.Session
	var w *keep.Watcher
	err := s.refused
	if err == nil {
		k, w, err = g.join(c, query)
	}
	if err != nil {
		c.Refuse(err)
		c.hearOut()
		return
	}
	if g.Audit != nil {
		g.Audit.Info("attach", asks.attrs(), "session", k.Hello["session"])
	}
	g.watch(context.Background(), c, k, w)
}

func (g *Gateway) join(c *client, query url.Values) (*keep.Session, *keep.Watcher, error) {
	if !c.entries {
		return nil, nil, refuseAs(codeAddress, "attach is for clients that ask for the subprotocol %s", subprotocol)
	}
	q, err := oneOfEach(query, "attach", "from", "window", "was")
	var first uint64
	if err == nil {
		first, err = firstIn(q)
	}
	for _, name := range []string{"window", "was"} {
		if err == nil {
			err = checkWindow(name, q[name])
		}
	}
	if err != nil {
		return nil, nil, refused{codeAddress, err}
	}
	k := g.keeping.Find(q["attach"])
	if k == nil {
		return nil, nil, errNoSession
	}
	var w *keep.Watcher
	if c.looksOn = k.LooksOnly(); c.looksOn {
		w, err = k.Watch(first, true)
	} else {
		w, err = k.Join(q["window"], q["was"], first)
	}
	if err != nil {
		return nil, nil, errNoSession
	}
	mode, _ := k.Hello["mode"].(string)
	manifest, err := g.Manifest(g.stopping, mode)
	if err != nil {
		w.Leave()
		return nil, nil, refused{codeModeUnavailable, err}
	}
	c.plugin, c.knows, c.commands = mode, manifest.Knows, manifest.Commands
	id, _ := k.Hello["session"].(string)
	c.session = func() *session.Live { return g.live.Find(id) }
	return k, w, nil
}

var errNoSession = refused{codeSessionUnknown, errors.New("no such session: it has ended, and nobody came back in time, or the workbench was started anew")}

func checkWindow(name, value string) error {
	if len(value) > maxWindow {
		return refuseAs(codeAddress, "%s is longer than %d bytes", name, maxWindow)
	}
	return nil
}

// watch tells a client what happens in a session, until the session ends, the client is
// gone or ctx is done, and says there what the client says.
func (g *Gateway) watch(ctx context.Context, c *client, k *keep.Session, w *keep.Watcher) {
	heard := make(chan struct{})
	go func() {
		defer close(heard)
		c.hear(w)
		w.Leave()
		c.hearOut()
	}()
	address, err := w.Reached()
	if err == nil {
		c.hello = maps.Clone(k.Hello)
		c.hello["attach"], c.hello["keep"], c.hello["watch"] = k.ID, int(g.keeping.Keep/time.Second), w.State()
		c.hello["age"] = time.Since(k.Began).Seconds()
		if c.looksOn {
			c.hello["readonly"] = true
		}
		err = c.Accept(address)
	} else if err != keep.ErrLeft {
		c.Refuse(err)
	}
	for err == nil {
		err = g.tell(ctx, c, k, w)
	}
	if why := context.Cause(ctx); why != nil {
		c.sayWhy(why)
	} else if err != errTold {
		c.Cut()
	}
	w.Leave()
	<-heard
}

// errTold says that a client was told all, and how the session ended.
var errTold = errors.New("all was told")

// tell tells a client what comes next. It waits, for as long as the client is there.
func (g *Gateway) tell(ctx context.Context, c *client, k *keep.Session, w *keep.Watcher) error {
	b, err := w.Next(ctx)
	switch {
	case err != nil:
		return err
	case b.State != nil:
		return c.say(struct {
			Kind string `json:"kind"`
			*keep.State
		}{"watch", b.State})
	case b.Missing != nil:
		return g.fill(ctx, c, k, b.Missing)
	case b.End != nil:
		c.Close(*b.End)
		return errTold
	}
	return c.sayEntries(b.Entries)
}

// say sends one object.
func (c *client) say(v any) error {
	object, err := json.Marshal([]any{v})
	if err != nil {
		return err
	}
	return c.ws.WriteMessage(websocket.TextMessage, object)
}

// sayEntries sends entries, each followed by a comma.
func (c *client) sayEntries(entries []byte) error {
	array := messages.Get().(*[]byte)
	defer messages.Put(array)
	frame := append(append((*array)[:0], '['), entries...)
	frame[len(frame)-1] = ']'
	*array = frame[:cap(frame)]
	return c.ws.WriteMessage(websocket.TextMessage, frame)
}

// hear has the session hear what a client says, until the client is gone or has
// said something that is not allowed.
func (c *client) hear(w *keep.Watcher) {
	for {
		kind, message, err := c.read()
		var u upward
		switch {
		case err != nil:
		case kind == websocket.TextMessage:
			u, err = parseUpward(message, true)
		case len(message) > maxMessage:
			err = tooBig
		default:
			u.Bytes = &message
		}
		if err == nil {
			err = c.hearOne(w, u)
		}
		var end session.End
		var refused notTaken
		switch {
		case err == nil:
		case errors.As(err, &refused):
			w.Tell(c.notTaken(u.Number, refused.code, refused.words))
		case errors.Is(err, keep.ErrNoKeyboard), errors.Is(err, keep.ErrLooksOn), errors.Is(err, keep.ErrFinished):
			code := "no-keyboard"
			if err == keep.ErrFinished {
				code = "input-ended"
			}
			w.Tell(c.notTaken(u.Number, code, err.Error()))
		case errors.As(err, &end):
			if end.Cause != session.ByClient {
				code, words := c.closeCode(end)
				c.sayClose(code, words)
			}
			return
		default: // the session is over, as the client will be told
			return
		}
	}
}

// hearOne has the session hear one message.
func (c *client) hearOne(w *keep.Watcher, u upward) error {
	switch {
	case u.End:
		return w.End()
	case u.Keyboard == "take":
		return w.TakeKeyboard()
	case u.Keyboard == "give":
		return w.GiveKeyboard(u.To)
	case u.Fault != nil:
		return w.Order(u.Number, func() error { return c.addFaults(*u.Fault) })
	}
	e, err := c.event(u)
	if err != nil {
		return err
	}
	return w.Say(keep.Message{Number: u.Number, Event: e})
}

// notTaken is what a client is told of a message that the session has not taken.
func (c *client) notTaken(number uint64, code, words string) []byte {
	object, _ := json.Marshal(struct {
		Kind   string `json:"kind"`
		Number uint64 `json:"m,omitempty"`
		Code   string `json:"code"`
		Text   string `json:"text"`
	}{"not-taken", number, code, words})
	return append(object, ',')
}

// kept answers GET /api/sessions with the sessions that go on without a client, those of
// other workbenches too.
func (g *Gateway) kept(w http.ResponseWriter, r *http.Request) {
	if _, err := oneOfEach(r.URL.Query()); err != nil {
		refuseWith(w, http.StatusBadRequest, err)
		return
	}
	list := g.keptHere()
	if others := g.keptElsewhere(r); len(others) > 0 {
		list = append(list, others...)
		slices.SortStableFunc(list, func(a, b keptInfo) int { return b.Began.Compare(a.Began) })
	}
	answerAs(w, "application/json")
	json.NewEncoder(w).Encode(list)
}

// keptInfo is a session that goes on without a client.
type keptInfo struct {
	ID         string    `json:"id"`
	Session    any       `json:"session"`
	Mode       any       `json:"mode"`
	Target     any       `json:"target"`
	Transcript any       `json:"transcript,omitempty"`
	Tap        any       `json:"tap,omitempty"`   // the tap that it is of
	Agent      any       `json:"agent,omitempty"` // the agent that opened it
	Began      time.Time `json:"began"`
	Watchers   int       `json:"watchers"`
	Over       bool      `json:"over"`
	Left       float64   `json:"left,omitempty"`
}

// keptHere returns those of this workbench.
func (g *Gateway) keptHere() []keptInfo {
	list := []keptInfo{}
	for _, k := range g.keeping.List() {
		list = append(list, keptInfo{
			ID: k.ID, Session: k.Hello["session"], Mode: k.Hello["mode"], Target: k.Hello["target"], Transcript: k.Hello["transcript"], Tap: k.Hello["tap"], Agent: k.Hello["agent"],
			Began: k.Began, Watchers: k.Watchers, Over: k.Over, Left: k.Left.Seconds(),
		})
	}
	return list
}

// endKept answers DELETE /api/sessions/ID: ends a session, or forgets one that has
// ended.
func (g *Gateway) endKept(w http.ResponseWriter, r *http.Request) {
	k := g.keeping.Find(r.PathValue("id"))
	if k == nil {
		refuseWith(w, http.StatusNotFound, errNoSession)
		return
	}
	g.keeping.Leave(k)
	answerAs(w, "")
	w.WriteHeader(http.StatusNoContent)
}
