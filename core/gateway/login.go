package gateway

import (
	"errors"
	"html"
	"log/slog"
	"net/http"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/login"
)

// This file is for users who sign in at a provider. A browser goes from /login to the
// provider and comes back to /callback, by plain links and redirects. Neither leads to an
// address that a request names.

// isLogin lists the paths to which a browser goes by links of other pages.
func (g *Gateway) isLogin(path string) bool {
	return g.Login != nil && (path == "/login" || path == "/callback")
}

// back is the address to which the provider leads a browser back: by the name that it
// has come by, which was looked at.
func (g *Gateway) back(r *http.Request) string { return g.scheme(r) + "://" + r.Host + "/callback" }

func (g *Gateway) login(w http.ResponseWriter, r *http.Request) {
	attempt, cookie, err := g.Access.NewAttempt(r)
	var to string
	if err == nil {
		to, err = g.Login.Address(r.Context(), g.back(r), attempt)
	}
	if err != nil {
		g.refuseLogin(w, r, "", err)
		return
	}
	http.SetCookie(w, cookie)
	w.Header().Set("Cache-Control", "no-store")
	http.Redirect(w, r, to, http.StatusSeeOther)
}

func (g *Gateway) callback(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	query := r.URL.Query()
	attempt, forget, err := g.Access.EndAttempt(r, query.Get("state"))
	if err != nil {
		g.refuseLogin(w, r, "", err)
		return
	}
	http.SetCookie(w, forget)
	if code := query.Get("error"); code != "" { // OpenID Connect Core 1.0, section 3.1.2.6
		g.Log.Warn("the provider refused a login", "error", core.CutWords(code, maxShown), "from", g.peer(r))
		g.refuseLogin(w, r, "", errProvider)
		return
	}
	name, role, err := g.Login.Finish(r.Context(), g.back(r), attempt, query.Get("code"))
	var cookie *http.Cookie
	if err == nil {
		cookie, err = g.Access.SignIn(r, name, role)
	}
	if err != nil {
		g.refuseLogin(w, r, name, err)
		return
	}
	g.auditLogin(r, name, "signed in", "role", string(role))
	http.SetCookie(w, cookie)
	// Not a redirect: the browser would leave the cookie out, since the provider led here.
	answerPage(w, http.StatusOK, "/", "Protocol Workbench", "One moment …")
}

func (g *Gateway) logout(w http.ResponseWriter, r *http.Request) {
	http.SetCookie(w, g.Access.SignOut(r))
	answerPage(w, http.StatusOK, "", "Signed out", `This browser is not known here any more. The provider may still know it. <a href="/login">Sign in</a>`)
}

var errProvider = errors.New("the provider did not let the user in")

// refuseLogin says why a user cannot sign in: him what he can mend, and the log the rest.
func (g *Gateway) refuseLogin(w http.ResponseWriter, r *http.Request, name string, err error) {
	g.slow.wait(r.Context())
	status, words := http.StatusBadGateway, "The provider cannot be reached, or its answer is not good. The log of the workbench says why."
	var refusal login.Refusal
	switch {
	case errors.As(err, &refusal):
		status, words = http.StatusForbidden, "Not let in: "+refusal.Error()+"."
	case errors.Is(err, errProvider):
		status, words = http.StatusForbidden, "The provider did not let you in."
	case errors.Is(err, access.ErrAttempt):
		status, words = http.StatusBadRequest, "That took too long, or it began in another browser."
	}
	why := core.CutWords(err.Error(), maxWhy)
	g.Log.Warn("refused a login", "reason", why, "who", name, "from", g.peer(r))
	g.auditLogin(r, name, "refused", "words", why)
	answerPage(w, status, "", "Not signed in", html.EscapeString(words)+` <a href="/login">Try again</a>`)
}

// maxWhy bounds what a log has of why a login was refused, in bytes.
const maxWhy = 500

// auditLogin records the outcome of a login.
func (g *Gateway) auditLogin(r *http.Request, name, outcome string, more ...any) {
	if g.Audit != nil {
		g.Audit.Info("login", append([]any{slog.Group("by", "who", name, "from", g.peer(r)), "outcome", outcome}, more...)...)
	}
}
