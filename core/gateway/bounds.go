package gateway

import (
	"errors"
	"net/http"
	"net/netip"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/protocol-workbench/workbench/core/background"
	"github.com/protocol-workbench/workbench/core/quota"
)

// This file holds clients to what an operator allows them; docs/limits.md has all
// bounds.

// Bounds are what clients may use beside what is fixed. The zero value bounds
// nothing.
type Bounds struct {
	// Quota counts sessions, dials and requests; nil: nothing does.
	Quota *quota.Table
	// Idle is how long neither client nor server may send anything, Longest how long
	// a session may last; 0: for ever.
	Idle, Longest time.Duration
}

const (
	// maxRefusals is how many clients at once are told in words of the WebSocket why
	// they get no session. Others are refused before the upgrade.
	maxRefusals = 64
	// retryAfter is when a refused client may try again, where that is not known.
	retryAfter = 5 * time.Second
)

// owner is in whose name something is counted.
func (a asker) owner() string {
	if a.Name == "" {
		return quota.Account
	}
	return "user " + a.Name
}

// address is where the asker is; not valid if it has none.
func (a asker) address() netip.Addr {
	at, _ := netip.ParseAddrPort(a.from)
	return at.Addr()
}

// seat is what a client has while its session is counted, or why it has none.
type seat struct {
	use     *quota.Use
	refused error
	telling *atomic.Int32 // counts those who are told; nil: it is not one of them
}

// seat counts a new session, or a connection to one that goes on. ok is false if the
// request was answered.
func (g *Gateway) seat(w http.ResponseWriter, r *http.Request) (s *seat, ok bool) {
	s = new(seat)
	who := askerOf(r)
	if r.URL.Query().Has("attach") {
		s.use, s.refused = g.Bounds.Quota.Hold(quota.Watcher, who.owner(), who.address())
	} else {
		s.use, s.refused = g.Bounds.Quota.Open(who.owner(), who.address())
	}
	if s.refused == nil {
		return s, true
	}
	s.telling = &g.telling
	if s.telling.Add(1) <= maxRefusals {
		return s, true
	}
	s.leave()
	tooMuch(w, s.refused)
	return nil, false
}

// leave says that the client has gone.
func (s *seat) leave() {
	s.use.Close()
	if s.telling != nil {
		s.telling.Add(-1)
	}
}

// handOn has the session keep the seat when its first client has gone.
func (s *seat) handOn() (leave func()) {
	use := s.use
	s.use = nil
	return use.Close
}

// tooMuch refuses a request for the time being.
func tooMuch(w http.ResponseWriter, err error) {
	status, after := http.StatusTooManyRequests, retryAfter
	var e *quota.Exceeded
	if errors.As(err, &e) {
		if e.Scope == quota.All {
			status = http.StatusServiceUnavailable
		}
		if e.Retry > 0 {
			after = e.Retry
		}
	}
	w.Header().Set("Retry-After", strconv.Itoa(quota.Seconds(after)))
	w.Header().Set("Connection", "close") // instead of reading a body
	refuseWith(w, status, err)
}

// costly are the patterns of requests that take much memory or time.
var costly = map[string]bool{
	"POST /api/compare":                      true,
	"POST /api/transcripts/import":           true,
	"GET /api/transcripts/{id}/export":       true,
	"GET /api/transcripts/{id}/diff":         true,
	"POST /api/transcripts/{id}/rules":       true,
	"POST /api/transcripts/{id}/replay":      true,
	"POST /api/transcripts/{id}/play/client": true,
	"POST /api/transcripts/{id}/play/server": true,
	"POST /api/transcripts/{id}/redact":      true,
	"POST /api/lessons/{name}/check":         true,
	"POST /api/lessons/{name}/stages":        true,
	"GET /api/class/results.csv":             true,
	"GET /api/class/submissions.zip":         true,
}

// isCostly reports whether a request counts. A list costs little unless all
// recordings are read for it.
func isCostly(pattern string, r *http.Request) bool {
	return costly[pattern] || pattern == "GET /api/transcripts" && r.URL.Query().Get("text") != ""
}

// counting has a route answer only as many costly requests at once as are allowed.
func (g *Gateway) counting(rt route) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if isCostly(rt.pattern, r) {
			who := askerOf(r)
			use, err := g.Bounds.Quota.Hold(quota.Request, who.owner(), who.address())
			if err != nil {
				tooMuch(w, err)
				return
			}
			defer use.Close()
		}
		rt.ServeHTTP(w, r.WithContext(background.With(r.Context(), g.background)))
	}
}
