package login

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core/access"
)

func TestIssuers(t *testing.T) {
	for issuer, want := range map[string]bool{
		"https://login.example.org": true, "https://login.example.org/realms/school": true,
		"http://127.0.0.1:5556/dex": true, "http://[::1]:5556": true, "http://localhost:5556": true,
		"http://login.example.org": false, "http://127.0.0.1.example.org": false, "http://localhost.example.org": false,
		"login.example.org": false, "": false, "ftp://login.example.org": false, "https://": false,
		"https://a:b@login.example.org": false, "https://login.example.org/?a": false, "https://login.example.org/#a": false,
	} {
		if err := CheckIssuer(issuer); (err == nil) != want {
			t.Errorf("%s: %v", issuer, err)
		}
	}
}

func TestGrants(t *testing.T) {
	if g, err := ParseGrant("cn=staff,dc=example=teacher"); g != (Grant{"cn=staff,dc=example", access.Teacher}) || err != nil {
		t.Error(g, err)
	}
	for _, s := range []string{"", "staff", "=teacher", "staff=", "staff=root", "staff=Teacher"} {
		if g, err := ParseGrant(s); err == nil {
			t.Errorf("%q: %+v", s, g)
		}
	}
}

// Who claims are about, and what they give.
func TestUser(t *testing.T) {
	c := Config{NameClaim: "email", GroupsClaim: "groups", Roles: []Grant{{"staff", access.Teacher}, {"all", access.Student}}}
	by := func(claim string, role access.Role) Config { c := c; c.NameClaim, c.Default = claim, role; return c }
	type claims = map[string]any
	mail := func(address string, groups any) claims {
		return claims{"email": address, "email_verified": true, "groups": groups}
	}
	for name, test := range map[string]struct {
		Config
		claims
		want string
	}{
		"a teacher":             {c, mail("Tom@School.Example", []any{"all", "staff"}), "tom@school.example teacher"},
		"a student":             {c, mail("anna@school.example", "all"), "anna@school.example student"},
		"no group":              {c, mail("anna@school.example", []any{"Staff", 7, nil}), "anna@school.example  refused"},
		"no groups at all":      {c, mail("anna@school.example", nil), "anna@school.example  refused"},
		"the default":           {by("email", access.Viewer), mail("anna@school.example", nil), "anna@school.example viewer"},
		"not verified":          {c, claims{"email": "anna@school.example", "groups": "staff"}, "  refused"},
		"verified, in words":    {c, claims{"email": "anna@school.example", "email_verified": "true", "groups": "staff"}, "  refused"},
		"no name":               {c, claims{"email_verified": true, "groups": "staff"}, "  refused"},
		"a name of no text":     {by("sub", access.Viewer), claims{"sub": 7}, "  refused"},
		"a folder":              {c, mail("../a", "staff"), "  refused"},
		"a letter like k":       {c, mail("\u212aim@school.example", "staff"), "  refused"},
		"sub is not made small": {by("sub", access.Viewer), claims{"sub": "Ab"}, "  refused"},
		"another claim":         {by("preferred_username", access.Viewer), claims{"preferred_username": "Anna"}, "anna viewer"},
	} {
		user, role, err := test.user(test.claims)
		got := user + " " + string(role)
		if errors.As(err, new(Refusal)) {
			got += " refused"
		} else if err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if got != test.want {
			t.Errorf("%s: %q, %v; want %q", name, got, err, test.want)
		}
	}
}

func TestConfigText(t *testing.T) {
	a := Config{Issuer: "https://a", ClientID: "b", Secret: "hidden", Roles: []Grant{{"x", access.Admin}}}
	b := a
	b.Roles = []Grant{{"x", access.Viewer}}
	if a.String() == b.String() || strings.Contains(a.String(), "hidden") {
		t.Errorf("%s and %s", a, b)
	}
}

type answers func(*http.Request) (*http.Response, error)

func (a answers) RoundTrip(r *http.Request) (*http.Response, error) { return a(r) }

// A provider that is down is asked again after a while, not for each browser, and one
// that is up not at all.
func TestRetry(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		asked, says := 0, ""
		p := New(Config{Issuer: "https://login.example", ClientID: "workbench", NameClaim: "email"}, answers(func(*http.Request) (*http.Response, error) {
			if asked++; says == "" {
				return nil, errors.New("connection refused")
			}
			return &http.Response{StatusCode: 200, Header: http.Header{"Content-Type": {"application/json"}}, Body: io.NopCloser(strings.NewReader(says))}, nil
		}))
		try := func(want int) error {
			t.Helper()
			_, err := p.Address(context.Background(), "https://bench.example/callback", access.Attempt{})
			if asked != want {
				t.Errorf("asked %d times; want %d", asked, want)
			}
			return err
		}
		if err := errors.Join(try(1), try(1)); err == nil || !strings.Contains(err.Error(), "connection refused") {
			t.Error(err)
		}
		time.Sleep(retryAfter)
		says = `{"issuer":"https://other.example"}`
		if err := try(2); err == nil {
			t.Error("the provider is another one")
		}
		time.Sleep(retryAfter)
		says = `{"issuer":"https://login.example","authorization_endpoint":"http://login.example/auth"}`
		if err := try(3); err == nil {
			t.Error("users sign in without TLS")
		}
		time.Sleep(retryAfter)
		says = `{"issuer":"https://login.example","authorization_endpoint":"https://login.example/auth"}`
		if err := errors.Join(try(4), try(4)); err != nil {
			t.Error(err)
		}
		// What it names without TLS is not asked.
		p.found.oauth2.Endpoint.TokenURL = "http://login.example/token"
		if _, _, err := p.Finish(context.Background(), "", access.Attempt{}, "code"); err == nil || asked != 4 {
			t.Errorf("%v, asked %d times", err, asked)
		}
	})
}

func TestLongAnswers(t *testing.T) {
	long := answers(func(*http.Request) (*http.Response, error) {
		return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(strings.Repeat(" ", maxAnswer+1)))}, nil
	})
	p := New(Config{Issuer: "https://login.example"}, long)
	if _, err := p.Address(context.Background(), "", access.Attempt{}); err == nil || !strings.Contains(err.Error(), "too large") {
		t.Error(err)
	}
}
