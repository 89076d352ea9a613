package access

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/hex"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Gate tells whom requests come from. Make one with [New]. It is safe for concurrent
// use.
type Gate struct {
	// IsTLS reports whether the browser that asks uses TLS; nil: whether the request's
	// connection does. It is set before the first request.
	IsTLS func(r *http.Request) bool
	// Logins says by whom and how users are let in who sign in: one who has signed in
	// under another text has to do so again. "": nobody signs in. It is set before the
	// first request.
	Logins string

	key   *Key
	users *Users
	tells bool // whether this system tells whose a connection is
	began time.Time

	mu   sync.Mutex
	used map[string]time.Time // codes, until they end
}

// New returns a gate for the holders of a key, and for users; nil: there are none.
func New(key *Key, users *Users) *Gate {
	return &Gate{key: key, users: users, tells: tellsAccounts(), began: time.Now(), used: make(map[string]time.Time)}
}

// TellsAccounts reports whether this system tells whose a connection is. Where it
// does not, programs of the account need the token too.
func (g *Gate) TellsAccounts() bool { return g.tells }

// Allows reports whether a request may be answered, and whose it is. Its context
// must come from [WithConn].
func (g *Gate) Allows(r *http.Request) (p Principal, ok bool) {
	if h := r.Header.Get("Authorization"); h != "" {
		scheme, token, _ := strings.Cut(h, " ")
		p, ok = g.bearer(strings.TrimSpace(token))
		return p, ok && strings.EqualFold(scheme, "Bearer")
	}
	if p, ok := g.cookie(r); ok {
		return p, true
	}
	if isProgram(r) && g.IsOurs(r) {
		return Own(Account), true
	}
	g.bearer("") // who shows nothing waits as long as who shows something wrong
	return Principal{}, false
}

// Group returns what all workbenches with the same key have in common, and no other: the
// account of one is that of all. "": the key cannot be read. It is no secret.
func (g *Gate) Group() string {
	token, err := g.key.Token()
	if err != nil {
		return ""
	}
	return sign(token, "group", "")
}

// IsOurs reports whether the other end of a request's connection belongs to the account,
// or to root. It does not say that the request is welcome.
func (g *Gate) IsOurs(r *http.Request) bool {
	c, ok := r.Context().Value(connKey{}).(*conn)
	return ok && g.tells && c.isOurs()
}

// isProgram reports whether a request comes from no browser of the last years, or from
// one that has put a program's request together: it has neither of the headers that no
// page can leave out.
func isProgram(r *http.Request) bool {
	for name := range r.Header {
		if name == "Origin" || strings.HasPrefix(name, "Sec-Fetch-") {
			return false
		}
	}
	return true
}

// bearer returns the principal with a token.
func (g *Gate) bearer(token string) (Principal, bool) {
	own, err := g.key.Token()
	isOwn := err == nil && equal(token, own)
	user, isUser := g.users.withToken(token)
	switch {
	case isOwn:
		return Own(Token), true
	case isUser:
		return Principal{user.Name, user.Role, Token}, true
	}
	return Principal{}, false
}

// cookie returns the principal that a link was given to, or who has signed in.
func (g *Gate) cookie(r *http.Request) (Principal, bool) {
	port, _ := localPort(r)
	for _, c := range r.CookiesNamed(g.cookieName(r, port)) {
		who, _, named := cutLast(c.Value)
		if !named {
			who = ""
		}
		p, value, err := g.grant(who, g.site(r, port))
		if err == nil && equal(c.Value, value) {
			return p, true
		}
	}
	return Principal{}, false
}

// grant returns the principal whom a cookie names, and what is the value of the cookie if
// it is good. It names the account by nothing, a user of the file by the name, and one who
// has signed in by a login. The first two are good until the key or the user's token is
// replaced.
func (g *Gate) grant(who, site string) (Principal, string, error) {
	token, err := g.key.Token()
	switch {
	case err != nil:
		return Principal{}, "", err
	case who == "":
		return Own(Browser), sign(token, "cookie", site), nil
	case isLogin(who):
		return g.grantLogin(token, who, site)
	}
	user, err := g.users.Find(who)
	if err != nil {
		return Principal{}, "", err
	}
	return Principal{user.Name, user.Role, Browser}, who + "." + sign(token, "cookie", site+" "+user.stamp()), nil
}

// linkLife is how long a browser keeps the cookie of a link: as long as browsers do.
const linkLife = 400 * 24 * time.Hour

// newCookie returns a cookie by which a browser is known.
func (g *Gate) newCookie(r *http.Request, value string, life time.Duration) *http.Cookie {
	port, _ := localPort(r)
	return &http.Cookie{
		Name: g.cookieName(r, port), Value: value, Path: "/", Secure: g.isTLS(r),
		MaxAge: int(life.Seconds()), HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}
}

// stamp is a text that changes when the user gets another token.
func (u User) stamp() string { return u.Name + " " + hex.EncodeToString(u.hash[:]) }

// Standing returns a text that changes when a user of the file gets another token or
// role, or is removed: then it is "", as it is of everybody else.
func (g *Gate) Standing(name string) string {
	user, err := g.users.Find(name)
	if err != nil {
		return ""
	}
	return user.stamp() + " " + string(user.Role)
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// site is where a cookie is good: at a port, with TLS or without, since one that a
// browser sends without TLS may be read on the way, or by the program at another port.
func (g *Gate) site(r *http.Request, port string) string {
	if g.isTLS(r) {
		return port + " tls"
	}
	return port
}

// cutLast cuts s at its last point.
func cutLast(s string) (before, after string, ok bool) {
	i := strings.LastIndexByte(s, '.')
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+1:], true
}

// cookieName has the port in it: browsers send the cookies of all ports of a host.
// Under TLS its prefix has them take it from the host itself only (RFC 6265bis, section
// 4.1.3.2).
func (g *Gate) cookieName(r *http.Request, port string) string {
	if g.isTLS(r) {
		return "__Host-workbench-" + port
	}
	return "workbench-" + port
}

func (g *Gate) isTLS(r *http.Request) bool {
	if g.IsTLS != nil {
		return g.IsTLS(r)
	}
	return r.TLS != nil
}

func localPort(r *http.Request) (port string, ok bool) {
	addr, ok := r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	if !ok {
		return "", false
	}
	_, port, err := net.SplitHostPort(addr.String())
	return port, err == nil
}

// CodeLife is how long the code of a link can be used.
const CodeLife = 10 * time.Minute

// ErrCode is the error of a code that is none, is over, or was used before.
var ErrCode = errors.New("link is not valid any more")

// NewCode returns a code for one browser. It is good for one [Gate.Redeem] within
// [CodeLife], by a workbench with the same key that had started before. The browser is
// then the user's, or the account's with nil.
func (k *Key) NewCode(u *User) (string, error) {
	token, err := k.Token()
	if err != nil {
		return "", err
	}
	text, stamp := strconv.FormatInt(time.Now().UnixMilli(), 36)+"."+rand.Text(), ""
	if u != nil {
		text, stamp = text+"."+u.Name, u.stamp()
	}
	return text + "." + sign(token, "code", text+" "+stamp), nil
}

// Redeem takes a code, and returns the cookie by which the browser is known from
// then on, until the key is rotated or the user gets another token. Its error is
// ErrCode, or the key's.
func (g *Gate) Redeem(r *http.Request, code string) (*http.Cookie, error) {
	token, err := g.key.Token()
	if err != nil {
		return nil, err
	}
	text, mac, _ := cutLast(code)
	parts := strings.SplitN(text, ".", 3) // when, a random text, the user's name
	name, stamp := "", ""
	if len(parts) == 3 {
		name = parts[2]
		user, err := g.users.Find(name)
		if err != nil {
			return nil, ErrCode
		}
		stamp = user.stamp()
	}
	if !equal(mac, sign(token, "code", text+" "+stamp)) {
		return nil, ErrCode
	}
	ms, err := strconv.ParseInt(parts[0], 36, 64)
	made := time.UnixMilli(ms)
	if err != nil || time.Since(made) > CodeLife || made.Before(g.began.Truncate(time.Millisecond)) || !g.useOnce(code, made.Add(CodeLife)) {
		return nil, ErrCode
	}
	return g.admit(r, name)
}

// Admit returns the cookie by which a browser is known as a user of the file from then on,
// until the key is rotated or the user gets another token. Its error is ErrNoUser, or that
// of the key or the file. Its caller has found out that the browser is the user's.
func (g *Gate) Admit(r *http.Request, name string) (*http.Cookie, error) {
	if name == "" || isLogin(name) {
		return nil, ErrNoUser
	}
	return g.admit(r, name)
}

// admit is Admit for the account, too, which is named by nothing.
func (g *Gate) admit(r *http.Request, name string) (*http.Cookie, error) {
	port, _ := localPort(r)
	_, value, err := g.grant(name, g.site(r, port))
	if err != nil {
		return nil, err
	}
	return g.newCookie(r, value, linkLife), nil
}

// useOnce reports whether a code was not used yet, and forgets those that are
// over.
func (g *Gate) useOnce(code string, until time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	for c, end := range g.used {
		if time.Now().After(end) {
			delete(g.used, c)
		}
	}
	_, before := g.used[code]
	g.used[code] = until
	return !before
}
