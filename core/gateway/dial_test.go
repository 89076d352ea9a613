package gateway

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/quota"
	"github.com/protocol-workbench/workbench/core/target"
)

// A denial names the rule to those who run the workbench, at once; all others get the
// same words, whatever was denied, after a whole second, however long it took to find out.
func TestDenials(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var takes time.Duration
		var fails error
		config := testGateway().Config
		config.Dial = func(context.Context, target.Target, target.Security) (Server, error) {
			time.Sleep(takes)
			return nil, fails
		}
		g := New(config)
		dial := func(role access.Role) (time.Duration, error) {
			began := time.Now()
			_, err := g.dial(t.Context(), asker{Principal: access.Principal{Name: "anna", Role: role}}, target.Target{}, target.Security{}, nil)
			return time.Since(began), err
		}
		for _, takes = range []time.Duration{0, 3 * time.Millisecond, 999 * time.Millisecond, 1500 * time.Millisecond} {
			for _, words := range []string{"10.0.0.1:80 may not be dialled: denied by the rule \"deny 10.0.0.0/8\"", "intern.example:80 (fe80::1) may not be dialled: denied by the preset public"} {
				fails = &target.Error{Words: words, Code: target.CodeDenied, Cause: target.ErrDenied}
				for _, role := range []access.Role{access.Teacher, access.Student} {
					took, err := dial(role)
					if err.Error() != deniedWords || codeOf(err) != "denied" || !errors.Is(err, target.ErrDenied) || took != takes.Truncate(time.Second)+time.Second {
						t.Errorf("a %s is told %q after %v, which took %v", role, err, took, takes)
					}
				}
				if took, err := dial(access.Admin); err.Error() != words || took != takes {
					t.Errorf("an admin is told %q after %v", err, took)
				}
			}
		}
		takes, fails = 0, errors.New("connection refused")
		if took, err := dial(access.Student); err != fails || took != 0 {
			t.Errorf("what was not denied: %v after %v", err, took)
		}
	})
}

// What is of the workbench's machine is dialled for the account that runs it, and for
// nobody else, whatever the role.
func TestOnlyTheAccountDialsTheMachine(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dialled := 0
		config := testGateway().Config
		config.Dial = func(context.Context, target.Target, target.Security) (Server, error) {
			dialled++
			return nil, nil
		}
		g := New(config)
		for _, c := range []struct {
			who  access.Principal
			may  bool
			told string
		}{
			{access.Own(access.Account), true, ""},
			{access.Own(access.Token), true, ""},
			{access.Own(access.Browser), true, ""},
			{access.Own(access.Anyone), false, notTheAccount},
			{access.Principal{Name: "anna", Role: access.Admin, By: access.Token}, false, notTheAccount},
			{access.Principal{Name: "anna", Role: access.Teacher, By: access.Token}, false, deniedWords},
			{access.Principal{Name: "anna", Role: access.Student, By: access.Browser}, false, deniedWords},
		} {
			for _, address := range []string{"unix:///run/x", "tls+unix:///run/x", "serial:///dev/x", "exec:/bin/x", "h:1"} {
				to, err := target.Parse(address)
				if err != nil {
					t.Fatal(err)
				}
				dialled = 0
				_, err = g.dial(t.Context(), asker{Principal: c.who}, to, target.Security{}, nil)
				if may := c.may || address == "h:1"; may != (dialled == 1) || may != (err == nil) || !may && (err.Error() != c.told || !errors.Is(err, target.ErrDenied)) {
					t.Errorf("%+v dials %s: %d times, %v", c.who, address, dialled, err)
				}
			}
		}
	})
}

// A client is waited for by those who may listen, and in nobody else's name.
func TestWhoWaitsForClients(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		to, err := target.Parse("listen://127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		var owners []string
		config := testGateway().Config
		config.Await = func(_ context.Context, owner string, _ target.Target, waiting func(string)) (Server, error) {
			owners = append(owners, owner)
			waiting("127.0.0.1:2525")
			return nil, nil
		}
		g := New(config)
		reach := func(g *Gateway, who access.Principal) (told string, err error) {
			_, err = g.reach(t.Context(), request{target: to, asker: asker{Principal: who}}, func(address string) { told = address }, nil)
			return told, err
		}
		for _, c := range []struct {
			who   access.Principal
			owner string // "": refused
		}{
			{access.Own(access.Account), quota.Account},
			{access.Own(access.Anyone), quota.Account},
			{access.Principal{Name: "anna", Role: access.Admin, By: access.Token}, "user anna"},
			{access.Principal{Name: "tess", Role: access.Teacher, By: access.Token}, "user tess"},
			{access.Principal{Name: "sam", Role: access.Student, By: access.Browser}, ""},
			{access.Principal{Name: "vera", Role: access.Viewer, By: access.Browser}, ""},
		} {
			owners = nil
			told, err := reach(g, c.who)
			if c.owner == "" {
				if !errors.Is(err, target.ErrDenied) || err.Error() != deniedWords || told != "" || owners != nil {
					t.Errorf("%+v: %v, waits at %q", c.who, err, told)
				}
			} else if err != nil || told != "127.0.0.1:2525" || len(owners) != 1 || owners[0] != c.owner {
				t.Errorf("%+v: %v, waits at %q as %q", c.who, err, told, owners)
			}
		}
		if _, err := reach(New(testGateway().Config), access.Own(access.Account)); !errors.Is(err, target.ErrDenied) {
			t.Errorf("where nobody waits: %v", err)
		}
	})
}
