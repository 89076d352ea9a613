package access

import (
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

func signIn(t *testing.T, g *Gate, name string, role Role) string {
	t.Helper()
	c, err := g.SignIn(request("/"), name, role)
	if err != nil {
		t.Fatal(err)
	}
	if !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.MaxAge != 12*3600 {
		t.Errorf("%+v", c)
	}
	return c.Name + "=" + c.Value
}

// Who has signed in is known by name and role, until the login ends, the key is rotated,
// or others are let in; nothing of that can be changed in the cookie.
func TestLogin(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		k := openKey(t, folder)
		users := openUsers(t, folder+"/users")
		add(t, users, "anna", Viewer)
		gate := func(logins string) *Gate { g := New(k, users); g.Logins = logins; return g }
		g := gate("school")
		who := func(g *Gate, cookie string) Principal {
			p, _ := g.Allows(request("/", "Cookie", cookie, "Sec-Fetch-Site", "same-origin"))
			return p
		}
		cookie := signIn(t, g, "a.nna@school.example", Student)
		if got := who(g, cookie); got != (Principal{"a.nna@school.example", Student, Browser}) {
			t.Errorf("%+v", got)
		}
		if got := who(g, signIn(t, g, "anna", Teacher)); got.Role != Teacher { // one name, and the role of the way in
			t.Errorf("%+v", got)
		}
		if got := who(gate("school"), cookie); got.Name == "" {
			t.Error("after a restart the login is not known")
		}
		name, value, _ := strings.Cut(cookie, "=")
		parts := strings.SplitN(value, "~", 3)
		for _, forged := range []string{
			strings.Replace(value, "student", "admin", 1), strings.Replace(value, "a.nna", "b.nna", 1),
			parts[0] + "~zzzzzz~" + parts[2], parts[2], "~" + value, value + "A", value[:len(value)-1], "",
		} {
			if got := who(g, name+"="+forged); got != (Principal{}) {
				t.Errorf("%q: %+v", forged, got)
			}
		}
		for _, other := range []string{"", "another school"} {
			if got := who(gate(other), cookie); got != (Principal{}) {
				t.Errorf("logins by %q: %+v", other, got)
			}
		}
		if _, err := g.SignIn(request("/"), "../b", Student); err == nil {
			t.Error("a name that is none signs in")
		}
		time.Sleep(LoginLife - time.Second)
		if got := who(g, cookie); got.Name == "" {
			t.Error("the login has ended before its time")
		}
		time.Sleep(time.Second)
		if got := who(g, cookie); got != (Principal{}) {
			t.Errorf("a login that has ended: %+v", got)
		}
		cookie = signIn(t, g, "anna", Student)
		if err := k.Rotate(); err != nil {
			t.Fatal(err)
		}
		if got := who(g, cookie); got != (Principal{}) {
			t.Errorf("with a key that was rotated: %+v", got)
		}
	})
}

// An attempt ends in its browser, in its time, by its state.
func TestAttempt(t *testing.T) {
	folder := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		k := openKey(t, folder)
		g := New(k, nil)
		a, c, err := g.NewAttempt(request("/"))
		if err != nil {
			t.Fatal(err)
		}
		if !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.MaxAge != 600 || c.Name != "workbench-8000-login" {
			t.Errorf("%+v", c)
		}
		if len(a.Verifier) < 43 || a.State == a.Nonce || a.Nonce == a.Verifier || a.State == a.Verifier || strings.Contains(c.Value, a.Verifier) {
			t.Errorf("%+v, cookie %s", a, c.Value)
		}
		other, c2, _ := g.NewAttempt(request("/"))
		if other == a || c2.Value == c.Value {
			t.Error("two attempts are one")
		}
		end := func(cookie, state string) error {
			got, forget, err := g.EndAttempt(request("/", "Cookie", c.Name+"="+cookie), state)
			if err == nil && (got != a || forget.MaxAge >= 0 || forget.Name != c.Name) {
				t.Errorf("%+v, %+v", got, forget)
			}
			return err
		}
		for name, test := range map[string][2]string{
			"no cookie": {"", a.State}, "another browser": {c2.Value, a.State}, "no state": {c.Value, ""},
			"another state": {c.Value, other.State}, "a made-up time": {"zzzzzz" + c.Value[6:], a.State},
		} {
			if err := end(test[0], test[1]); err != ErrAttempt {
				t.Errorf("%s: %v", name, err)
			}
		}
		time.Sleep(AttemptLife - time.Second)
		if err := end(c.Value, a.State); err != nil {
			t.Error(err)
		}
		time.Sleep(2 * time.Second)
		if err := end(c.Value, a.State); err != ErrAttempt {
			t.Errorf("an attempt of long ago: %v", err)
		}
	})
}
