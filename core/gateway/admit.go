package gateway

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/access"
)

// isPublic lists the paths whose answer needs no credential: it says nothing of anyone
// else than who asks.
func (g *Gateway) isPublic(path string) bool {
	return path == "/healthz" || g.isLogin(path) || g.isJoin(path)
}

var (
	errNotAdmitted = errors.New("request has no token of this workbench: its owner gets one by \"workbench token\", and a link for a browser by \"workbench token link\"")
	errForm        = errors.New("request may come from a form of another page: add the header X-Workbench: 1, or another Content-Type")
)

// admits returns whom a request comes from. If it must not be answered, or only turns
// the code of a link into a cookie, it has been answered.
func (g *Gateway) admits(w http.ResponseWriter, r *http.Request) (p access.Principal, ok bool) {
	if g.Access == nil {
		return access.Own(access.Anyone), true
	}
	if g.isStrange(r) {
		g.signpost(w, r)
		return p, false
	}
	if r.URL.Path == "/" && r.URL.Query().Has("code") {
		g.redeem(w, r)
		return p, false
	}
	if p, ok := g.Access.Allows(r); ok || g.isPublic(r.URL.Path) {
		return p, true
	}
	g.refuseUnknown(w, r, "without a token")
	return p, false
}

// mayAsk reports whether a request may do what its route does. If not, it has been
// answered.
func (g *Gateway) mayAsk(w http.ResponseWriter, r *http.Request, does access.Action) bool {
	p := askerOf(r).Principal
	var why error
	switch {
	case g.isPublic(r.URL.Path):
		return true
	case !p.Role.May(does):
		why = fmt.Errorf("a %s may not %s here", p.Role, does)
	case does != access.Look && mayBeForm(r, p.By):
		why = errForm
	default:
		return true
	}
	g.Log.Warn("refused a request", "reason", why.Error(), "path", core.CutWords(r.URL.Path, maxShown), "who", p.String())
	w.Header().Set("Connection", "close") // instead of reading a body
	refuseWith(w, http.StatusForbidden, why)
	return false
}

// mayBeForm reports whether a request that changes something may have been sent by a
// form, which any page can have: a browser's without the header that the page adds, or
// one whose method and content type are those of a form (HTML, section 4.10.21.8). Old
// browsers send them without saying from where.
func mayBeForm(r *http.Request, by access.By) bool {
	switch {
	case r.Method == http.MethodGet || r.Method == http.MethodHead || by == access.Token || r.Header.Get("X-Workbench") != "":
		return false
	case by == access.Browser:
		return true
	}
	kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
	switch strings.ToLower(strings.TrimSpace(kind)) {
	case "application/x-www-form-urlencoded", "multipart/form-data", "text/plain":
		return r.Method == http.MethodPost
	}
	return false
}

// isNavigation reports whether a browser shows the answer as a page of its own.
func isNavigation(r *http.Request) bool { return r.Header.Get("Sec-Fetch-Mode") == "navigate" }

// isStrange reports whether a browser shows as a page what has come to an address at
// which the page is not at home: a name or address of this machine that is not its own.
func (g *Gateway) isStrange(r *http.Request) bool {
	if g.Origin == "" || !isNavigation(r) {
		return false
	}
	host, err := parseHost(r.Host, g.scheme(r))
	return err == nil && host.isLoopback() && host.name != g.Origin && !slices.Contains(g.Hosts, host)
}

// signpost tells a browser that the page is elsewhere, and not where. Another program may
// have had the address before, and left in the browser a service worker, which reads what
// comes from there. With the page's name, that program could serve it on a port of its
// own, and get the cookie: browsers send a host's cookies to all of its ports.
func (g *Gateway) signpost(w http.ResponseWriter, r *http.Request) {
	answerPage(w, http.StatusOK, "", "Protocol Workbench", "This address is for programs. The page is at the address that the workbench has printed where it was started. "+
		g.linkCommand(r)+" prints a new link to it.")
}

// linkCommand returns what prints a link to where a request has come, in HTML.
func (g *Gateway) linkCommand(r *http.Request) string {
	return "<code>workbench token link --at " + html.EscapeString(g.scheme(r)+"://"+r.Host) + "</code>"
}

// refuseUnknown refuses a request without a good credential.
func (g *Gateway) refuseUnknown(w http.ResponseWriter, r *http.Request, why string) {
	if g.slow.wait(r.Context()) {
		g.Log.Warn("refused a request", "reason", why, "path", core.CutWords(r.URL.Path, maxShown), "from", g.peer(r))
	}
	w.Header().Set("Connection", "close") // instead of reading a body
	switch {
	case isNavigation(r) && r.Header.Get("Sec-Fetch-Site") == "cross-site":
		// The browser leaves out the cookie of a page that another one leads to. The next
		// request comes from this page.
		answerPage(w, http.StatusUnauthorized, r.URL.RequestURI(), "Protocol Workbench", "One moment …")
	case isNavigation(r):
		signIn := ""
		if g.Login != nil {
			signIn = `<a href="/login">Sign in</a></p><p>Or: `
		}
		answerPage(w, http.StatusUnauthorized, "", "This browser is not known here", signIn+"Open the link that the workbench has printed where it was started; it can be used once. "+
			g.linkCommand(r)+" prints a new one.")
	default:
		w.Header().Set("WWW-Authenticate", "Bearer")
		refuseWith(w, http.StatusUnauthorized, errNotAdmitted)
	}
}

// redeem lets the browser in that was given a link.
func (g *Gateway) redeem(w http.ResponseWriter, r *http.Request) {
	cookie, err := g.Access.Redeem(r, r.URL.Query().Get("code"))
	if _, ok := g.Access.Allows(r); err != nil && !ok {
		g.refuseUnknown(w, r, err.Error())
		return
	}
	if err == nil {
		http.SetCookie(w, cookie)
	}
	// Not a redirect: whoever led here, the next request comes from this page, with
	// the cookie.
	answerPage(w, http.StatusOK, "/", "Protocol Workbench", "One moment …")
}

// answerPage answers with a page of a few words, in HTML. It goes on to next, if there
// is one.
func answerPage(w http.ResponseWriter, status int, next, title, words string) {
	answerAs(w, "text/html; charset=utf-8")
	w.WriteHeader(status)
	refresh := ""
	if next != "" {
		refresh = `<meta http-equiv="refresh" content="0;url=` + html.EscapeString(next) + `">`
	}
	io.WriteString(w, `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">`+
		`<meta name="color-scheme" content="light dark"><link rel="icon" href="data:,">`+refresh+`<title>`+title+`</title><main><h1>`+title+`</h1><p>`+words+`</p></main></html>`+"\n")
}

// Failed tries are slowed: a token cannot be guessed, and who tries should not keep the
// workbench busy.
const (
	freeTries = 10                     // a second
	slowFor   = 250 * time.Millisecond // a try after those
	maxSlowed = 512                    // tries that wait; others are answered at once, which costs little
)

// slowing makes failed tries wait.
type slowing struct {
	mu      sync.Mutex
	since   time.Time
	tries   int
	waiting int
}

// wait returns when a failed try may be answered, and whether the log is to be told:
// of the first in a second only, since others could fill a disk with the rest.
func (s *slowing) wait(ctx context.Context) (tell bool) {
	tries, waits := s.enter(time.Now())
	if !waits {
		return tries <= freeTries
	}
	late := time.NewTimer(slowFor)
	defer late.Stop()
	select {
	case <-late.C:
	case <-ctx.Done():
	}
	s.mu.Lock()
	s.waiting--
	s.mu.Unlock()
	return false
}

// enter counts a try, and reports how many there were in this second and whether this
// one has to wait.
func (s *slowing) enter(now time.Time) (tries int, waits bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if now.Sub(s.since) > time.Second {
		s.since, s.tries = now, 0
	}
	s.tries++
	if waits = s.tries > freeTries && s.waiting < maxSlowed; waits {
		s.waiting++
	}
	return s.tries, waits
}
