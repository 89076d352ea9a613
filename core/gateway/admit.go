package gateway

import (
	"errors"
	"net/http"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/access"
)

// isPublic lists the paths whose answer is the same for everyone and says
// nothing of anyone.
func isPublic(path string) bool { return path == "/healthz" }

var errNotAdmitted = errors.New("request has no token of this workbench: its owner gets one by \"workbench token\", and a link for a browser by \"workbench token link\"")

// admits reports whether a request may be answered, and whose it is. If not, or if
// it only turns the code of a link into a cookie, it has been answered.
func (g *Gateway) admits(w http.ResponseWriter, r *http.Request) (who access.Who, ok bool) {
	if g.Access == nil {
		return access.Anyone, true
	}
	if r.URL.Path == "/" && r.URL.Query().Has("code") {
		g.redeem(w, r)
		return "", false
	}
	if who, ok := g.Access.Allows(r); ok || isPublic(r.URL.Path) {
		return who, true
	}
	g.Log.Warn("refused a request without a token", "path", core.CutWords(r.URL.Path, maxShown), "from", r.RemoteAddr)
	g.refuseUnknown(w)
	return "", false
}

func (g *Gateway) refuseUnknown(w http.ResponseWriter) {
	w.Header().Set("WWW-Authenticate", "Bearer")
	w.Header().Set("Connection", "close") // instead of reading a body
	refuseWith(w, http.StatusUnauthorized, errNotAdmitted)
}

// redeem lets the browser in that was given a link.
func (g *Gateway) redeem(w http.ResponseWriter, r *http.Request) {
	cookie, err := g.Access.Redeem(r, r.URL.Query().Get("code"))
	if _, ok := g.Access.Allows(r); err != nil && !ok {
		g.Log.Warn("refused the code of a link", "reason", err.Error(), "from", r.RemoteAddr)
		g.refuseUnknown(w)
		return
	}
	if err == nil {
		http.SetCookie(w, cookie)
	}
	http.Redirect(w, r, "/", http.StatusSeeOther)
}
