package gateway

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httputil"
	"strconv"
	"sync/atomic"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/store"
)

// This file is for sessions that another workbench has. A page that comes to this one, since
// a load balancer stands before them, or a teacher who watches a student of there, names such
// a session by its ID: the request goes to the workbench that has it, which answers. The
// session so stays where it is, with one writer of its log.
//
// Workbenches believe each other: this one has found out who asks, and says so.

// What workbenches ask each other, each with a question, and how it is answered.
const (
	kindSession   = "session"   // who has a session that goes on without a client: the name
	kindRecording = "recording" // who records a session that runs or has just ended: the name
	kindSessions  = "sessions"  // the user's sessions that go on: an array of keptInfo
)

// question is what workbenches ask. Only those of the same group answer: elsewhere the same
// name may be another person's.
type question struct {
	Group string `json:"group"`
	User  string `json:"user"` // of kindRecording and kindSessions; "": the account
	ID    string `json:"id"`   // of kindSession, what one attaches to; of kindRecording, a transcript's
}

// group returns what all workbenches have in common that know the same people.
func (g *Gateway) group() string {
	if g.Access == nil {
		return ""
	}
	return g.Access.Group()
}

// ask returns the name of the workbench that answers a question; "": none does.
func (g *Gateway) ask(ctx context.Context, kind, user, id string) (peer string, err error) {
	text, _ := json.Marshal(question{g.group(), user, id})
	answer, err := g.Peers.Ask(ctx, kind, text)
	return string(answer), err
}

// answerTo has a question of the same group answered.
func (g *Gateway) answerTo(kind string, answer func(q question) []byte) {
	g.sessions.Go(func() {
		g.Peers.Answer(g.stopping, kind, func(text []byte) []byte {
			var q question
			if json.Unmarshal(text, &q) != nil || q.Group != g.group() {
				return nil
			}
			return answer(q)
		})
	})
}

// here returns the name of this workbench, if it is the answer.
func (g *Gateway) here(is bool) []byte {
	if !is {
		return nil
	}
	return []byte(g.Name)
}

// askerHeader says who asks, in a request that comes from another workbench. Nobody else
// can reach where it counts.
const askerHeader = "X-Workbench-Asker"

// sentAsker is an asker, in askerHeader.
type sentAsker struct {
	Name  string      `json:"name"`
	Role  access.Role `json:"role"`
	By    access.By   `json:"by"`
	Group string      `json:"group"` // of the workbench
	From  string      `json:"from"`
	Agent string      `json:"agent,omitempty"`
}

var errSessionsOnly = errors.New("other workbenches ask for sessions alone, and for what is shown")

var errNotAsked = errors.New("this session is not here, and whether another workbench has it cannot be asked now; try again in a while")

var errOtherGroup = errors.New("this workbench has another token: it does not know the people of that one")

// wherever answers a request for a session where that is. id returns the session's ID; "":
// the request is for none.
func (g *Gateway) wherever(id func(*http.Request) string, answer http.HandlerFunc) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if g.Peers == nil || askerOf(r).peer != "" {
			answer(w, r)
			return
		}
		id := id(r)
		if id == "" || len(id) > maxShown || g.account.has(id) {
			answer(w, r)
			return
		}
		switch at, err := g.ask(r.Context(), kindSession, "", id); {
		case err != nil:
			g.Log.Warn("whether another workbench has a session cannot be asked", "reason", err.Error())
			refuseWith(w, http.StatusServiceUnavailable, errNotAsked)
		case at != "":
			g.forward(w, r, at)
		default:
			answer(w, r)
		}
	}
}

func attachedTo(r *http.Request) string { return r.URL.Query().Get("attach") }
func sessionIn(r *http.Request) string  { return r.PathValue("id") }

// has reports whether a session of any user can be attached to here.
func (g *Gateway) has(id string) bool {
	if g.keeping.Find(id) != nil {
		return true
	}
	for _, of := range g.users() {
		if of.keeping.Find(id) != nil {
			return true
		}
	}
	return false
}

// recordedElsewhere returns the workbench that records one of the asker's sessions, "" if no
// other does. What the shared log has of that is late.
func (g *Gateway) recordedElsewhere(r *http.Request, ids []string) (peer string) {
	if g.Peers == nil || g.Transcripts == nil || askerOf(r).peer != "" {
		return ""
	}
	for _, id := range ids {
		info, err := g.Transcripts.Info(id)
		if !store.ValidID(id) || g.records(id) || err == nil && !info.Running || err != nil && !errors.Is(err, store.ErrNotFound) {
			continue
		}
		if peer, _ = g.ask(r.Context(), kindRecording, askerOf(r).Name, id); peer != "" {
			return peer
		}
	}
	return ""
}

func (g *Gateway) records(id string) bool { return g.Recordings != nil && g.Recordings.Records(id) }

// ofUser returns the gateway of a user who has come here; nil: this one has not.
func (g *Gateway) ofUser(name string) *Gateway {
	if name == "" {
		return g
	}
	return g.users()[name]
}

// keptElsewhere returns the asker's sessions that go on at other workbenches.
func (g *Gateway) keptElsewhere(r *http.Request) (all []keptInfo) {
	if g.Peers == nil {
		return nil
	}
	text, _ := json.Marshal(question{Group: g.group(), User: askerOf(r).Name})
	for _, answer := range g.Peers.AskAll(r.Context(), kindSessions, text) {
		var list []keptInfo
		if json.Unmarshal(answer, &list) == nil {
			all = append(all, list...)
		}
	}
	return all
}

// forwardObject is forward of a request whose body was read.
func (g *Gateway) forwardObject(w http.ResponseWriter, r *http.Request, at string, object any) {
	body, err := json.Marshal(object)
	if err != nil {
		refuseWith(w, http.StatusInternalServerError, err)
		return
	}
	r = r.Clone(r.Context())
	r.Body, r.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	r.Header.Set("Content-Length", strconv.Itoa(len(body)))
	g.forward(w, r, at)
}

// forward has another workbench answer a request.
func (g *Gateway) forward(w http.ResponseWriter, r *http.Request, at string) {
	if !g.begin() {
		refuseWith(w, http.StatusServiceUnavailable, errStopping)
		return
	}
	defer g.sessions.Done()
	who := askerOf(r)
	sent, err := json.Marshal(sentAsker{who.Name, who.Role, who.By, g.group(), who.from, who.agent})
	if err != nil {
		refuseWith(w, http.StatusInternalServerError, err)
		return
	}
	ctx, cancel := context.WithCancel(r.Context())
	defer cancel()
	defer context.AfterFunc(g.stopping, cancel)()
	client := &bound{ResponseWriter: w, ctx: ctx}
	proxy := httputil.ReverseProxy{
		Rewrite: func(p *httputil.ProxyRequest) {
			p.Out.URL.Scheme, p.Out.URL.Host = "http", at
			p.Out.Host = p.In.Host
			p.Out.Header.Set(askerHeader, string(sent))
			p.Out.Header.Del("Cookie")
			p.Out.Header.Del("Authorization")
		},
		Transport: &http.Transport{
			DisableKeepAlives: true, DisableCompression: true,
			DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
				conn, err := g.Peers.Dial(ctx, at)
				return &boundPeer{conn, client, cancel}, err
			},
		},
		FlushInterval: -1,
		ErrorLog:      g.server.ErrorLog,
		ErrorHandler: func(w http.ResponseWriter, _ *http.Request, err error) {
			g.Log.Warn("a session of another workbench cannot be reached", "workbench", at, "reason", err.Error())
			refuseWith(w, http.StatusBadGateway, fmt.Errorf("workbench %s, which has this session, cannot be reached now", at))
		},
	}
	proxy.ServeHTTP(client, r.WithContext(ctx))
}

// bound is a client whose WebSocket ends with the connection to the other workbench, or
// with ctx, also while it says nothing.
type bound struct {
	http.ResponseWriter
	ctx   context.Context
	taken atomic.Bool // it has a WebSocket
}

// Hijack is for [http.ResponseController].
func (b *bound) Hijack() (net.Conn, *bufio.ReadWriter, error) {
	conn, rw, err := http.NewResponseController(b.ResponseWriter).Hijack()
	if err == nil {
		b.taken.Store(true)
		context.AfterFunc(b.ctx, func() { conn.Close() })
	}
	return conn, rw, err
}

// Unwrap is for [http.ResponseController].
func (b *bound) Unwrap() http.ResponseWriter { return b.ResponseWriter }

// boundPeer is the connection to the other workbench.
type boundPeer struct {
	net.Conn
	client *bound
	end    func()
}

func (p *boundPeer) Read(b []byte) (int, error) {
	n, err := p.Conn.Read(b)
	if err != nil && p.client.taken.Load() {
		p.end()
	}
	return n, err
}

// answerPeers answers what other workbenches ask for sessions that are here, until the
// gateway stops.
func (g *Gateway) answerPeers() {
	l, err := g.Peers.Listen()
	if err != nil {
		g.Log.Error("other workbenches cannot reach sessions that are here", "reason", err.Error())
		return
	}
	server := g.newServer()
	server.Handler = http.HandlerFunc(g.answerPeer)
	server.ConnContext = nil
	g.answerTo(kindSession, func(q question) []byte { return g.here(g.has(q.ID)) })
	g.answerTo(kindRecording, func(q question) []byte {
		of := g.ofUser(q.User)
		return g.here(of != nil && of.records(q.ID))
	})
	g.answerTo(kindSessions, func(q question) []byte {
		list := []keptInfo{}
		if of := g.ofUser(q.User); of != nil {
			list = of.keptHere()
		}
		text, _ := json.Marshal(list)
		return text
	})
	g.sessions.Go(func() {
		<-g.stopping.Done()
		server.Close()
	})
	server.Serve(l)
}

// answerPeer answers a request that another workbench has passed on.
func (g *Gateway) answerPeer(w http.ResponseWriter, r *http.Request) {
	var sent sentAsker
	err := json.Unmarshal([]byte(r.Header.Get(askerHeader)), &sent)
	if err == nil && sent.Name != "" {
		err = access.CheckName(sent.Name)
	}
	if err != nil {
		refuseWith(w, http.StatusBadRequest, fmt.Errorf("who asks: %w", err))
		return
	}
	if sent.Group != g.group() {
		refuseWith(w, http.StatusForbidden, errOtherGroup)
		return
	}
	who := asker{access.Principal{Name: sent.Name, Role: sent.Role, By: sent.By}, sent.From, sent.Agent, core.CutWords(r.RemoteAddr, maxShown)}
	of, err := g.of(who.Principal)
	if err != nil {
		refuseWith(w, http.StatusNotFound, errNoSession)
		return
	}
	r = withAsker(r, who)
	if _, pattern := of.mux.Handler(r); !ofSessions[pattern] || pattern == "GET /websocket/" && attachedTo(r) == "" {
		refuseWith(w, http.StatusNotFound, errSessionsOnly)
		return
	}
	of.mux.ServeHTTP(w, r)
}

// ofSessions are the patterns of the routes that are answered where a session is or is
// recorded, or where a teacher shows something.
var ofSessions = map[string]bool{
	"GET /websocket/": true, "GET /api/sessions/{id}/entries": true, "DELETE /api/sessions/{id}": true,
	"GET /api/class/show/transcript": true, "DELETE /api/class/show": true, "POST /api/lessons/{name}/check": true,
}
