//go:build linux

package e2e

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/json"
	"html"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/go-jose/go-jose/v4"
)

// provider is one of OpenID Connect on which a button signs anna in.
func provider(t *testing.T) string {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.RS256, Key: jose.JSONWebKey{Key: key, KeyID: "1"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	mux := http.NewServeMux()
	s := httptest.NewServer(mux)
	t.Cleanup(s.Close)
	answer := func(pattern string, v func(r *http.Request) any) {
		mux.HandleFunc(pattern, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			json.NewEncoder(w).Encode(v(r))
		})
	}
	answer("/.well-known/openid-configuration", func(*http.Request) any {
		return map[string]any{"issuer": s.URL, "authorization_endpoint": s.URL + "/authorize", "token_endpoint": s.URL + "/token", "jwks_uri": s.URL + "/keys"}
	})
	answer("/keys", func(*http.Request) any {
		return jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: key.Public(), KeyID: "1", Algorithm: "RS256", Use: "sig"}}}
	})
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		w.Write([]byte(`<!doctype html><link rel="icon" href="data:,"><form method="post" action="` + html.EscapeString(r.URL.String()) + `"><button id="anna">I am Anna</button></form>`))
	})
	mux.HandleFunc("POST /authorize", func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query() // the nonce is the code
		http.Redirect(w, r, q.Get("redirect_uri")+"?"+url.Values{"state": {q.Get("state")}, "code": {q.Get("nonce")}}.Encode(), http.StatusFound)
	})
	answer("/token", func(r *http.Request) any {
		claims, _ := json.Marshal(map[string]any{
			"iss": s.URL, "aud": "workbench", "sub": "1", "exp": time.Now().Add(time.Minute).Unix(), "iat": time.Now().Unix(), "nonce": r.FormValue("code"),
			"email": "anna@school.example", "email_verified": true, "groups": []string{"class 7b"},
		})
		signed, err := signer.Sign(claims)
		if err != nil {
			t.Error(err)
		}
		token, _ := signed.CompactSerialize()
		return map[string]any{"access_token": "x", "token_type": "Bearer", "id_token": token}
	})
	return s.URL
}

// A browser that is not known signs in by a form of another site, gets the page as its
// user, opens a session, and leaves.
func TestSigningIn(t *testing.T) {
	w := start(t, "--oidc-issuer", provider(t), "--oidc-client-id", "workbench", "--oidc-role", "class 7b=student")
	ctx, cancel := chromedp.NewContext(browser(t), chromedp.WithNewBrowserContext())
	t.Cleanup(cancel)
	p := &page{t: t, ctx: ctx, expects: "401"}
	messages := chromedp.Console(ctx)
	t.Cleanup(func() { p.checkConsole(messages) })
	home := atHome(t, "http://"+w.address)
	p.do(chromedp.Navigate(home))
	p.wait("the way to sign in", `document.querySelector("a[href='/login']") !== null`)
	p.click(`a[href="/login"]`)
	p.wait("the provider", `document.querySelector("#anna") !== null`)
	p.click("#anna")
	p.wait("the page", `document.querySelectorAll("#mode option").length > 1 && location.pathname === "/" && location.search === ""`)
	p.do(chromedp.Evaluate[chromedp.Void](`void fetch("/api/modes").then((a) => a.json()).then((m) => { window.asked = m.user + " " + m.role })`))
	p.wait("the user", `window.asked === "anna@school.example student"`)
	p.connect(w.echo)
	p.status("Connected")
	p.do(chromedp.Navigate(home + "/logout"))
	p.do(chromedp.Navigate(home))
	p.wait("the way to sign in", `document.querySelector("a[href='/login']") !== null`)
}
