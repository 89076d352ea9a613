package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"runtime"
	"strings"

	"github.com/spf13/pflag"

	"github.com/protocol-workbench/workbench/core/access"
	"github.com/protocol-workbench/workbench/core/login"
	"github.com/protocol-workbench/workbench/core/plainfile"
)

// oidcFlags say where users sign in, and who is let in as what.
type oidcFlags struct {
	issuer, clientID, secretFile string
	nameClaim, groupsClaim       string
	roles                        []string // GROUP=ROLE
	defaultRole                  string
}

const (
	defaultNameClaim   = "email"
	defaultGroupsClaim = "groups"
)

func (f *oidcFlags) add(flags *pflag.FlagSet) {
	flags.StringVar(&f.issuer, "oidc-issuer", "", "let users sign in at the provider of OpenID Connect whose issuer is `URL`")
	flags.StringVar(&f.clientID, "oidc-client-id", "", "`ID` by which the provider knows this workbench")
	flags.StringVar(&f.secretFile, "oidc-client-secret-file", "", "`FILE` of the client's secret, which other accounts must not be able to read (default: the client has none)")
	flags.StringVar(&f.nameClaim, "oidc-name-claim", defaultNameClaim, "take users' names from `CLAIM` of the ID token; an email must be verified by the provider")
	flags.StringVar(&f.groupsClaim, "oidc-groups-claim", defaultGroupsClaim, "take users' groups from `CLAIM` of the ID token")
	flags.StringArrayVar(&f.roles, "oidc-role", nil, "let in who is in a group, with a role, as in `GROUP=ROLE`; may be given more than once, and the first that fits holds")
	flags.StringVar(&f.defaultRole, "oidc-default-role", "", "let in who is in none of these groups, with `ROLE` (default: refuse them)")
}

// read returns where users sign in; nil: nowhere.
func (f *oidcFlags) read(auth string) (*login.Config, error) {
	if f.issuer == "" {
		for _, other := range []struct {
			flag string
			set  bool
		}{
			{"--oidc-client-id", f.clientID != ""}, {"--oidc-client-secret-file", f.secretFile != ""},
			{"--oidc-name-claim", cmp.Or(f.nameClaim, defaultNameClaim) != defaultNameClaim},
			{"--oidc-groups-claim", cmp.Or(f.groupsClaim, defaultGroupsClaim) != defaultGroupsClaim},
			{"--oidc-role", len(f.roles) > 0}, {"--oidc-default-role", f.defaultRole != ""},
		} {
			if other.set {
				return nil, fmt.Errorf("%s needs a provider; add --oidc-issuer URL", other.flag)
			}
		}
		return nil, nil
	}
	if err := login.CheckIssuer(f.issuer); err != nil {
		return nil, fmt.Errorf("--oidc-issuer: %w", err)
	}
	switch {
	case auth == authNone:
		return nil, errors.New("--oidc-issuer and --auth none exclude each other; leave --auth out")
	case f.clientID == "":
		return nil, errors.New("--oidc-issuer needs the ID by which the provider knows this workbench; add --oidc-client-id ID")
	case f.nameClaim == "":
		return nil, errors.New("--oidc-name-claim is empty; it must be the name of a claim, such as email")
	case f.groupsClaim == "":
		return nil, errors.New("--oidc-groups-claim is empty; it must be the name of a claim, such as groups")
	case len(f.roles) == 0 && f.defaultRole == "":
		return nil, errors.New("--oidc-issuer lets nobody in by itself; add --oidc-role GROUP=ROLE, or --oidc-default-role ROLE")
	}
	c := login.Config{Issuer: f.issuer, ClientID: f.clientID, NameClaim: f.nameClaim, GroupsClaim: f.groupsClaim}
	for _, s := range f.roles {
		grant, err := login.ParseGrant(s)
		if err != nil {
			return nil, fmt.Errorf("--oidc-role: %w", err)
		}
		c.Roles = append(c.Roles, grant)
	}
	var err error
	if f.defaultRole != "" {
		if c.Default, err = access.ParseRole(f.defaultRole); err != nil {
			return nil, fmt.Errorf("--oidc-default-role: %w", err)
		}
	}
	if f.secretFile != "" {
		if c.Secret, err = readSecret(f.secretFile); err != nil {
			return nil, fmt.Errorf("--oidc-client-secret-file: %w", err)
		}
	}
	return &c, nil
}

// maxSecret bounds the file of a client's secret, in bytes.
const maxSecret = 4096

// readSecret reads the first and only line of a file. systemd's credentials are files
// that a group can read, so that is allowed, as it is for the key of a certificate.
func readSecret(path string) (string, error) {
	info, err := os.Stat(path) // opening a pipe would wait
	switch {
	case err != nil:
		return "", plainfile.Unreadable(path, err)
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("%s is not a regular file", path)
	case info.Mode().Perm()&0o007 != 0 && runtime.GOOS != "windows":
		return "", fmt.Errorf("%s can be read by other accounts (mode %04o); chmod 600 it, and have the provider make another secret if others are on this machine", path, info.Mode().Perm())
	}
	f, err := os.Open(path)
	if err != nil {
		return "", plainfile.Unreadable(path, err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSecret+1))
	if err != nil {
		return "", plainfile.Unreadable(path, err)
	}
	secret := strings.TrimSpace(string(text))
	if secret == "" || len(text) > maxSecret || strings.ContainsAny(secret, "\r\n") {
		return "", fmt.Errorf("%s must have one line, of at most %d bytes", path, maxSecret)
	}
	return secret, nil
}

// letIn has the door let in who signs in, and returns where they do; nil: nowhere.
func (d door) letIn(c *login.Config) *login.Provider {
	if c == nil {
		return nil
	}
	d.gate.Logins = c.String()
	return login.New(*c, http.DefaultTransport)
}

// callback returns the address to which the provider must lead browsers back, given one
// at which the workbench is reached; "": there is none.
func (d door) callback(at string) string {
	u, err := url.Parse(at)
	if err != nil || u.Host == "" {
		return ""
	}
	u.Host, u.Path = pageHost(u.Host, d.origin), "/callback"
	return u.String()
}
