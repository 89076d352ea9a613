package e2e

import (
	"net"
	"net/url"
	"path/filepath"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/catalog"
)

// atHome returns an address at which browsers have the page, of one at which programs
// reach the workbench: at the page's own name.
func atHome(t testing.TB, address string) string {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	if host := u.Hostname(); host == "localhost" || net.ParseIP(host) != nil {
		u.Host = net.JoinHostPort(ofState(t, access.OpenOrigin), u.Port())
	}
	return u.String()
}

// linkTo returns a link that lets one browser in where an address is, and whether the
// address is that of the page itself, to which the link leads.
func linkTo(t testing.TB, address string) (link string, same bool) {
	t.Helper()
	u, err := url.Parse(atHome(t, address))
	if err != nil {
		t.Fatal(err)
	}
	code, err := ofState(t, access.OpenKey).NewCode(nil)
	if err != nil {
		t.Fatal(err)
	}
	return u.Scheme + "://" + u.Host + "/?code=" + code, strings.Trim(u.RequestURI(), "/") == "" && u.Fragment == ""
}

// ownBearer is the header Authorization of the account, which lets in what may come from a
// browser.
func ownBearer(t testing.TB) string {
	t.Helper()
	token, err := ofState(t, access.OpenKey).Token()
	if err != nil {
		t.Fatal(err)
	}
	return "Bearer " + token
}

// ofState opens what the workbenches of the tests keep in their state directory.
func ofState[T any](t testing.TB, open func(folder string) (T, error)) T {
	t.Helper()
	state, err := catalog.StateDir()
	if err != nil {
		t.Fatal(err)
	}
	v, err := open(filepath.Clean(state))
	if err != nil {
		t.Fatal(err)
	}
	return v
}
