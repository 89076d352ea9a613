package access

import (
	"crypto/rand"
	"crypto/subtle"
	"errors"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Gate decides about requests. Make one with [New]. It is safe for concurrent
// use.
type Gate struct {
	key   *Key
	tells bool // whether this system tells whose a connection is
	began time.Time

	mu   sync.Mutex
	used map[string]time.Time // codes, until they end
}

// New returns a gate for the holders of a key; nil: there are none.
func New(key *Key) *Gate {
	return &Gate{key: key, tells: tellsAccounts(), began: time.Now(), used: make(map[string]time.Time)}
}

// TellsAccounts reports whether this system tells whose a connection is. Where it
// does not, a gate lets every program and browser of this machine pass.
func (g *Gate) TellsAccounts() bool { return g.tells }

// Who is whom a gate takes the sender of a request for.
type Who string

// Those whom a gate lets pass.
const (
	Account Who = "account" // a process of this account, or root's
	Token   Who = "token"   // who has the token
	Browser Who = "browser" // one that a link was given to
	Anyone  Who = "anyone"  // where the system does not tell, or nobody asks
)

// Allows reports whether a request may be answered, and whose it is. Its context
// must come from [WithConn].
func (g *Gate) Allows(r *http.Request) (who Who, ok bool) {
	if h := r.Header.Get("Authorization"); h != "" {
		scheme, token, _ := strings.Cut(h, " ")
		return Token, strings.EqualFold(scheme, "Bearer") && g.isToken(strings.TrimSpace(token))
	}
	if !g.tells {
		return Anyone, true
	}
	if c, ok := r.Context().Value(connKey{}).(*conn); ok && c.isOurs() {
		return Account, true
	}
	return Browser, g.hasCookie(r)
}

func (g *Gate) isToken(s string) bool {
	token, err := g.key.Token()
	return err == nil && equal(s, token)
}

func (g *Gate) hasCookie(r *http.Request) bool {
	token, err := g.key.Token()
	if err != nil {
		return false
	}
	port, _ := localPort(r)
	for _, c := range r.CookiesNamed(cookieName(port)) {
		if equal(c.Value, sign(token, "cookie", port)) {
			return true
		}
	}
	return false
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// cookieName has the port in it: browsers send the cookies of all ports of a
// host.
func cookieName(port string) string { return "workbench-" + port }

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
// [CodeLife], by a workbench with the same key that had started before.
func (k *Key) NewCode() (string, error) {
	token, err := k.Token()
	if err != nil {
		return "", err
	}
	text := strconv.FormatInt(time.Now().UnixMilli(), 36) + "." + rand.Text()
	return text + "." + sign(token, "code", text), nil
}

// Redeem takes a code, and returns the cookie by which the browser is known from
// then on, until the key is rotated. Its error is ErrCode, or the key's.
func (g *Gate) Redeem(r *http.Request, code string) (*http.Cookie, error) {
	token, err := g.key.Token()
	if err != nil {
		return nil, err
	}
	i := strings.LastIndexByte(code, '.')
	if i < 0 || !equal(code[i+1:], sign(token, "code", code[:i])) {
		return nil, ErrCode
	}
	stamp, _, _ := strings.Cut(code, ".")
	ms, err := strconv.ParseInt(stamp, 36, 64)
	made := time.UnixMilli(ms)
	if err != nil || time.Since(made) > CodeLife || made.Before(g.began.Truncate(time.Millisecond)) || !g.useOnce(code, made.Add(CodeLife)) {
		return nil, ErrCode
	}
	port, _ := localPort(r)
	return &http.Cookie{
		Name: cookieName(port), Value: sign(token, "cookie", port), Path: "/",
		MaxAge: 400 * 24 * 3600, HttpOnly: true, SameSite: http.SameSiteStrictMode,
	}, nil
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
