package gateway

import (
	"bytes"
	"cmp"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"maps"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"

	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/login"
)

// provider is one of OpenID Connect, over HTTP on this machine. Its one user is anna.
type provider struct {
	*httptest.Server
	key *ecdsa.PrivateKey

	mu      sync.Mutex
	spoil   func(claims map[string]any) // changes what the ID token says
	forge   *ecdsa.PrivateKey           // signs in place of key
	none    bool                        // the ID token is not signed
	denies  bool
	codes   map[string]url.Values // what was asked for each
	secrets []string              // that were made, and must be in no log
}

const clientSecret = "the client's own"

func newKey(t *testing.T) *ecdsa.PrivateKey {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

func newProvider(t *testing.T) *provider {
	p := &provider{key: newKey(t), codes: map[string]url.Values{}}
	mux := http.NewServeMux()
	p.Server = httptest.NewServer(mux)
	t.Cleanup(func() { p.Close(); http.DefaultClient.CloseIdleConnections() })
	answer := func(w http.ResponseWriter, status int, v any) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		json.NewEncoder(w).Encode(v)
	}
	mux.HandleFunc("GET /.well-known/openid-configuration", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, map[string]any{
			"issuer": p.URL, "authorization_endpoint": p.URL + "/authorize", "token_endpoint": p.URL + "/token", "jwks_uri": p.URL + "/keys",
			"id_token_signing_alg_values_supported": []string{"ES256", "none"},
		})
	})
	mux.HandleFunc("GET /keys", func(w http.ResponseWriter, _ *http.Request) {
		answer(w, 200, jose.JSONWebKeySet{Keys: []jose.JSONWebKey{{Key: p.key.Public(), KeyID: "1", Algorithm: "ES256", Use: "sig"}}})
	})
	mux.HandleFunc("GET /authorize", func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		q := r.URL.Query()
		if q.Get("client_id") != "workbench" || q.Get("response_type") != "code" || q.Get("scope") != "openid email" || q.Get("code_challenge_method") != "S256" || q.Get("nonce") == "" {
			t.Errorf("asked for %v", q)
		}
		back := url.Values{"state": {q.Get("state")}}
		if p.denies {
			back.Set("error", "access_denied")
		} else {
			code := rand.Text()
			p.codes[code] = q
			p.secrets = append(p.secrets, code, q.Get("state"), q.Get("nonce"))
			back.Set("code", code)
		}
		http.Redirect(w, r, q.Get("redirect_uri")+"?"+back.Encode(), http.StatusFound)
	})
	mux.HandleFunc("POST /token", func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		code, verifier := r.FormValue("code"), r.FormValue("code_verifier")
		asked := p.codes[code]
		delete(p.codes, code)
		id, secret, _ := r.BasicAuth()
		if secret, _ = url.QueryUnescape(secret); id != "workbench" || secret != clientSecret {
			answer(w, 401, map[string]string{"error": "invalid_client"})
			return
		}
		challenge := sha256.Sum256([]byte(verifier))
		if asked == nil || asked.Get("redirect_uri") != r.FormValue("redirect_uri") || asked.Get("code_challenge") != base64.RawURLEncoding.EncodeToString(challenge[:]) {
			answer(w, 400, map[string]string{"error": "invalid_grant", "error_description": "code " + code})
			return
		}
		token := p.token(t, asked.Get("nonce"))
		p.secrets = append(p.secrets, verifier, token, "an access token")
		answer(w, 200, map[string]any{"access_token": "an access token", "token_type": "Bearer", "expires_in": 60, "id_token": token})
	})
	return p
}

// token returns an ID token.
func (p *provider) token(t *testing.T, nonce string) string {
	claims := map[string]any{
		"iss": p.URL, "aud": "workbench", "sub": "1", "exp": time.Now().Add(time.Minute).Unix(), "iat": time.Now().Unix(), "nonce": nonce,
		"email": "Anna@school.example", "email_verified": true, "groups": []string{"class 7b", "all"},
	}
	if p.spoil != nil {
		p.spoil(claims)
	}
	payload, _ := json.Marshal(claims)
	if p.none {
		b64 := base64.RawURLEncoding.EncodeToString
		return b64([]byte(`{"alg":"none"}`)) + "." + b64(payload) + "."
	}
	signer, err := jose.NewSigner(jose.SigningKey{Algorithm: jose.ES256, Key: jose.JSONWebKey{Key: cmp.Or(p.forge, p.key), KeyID: "1"}}, nil)
	if err != nil {
		t.Error(err)
		return ""
	}
	signed, err := signer.Sign(payload)
	if err != nil {
		t.Error(err)
		return ""
	}
	text, _ := signed.CompactSerialize()
	return text
}

// loginServer is a gateway whose users sign in at a provider.
type loginServer struct {
	*httptest.Server
	logs bytes.Buffer // the log and the audit log
}

func serveLogins(t *testing.T, p *provider, secret string) *loginServer {
	key, err := access.OpenKey(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	l := login.Config{
		Issuer: p.URL, ClientID: "workbench", Secret: secret, NameClaim: "email", GroupsClaim: "groups",
		Roles: []login.Grant{{Group: "staff", Role: access.Teacher}, {Group: "class 7b", Role: access.Student}},
	}
	s := new(loginServer)
	config := testGateway().Config
	config.Log = slog.New(slog.NewJSONHandler(&s.logs, nil))
	config.Audit = config.Log
	config.Of = func(string) (Belongings, error) { return Belongings{}, nil }
	config.Access, config.Login = access.New(key, nil), login.New(l, http.DefaultTransport)
	config.Access.Logins = l.String()
	g := New(config)
	s.Server = httptest.NewServer(g)
	t.Cleanup(func() { g.Stop(t.Context()); s.Close() })
	return s
}

// browser is a client that says what a browser would. It has cookies, and goes where it
// is led.
type browser struct {
	http.Client
	at   *loginServer
	seen []*http.Request
}

func newBrowser(s *loginServer) *browser {
	b := &browser{at: s}
	b.Jar, _ = cookiejar.New(nil)
	b.Transport = b
	return b
}

func (b *browser) RoundTrip(r *http.Request) (*http.Response, error) {
	r.Header.Set("Sec-Fetch-Mode", "navigate")
	r.Header.Set("Sec-Fetch-Dest", "document")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	if r.URL.Path == "/callback" {
		r.Header.Set("Sec-Fetch-Site", "cross-site")
	}
	b.seen = append(b.seen, r)
	return http.DefaultTransport.RoundTrip(r)
}

func (b *browser) get(t *testing.T, path string) (status int, text string) {
	t.Helper()
	response, err := b.Get(b.at.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	body, _ := io.ReadAll(response.Body)
	return response.StatusCode, string(body)
}

func TestSigningIn(t *testing.T) {
	p := newProvider(t)
	s := serveLogins(t, p, clientSecret)
	b := newBrowser(s)
	if status, text := b.get(t, "/api/modes"); status != 401 || !strings.Contains(text, `<a href="/login">Sign in</a>`) {
		t.Fatalf("before: %d %s", status, text)
	}
	if status, text := b.get(t, "/login"); status != 200 || !strings.Contains(text, `content="0;url=/"`) {
		t.Fatalf("%d %s\n%s", status, text, &s.logs)
	}
	if status, text := b.get(t, "/api/modes"); status != 200 || !strings.Contains(text, `"user":"anna@school.example","role":"student"`) {
		t.Errorf("signed in: %d %s", status, text)
	}
	if !strings.Contains(s.logs.String(), `"msg":"login","by":{"who":"anna@school.example","from":"127.0.0.1:`) || !strings.Contains(s.logs.String(), `"outcome":"signed in","role":"student"`) {
		t.Errorf("the audit log: %s", &s.logs)
	}
	if status, _ := b.get(t, "/logout"); status != 200 {
		t.Errorf("/logout: %d", status)
	}
	if status, _ := b.get(t, "/api/modes"); status != 401 {
		t.Errorf("signed out: %d", status)
	}
	saysNothing(t, p, s)
}

// saysNothing checks that no log has anything secret in it.
func saysNothing(t *testing.T, p *provider, s *loginServer) {
	t.Helper()
	for _, secret := range append(p.secrets, clientSecret) {
		if strings.Contains(s.logs.String(), secret) {
			t.Errorf("a log has %q in it: %s", secret, &s.logs)
		}
	}
}

// Nothing but a good ID token of somebody who may be let in is good enough.
func TestSigningInRefused(t *testing.T) {
	claim := func(name string, value any) func(*provider) {
		return func(p *provider) { p.spoil = func(c map[string]any) { c[name] = value } }
	}
	const broken = "its answer is not good"
	for name, test := range map[string]struct {
		spoil  func(*provider)
		status int
		words  string
	}{
		"nonce":        {claim("nonce", "another"), 502, broken},
		"no nonce":     {claim("nonce", nil), 502, broken},
		"audience":     {claim("aud", "another"), 502, broken},
		"party":        {claim("azp", "another"), 502, broken},
		"issuer":       {claim("iss", "https://another.example"), 502, broken},
		"expired":      {claim("exp", time.Now().Add(-time.Minute).Unix()), 502, broken},
		"signature":    {func(p *provider) { p.forge = newKey(t) }, 502, broken},
		"alg none":     {func(p *provider) { p.none = true }, 502, broken},
		"not verified": {claim("email_verified", false), 403, "not verified"},
		"no name":      {claim("email", nil), 403, "says no name"},
		"a bad name":   {claim("email", "<b>anna</b>"), 403, "&lt;b&gt;anna"},
		"no group":     {claim("groups", []string{"all"}), 403, "in no group"},
		"no groups":    {claim("groups", nil), 403, "in no group"},
		"denied":       {func(p *provider) { p.denies = true }, 403, "did not let you in"},
	} {
		t.Run(name, func(t *testing.T) {
			p := newProvider(t)
			test.spoil(p)
			s := serveLogins(t, p, clientSecret)
			b := newBrowser(s)
			if status, text := b.get(t, "/login"); status != test.status || !strings.Contains(text, test.words) {
				t.Errorf("%d %s", status, text)
			}
			if status, _ := b.get(t, "/api/modes"); status != 401 {
				t.Errorf("let in: %d", status)
			}
			if !strings.Contains(s.logs.String(), `"outcome":"refused"`) {
				t.Errorf("the audit log: %s", &s.logs)
			}
			saysNothing(t, p, s)
		})
	}
}

func TestSigningInWithAWrongSecret(t *testing.T) {
	p := newProvider(t)
	s := serveLogins(t, p, "another secret")
	if status, text := newBrowser(s).get(t, "/login"); status != 502 {
		t.Errorf("%d %s", status, text)
	}
	if log := s.logs.String(); !strings.Contains(log, "invalid_client") || strings.Contains(log, "another secret") {
		t.Error(log)
	}
}

func TestSigningInWhileTheProviderIsDown(t *testing.T) {
	p := newProvider(t)
	s := serveLogins(t, p, clientSecret)
	p.Close()
	if status, text := newBrowser(s).get(t, "/login"); status != 502 || !strings.Contains(text, "cannot be reached") {
		t.Errorf("%d %s", status, text)
	}
}

// A code is good in the browser that has begun the attempt, with its state, once.
func TestWhatComesBack(t *testing.T) {
	p := newProvider(t)
	s := serveLogins(t, p, clientSecret)
	b := newBrowser(s)
	b.CheckRedirect = func(r *http.Request, _ []*http.Request) error {
		if r.URL.Path == "/callback" {
			return http.ErrUseLastResponse
		}
		return nil
	}
	response, err := b.Get(s.URL + "/login")
	if err != nil {
		t.Fatal(err)
	}
	response.Body.Close()
	back, err := response.Location()
	if err != nil {
		t.Fatal(err)
	}
	at, _ := url.Parse(s.URL)
	kept := b.Jar.Cookies(at)
	if len(kept) != 1 {
		t.Fatalf("%v", kept)
	}
	changed := func(change func(url.Values)) string {
		q := maps.Clone(back.Query())
		change(q)
		return "/callback?" + q.Encode()
	}
	for _, path := range []string{"/callback", changed(func(q url.Values) { q.Del("state") }), changed(func(q url.Values) { q.Set("state", "x") })} {
		if status, text := b.get(t, path); status != 400 {
			t.Errorf("%s: %d %s", path, status, text)
		}
	}
	if status, text := newBrowser(s).get(t, back.RequestURI()); status != 400 || !strings.Contains(text, "another browser") {
		t.Errorf("another browser: %d %s", status, text)
	}
	if status, text := b.get(t, back.RequestURI()); status != 200 {
		t.Fatalf("%d %s\n%s", status, text, &s.logs)
	}
	if status, text := b.get(t, back.RequestURI()); status != 400 {
		t.Errorf("the attempt, once more: %d %s", status, text)
	}
	thief := newBrowser(s)
	thief.Jar.SetCookies(at, kept)
	if status, text := thief.get(t, back.RequestURI()); status != 502 {
		t.Errorf("the code, once more: %d %s", status, text)
	}
	saysNothing(t, p, s)
}
