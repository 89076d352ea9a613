package login

import (
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"github.com/protocol-workbench/workbench/core/access"
)

// Config says where users sign in, and which of them are let in.
type Config struct {
	Issuer      string // a URL, as the provider writes it
	ClientID    string
	Secret      string // of the client; "": it has none
	NameClaim   string // whose value is the user's name
	GroupsClaim string // whose value is a list of groups, or one
	Roles       []Grant
	Default     access.Role // of who is in no group of Roles; "": he is refused
}

// Grant gives a role to a group. Of several, the first one holds.
type Grant struct {
	Group string
	Role  access.Role
}

// ParseGrant reads GROUP=ROLE. A group may have = in its name.
func ParseGrant(s string) (Grant, error) {
	i := strings.LastIndexByte(s, '=')
	if i < 1 {
		return Grant{}, fmt.Errorf("%.80q is not of the form GROUP=ROLE, such as staff=teacher", s)
	}
	role, err := access.ParseRole(s[i+1:])
	return Grant{s[:i], role}, err
}

// CheckIssuer reports what is wrong with the URL of an issuer: others must not be able to
// answer in its place.
func CheckIssuer(s string) error {
	u, err := url.Parse(s)
	switch {
	case err != nil || u.Host == "" || u.User != nil || strings.ContainsAny(s, "?#"):
		return fmt.Errorf("%.200q is not the URL of an issuer, such as https://login.example.org/realms/school", s)
	case !isSafe(u):
		return fmt.Errorf("%.200q has no TLS, and is not on this machine; write https://", s)
	}
	return nil
}

// isSafe reports whether nobody between here and a URL can read along or answer.
func isSafe(u *url.URL) bool {
	addr, err := netip.ParseAddr(u.Hostname())
	return u.Scheme == "https" || u.Scheme == "http" && (u.Hostname() == "localhost" || err == nil && addr.IsLoopback())
}

// String returns all that decides who gets in as what, without the secret.
func (c Config) String() string {
	return fmt.Sprintf("%q", []string{c.Issuer, c.ClientID, c.NameClaim, c.GroupsClaim, fmt.Sprintf("%q", c.Roles), string(c.Default)})
}

// Refusal is the error of a user who has signed in and is not let in, in words for him.
type Refusal struct{ words string }

func (r Refusal) Error() string { return r.words }

func refusef(format string, args ...any) error { return Refusal{fmt.Sprintf(format, args...)} }

// user returns whom claims are about. An error is a Refusal; the name is there with it if
// it is known.
func (c Config) user(claims map[string]any) (name string, role access.Role, err error) {
	name, err = c.name(claims)
	if err != nil {
		return "", "", err
	}
	groups := texts(claims[c.GroupsClaim])
	for _, grant := range c.Roles {
		if slices.Contains(groups, grant.Group) {
			return name, grant.Role, nil
		}
	}
	if c.Default == "" {
		return name, "", refusef("user %s is in no group that may use this workbench", name)
	}
	return name, c.Default, nil
}

// name returns the user's name. Only letters of ASCII are made small, since others would
// become those of another name; those of sub are not, for which case matters (OpenID
// Connect Core 1.0, section 2).
func (c Config) name(claims map[string]any) (string, error) {
	name, ok := claims[c.NameClaim].(string)
	if !ok || name == "" {
		return "", refusef("the provider says no name: its ID token has no text %s", c.NameClaim)
	}
	if verified, _ := claims["email_verified"].(bool); c.NameClaim == "email" && !verified {
		return "", refusef("the provider has not verified the user's e-mail address")
	}
	if c.NameClaim != "sub" {
		name = strings.Map(lower, name)
	}
	if err := access.CheckName(name); err != nil {
		return "", refusef("the provider's name of the user cannot be one here: %v", err)
	}
	return name, nil
}

func lower(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		r += 'a' - 'A'
	}
	return r
}

// texts returns the texts of a claim that is a list, or one text.
func texts(claim any) (all []string) {
	list, ok := claim.([]any)
	if !ok {
		list = []any{claim}
	}
	for _, one := range list {
		if s, ok := one.(string); ok {
			all = append(all, s)
		}
	}
	return all
}
