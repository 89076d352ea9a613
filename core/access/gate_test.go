package access

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"
)

// stranger is a gate for requests of another account.
func stranger(k *Key) *Gate {
	g := New(k, nil)
	g.tells = true
	return g
}

func request(path string, header ...string) *http.Request {
	r := httptest.NewRequest("GET", path, nil)
	for i := 0; i < len(header); i += 2 {
		r.Header.Add(header[i], header[i+1])
	}
	at := &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 8000}
	return r.WithContext(context.WithValue(r.Context(), http.LocalAddrContextKey, net.Addr(at)))
}

func TestBearer(t *testing.T) {
	k := openKey(t, t.TempDir())
	g, good := stranger(k), token(t, k)
	for header, want := range map[string]bool{
		"":                                false,
		"Bearer " + good:                  true,
		"bearer  " + good:                 true,
		"Bearer " + good[:42]:             false,
		"Bearer " + good + "x":            false,
		"Bearer":                          false,
		"Bearer ":                         false,
		"Basic " + good:                   false,
		good:                              false,
		"Bearer " + strings.ToUpper(good): false,
	} {
		r := request("/")
		if header != "" {
			r.Header.Set("Authorization", header)
		}
		if _, ok := g.Allows(r); ok != want {
			t.Errorf("%q: want %v", strings.ReplaceAll(header, good, "TOKEN"), want)
		}
	}
	if _, ok := stranger(nil).Allows(request("/", "Authorization", "Bearer ")); ok {
		t.Error("without a key, an empty token lets in")
	}
	if err := k.Rotate(); err != nil {
		t.Fatal(err)
	}
	if _, ok := g.Allows(request("/", "Authorization", "Bearer "+good)); ok {
		t.Error("a token that was rotated lets in")
	}
}

// A code gives one browser a cookie, once, in its time; the cookie is good until
// the key is rotated, and after a restart, at its own port.
func TestCodes(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		k := openKey(t, folder)
		code := func() string {
			c, err := k.NewCode(nil)
			if err != nil {
				t.Fatal(err)
			}
			return c
		}
		early := code()
		time.Sleep(time.Second)
		g := stranger(k)
		refused := func(why, code string) {
			t.Helper()
			if _, err := g.Redeem(request("/"), code); err != ErrCode {
				t.Errorf("%s: %v", why, err)
			}
		}
		refused("older than the workbench", early)
		refused("empty", "")
		refused("no code", "a.b.c")

		c := code()
		refused("cut", c[:len(c)-1])
		refused("another time", "z"+c)
		cookie, err := g.Redeem(request("/"), c)
		if err != nil {
			t.Fatal(err)
		}
		refused("used before", c)
		if !cookie.HttpOnly || cookie.SameSite != http.SameSiteStrictMode || cookie.Name != "workbench-8000" || strings.Contains(cookie.Value, token(t, k)) {
			t.Errorf("%+v", cookie)
		}
		late := code()
		time.Sleep(CodeLife + time.Second)
		refused("late", late)
		if _, err := g.Redeem(request("/"), code()); err != nil || len(g.used) != 1 {
			t.Errorf("%v; %d codes are remembered", err, len(g.used))
		}

		header := cookie.Name + "=" + cookie.Value
		for _, g := range []*Gate{g, stranger(openKey(t, folder))} {
			if _, ok := g.Allows(request("/", "Cookie", "a=b; "+header)); !ok {
				t.Error("the cookie does not let in")
			}
		}
		for _, bad := range []string{header + "x", cookie.Name + "=", "workbench-8001=" + cookie.Value} {
			if _, ok := g.Allows(request("/", "Cookie", bad)); ok {
				t.Errorf("%q lets in", bad)
			}
		}
		if err := k.Rotate(); err != nil {
			t.Fatal(err)
		}
		if _, ok := g.Allows(request("/", "Cookie", header)); ok {
			t.Error("the cookie outlives the key")
		}
	})
}

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// A program of the account needs nothing; a browser does, whoever runs it, and so does a
// program where the system does not tell.
func TestProgramsAndBrowsers(t *testing.T) {
	g := stranger(openKey(t, t.TempDir()))
	from := func(ours bool, header ...string) (Principal, bool) {
		r := request("/", header...)
		c := &conn{isOurs: func() bool { return ours }}
		return g.Allows(r.WithContext(context.WithValue(r.Context(), connKey{}, c)))
	}
	if p, ok := from(true); !ok || p != Own(Account) {
		t.Errorf("%+v, %v", p, ok)
	}
	if _, ok := from(false); ok {
		t.Error("another account's program needs nothing")
	}
	for _, header := range []string{"Origin", "Sec-Fetch-Site", "Sec-Fetch-Mode", "Sec-Fetch-Dest", "Sec-Fetch-Storage-Access"} {
		if p, ok := from(true, header, "none"); ok {
			t.Errorf("a browser with %s: %+v", header, p)
		}
	}
	g.tells = false
	if _, ok := from(true); ok {
		t.Error("nobody knows whose program it is, and it needs nothing")
	}
}

// A cookie that was given without TLS is not good with it, nor the other way round.
func TestCookiesOfTLS(t *testing.T) {
	k := openKey(t, t.TempDir())
	g := stranger(k)
	for _, with := range []bool{false, true} {
		g.IsTLS = func(*http.Request) bool { return with }
		code, err := k.NewCode(nil)
		if err != nil {
			t.Fatal(err)
		}
		cookie, err := g.Redeem(request("/"), code)
		if err != nil {
			t.Fatal(err)
		}
		if strings.HasPrefix(cookie.Name, "__Host-") != with || cookie.Secure != with {
			t.Errorf("with TLS %v: %+v", with, cookie)
		}
		header := "workbench-8000=" + cookie.Value + "; __Host-workbench-8000=" + cookie.Value
		for _, comes := range []bool{false, true} {
			g.IsTLS = func(*http.Request) bool { return comes }
			if _, ok := g.Allows(request("/", "Cookie", header)); ok != (comes == with) {
				t.Errorf("given with TLS %v, sent with TLS %v: %v", with, comes, ok)
			}
		}
	}
}

// A browser can be let in as a user of the file, and as nobody else.
func TestAdmit(t *testing.T) {
	key, err := OpenKey(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	users, err := OpenUsers(filepath.Join(t.TempDir(), "users"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := users.Add("anna", Student); err != nil {
		t.Fatal(err)
	}
	g := New(key, users)
	r := httptest.NewRequest("GET", "/", nil)
	for _, name := range []string{"", "tom", "admin~zzzzzz~anna"} {
		if c, err := g.Admit(r, name); !errors.Is(err, ErrNoUser) {
			t.Errorf("%q: %v, %v", name, c, err)
		}
	}
	cookie, err := g.Admit(r, "anna")
	if err != nil {
		t.Fatal(err)
	}
	r.AddCookie(cookie)
	if p, ok := g.Allows(r); !ok || p != (Principal{"anna", Student, Browser}) {
		t.Errorf("%v %v", p, ok)
	}
	if err := users.Remove("anna"); err != nil {
		t.Fatal(err)
	}
	if p, ok := g.Allows(r); ok {
		t.Errorf("a user who was removed is %v", p)
	}
}
