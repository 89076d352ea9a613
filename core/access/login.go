package access

import (
	"crypto/rand"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// This file is for users whom a provider of identities vouches for: their cookie, and
// the attempt to sign in that comes before it. Nothing of either is kept here.

// LoginLife is how long a browser is known after its user has signed in.
const LoginLife = 12 * time.Hour

// login is what the cookie of a user who has signed in says.
type login struct {
	name string
	role Role
	end  time.Time // in whole seconds
}

// String has a character in it that names have not, so that no link's cookie reads like
// a login's.
func (l login) String() string {
	return string(l.role) + "~" + strconv.FormatInt(l.end.Unix(), 36) + "~" + l.name
}

func isLogin(s string) bool { return strings.Contains(s, "~") }

var errLogin = errors.New("login is over, or was never given")

func parseLogin(s string) (login, error) {
	parts := strings.SplitN(s, "~", 3)
	if len(parts) != 3 || CheckName(parts[2]) != nil {
		return login{}, errLogin
	}
	role, err := ParseRole(parts[0])
	if err != nil {
		return login{}, errLogin
	}
	end, err := strconv.ParseInt(parts[1], 36, 64)
	if err != nil {
		return login{}, errLogin
	}
	return login{parts[2], role, time.Unix(end, 0)}, nil
}

// grantLogin is [Gate.grant] of a user who has signed in: good until the login ends, the
// key is replaced, or the workbench takes logins from elsewhere.
func (g *Gate) grantLogin(token, text, site string) (Principal, string, error) {
	l, err := parseLogin(text)
	if err != nil || g.Logins == "" || !time.Now().Before(l.end) {
		return Principal{}, "", errLogin
	}
	return Principal{l.name, l.role, Browser}, text + "." + sign(token, "login", site+" "+text+" "+g.Logins), nil
}

// SignIn returns the cookie by which the browser of a user who has signed in is known for
// [LoginLife]. The name must pass [CheckName].
func (g *Gate) SignIn(r *http.Request, name string, role Role) (*http.Cookie, error) {
	token, err := g.key.Token()
	if err != nil {
		return nil, err
	}
	port, _ := localPort(r)
	_, value, err := g.grantLogin(token, login{name, role, time.Now().Add(LoginLife)}.String(), g.site(r, port))
	if err != nil {
		return nil, err
	}
	return g.newCookie(r, value, LoginLife), nil
}

// SignOut returns a cookie in place of that by which a browser is known.
func (g *Gate) SignOut(r *http.Request) *http.Cookie { return g.newCookie(r, "", -time.Second) }

// Attempt is one try of a browser to sign in. Only the browser in which it began ends it.
type Attempt struct {
	State    string // comes back with the browser
	Nonce    string // comes back in the provider's token
	Verifier string // of the code (RFC 7636, section 4.1)
}

// AttemptLife is how long an attempt can take.
const AttemptLife = 10 * time.Minute

// ErrAttempt is the error of an attempt that began too long ago, in another browser, or
// never.
var ErrAttempt = errors.New("attempt to sign in has ended, or began in another browser")

// NewAttempt returns an attempt, and the cookie that binds it to the browser. Another
// one of the same browser takes its place.
func (g *Gate) NewAttempt(r *http.Request) (Attempt, *http.Cookie, error) {
	token, err := g.key.Token()
	if err != nil {
		return Attempt{}, nil, err
	}
	text := strconv.FormatInt(time.Now().Unix(), 36) + "." + rand.Text()
	port, _ := localPort(r)
	return newAttempt(token, port, text), g.attemptCookie(r, text, AttemptLife), nil
}

// newAttempt returns the attempt of a cookie. The state is a MAC of the cookie, which
// needs no other.
func newAttempt(token, port, text string) Attempt {
	text = port + " " + text
	return Attempt{sign(token, "login state", text), sign(token, "login nonce", text), sign(token, "login verifier", text)}
}

// EndAttempt returns the attempt from which a browser comes back with a state, and the
// cookie to forget it by, or ErrAttempt, or the key's error.
func (g *Gate) EndAttempt(r *http.Request, state string) (Attempt, *http.Cookie, error) {
	token, err := g.key.Token()
	if err != nil {
		return Attempt{}, nil, err
	}
	port, _ := localPort(r)
	for _, c := range r.CookiesNamed(g.attemptName(r)) {
		a := newAttempt(token, port, c.Value)
		began, _, _ := strings.Cut(c.Value, ".")
		s, err := strconv.ParseInt(began, 36, 64)
		if equal(state, a.State) && err == nil && time.Since(time.Unix(s, 0)) <= AttemptLife {
			return a, g.attemptCookie(r, "", -time.Second), nil
		}
	}
	return Attempt{}, nil, ErrAttempt
}

func (g *Gate) attemptName(r *http.Request) string {
	port, _ := localPort(r)
	return g.cookieName(r, port) + "-login"
}

// attemptCookie is sent where a provider leads the browser back to, which a strict one
// is not.
func (g *Gate) attemptCookie(r *http.Request, value string, life time.Duration) *http.Cookie {
	c := g.newCookie(r, value, life)
	c.Name, c.SameSite = g.attemptName(r), http.SameSiteLaxMode
	return c
}
