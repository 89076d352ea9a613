package login

import (
	"context"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/coreos/go-oidc/v3/oidc"
	"golang.org/x/oauth2"

	"github.com/protocol-workbench/workbench/core/access"
)

// Bounds of what is asked of a provider.
const (
	answerLimit = 10 * time.Second // for one answer
	maxAnswer   = 1 << 20          // bytes
	maxAtOnce   = 16               // codes that are exchanged at once
	retryAfter  = 5 * time.Second  // for a provider that was down
)

// Provider is a provider of OpenID Connect. Make one with [New]. It is safe for
// concurrent use.
type Provider struct {
	config Config
	client *http.Client
	turns  chan struct{} // holds a value for each code that is being exchanged

	mu     sync.Mutex // held while the provider is asked about itself
	found  *found     // nil: not yet
	failed error      // why not
	again  time.Time  // when to try again
}

// found is what a provider says of itself.
type found struct {
	verifier *oidc.IDTokenVerifier
	oauth2   oauth2.Config
}

// New returns the provider of a configuration, whose Issuer must pass [CheckIssuer].
// Requests go through base.
func New(c Config, base http.RoundTripper) *Provider {
	return &Provider{config: c, turns: make(chan struct{}, maxAtOnce), client: &http.Client{
		Transport:     careful{base},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		Timeout:       answerLimit,
	}}
}

// careful refuses what is not safe, and answers that are too long.
type careful struct{ http.RoundTripper }

func (c careful) RoundTrip(r *http.Request) (*http.Response, error) {
	if !isSafe(r.URL) {
		return nil, errors.New("the provider's address has no TLS")
	}
	response, err := c.RoundTripper.RoundTrip(r)
	if err == nil {
		response.Body = http.MaxBytesReader(nil, response.Body, maxAnswer)
	}
	return response, err
}

// find returns what the provider says of itself.
func (p *Provider) find(ctx context.Context) (*found, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.found != nil {
		return p.found, nil
	}
	if time.Now().Before(p.again) {
		return nil, p.failed
	}
	// Others wait for the answer too: who gave up does not end it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), answerLimit)
	defer cancel()
	p.found, p.failed = p.discover(ctx)
	p.again = time.Now().Add(retryAfter)
	return p.found, p.failed
}

// discover asks the provider about itself (OpenID Connect Discovery 1.0, section 4).
func (p *Provider) discover(ctx context.Context) (*found, error) {
	provider, err := oidc.NewProvider(oidc.ClientContext(ctx, p.client), p.config.Issuer)
	if err != nil {
		return nil, fmt.Errorf("ask %s about itself: %w", p.config.Issuer, err)
	}
	var says struct {
		Scopes  []string `json:"scopes_supported"`
		Methods []string `json:"token_endpoint_auth_methods_supported"`
	}
	if err := provider.Claims(&says); err != nil {
		return nil, fmt.Errorf("read what %s says of itself: %w", p.config.Issuer, err)
	}
	endpoint := provider.Endpoint()
	if at, err := url.Parse(endpoint.AuthURL); err != nil || !isSafe(at) {
		return nil, fmt.Errorf("%s names no address with TLS at which users sign in", p.config.Issuer)
	}
	endpoint.AuthStyle = oauth2.AuthStyleInHeader // where it does not say (Discovery 1.0, section 3)
	if p.config.Secret == "" || slices.Contains(says.Methods, "client_secret_post") && !slices.Contains(says.Methods, "client_secret_basic") {
		endpoint.AuthStyle = oauth2.AuthStyleInParams
	}
	return &found{
		verifier: provider.Verifier(&oidc.Config{ClientID: p.config.ClientID}),
		oauth2:   oauth2.Config{ClientID: p.config.ClientID, ClientSecret: p.config.Secret, Endpoint: endpoint, Scopes: p.config.scopes(says.Scopes)},
	}, nil
}

// scopes returns what to ask for, given what the provider says that it has. Some give
// groups only to who asks for them, and some refuse who asks for what they do not have.
func (c Config) scopes(has []string) []string {
	scopes := []string{oidc.ScopeOpenID}
	switch c.NameClaim {
	case "sub":
	case "email":
		scopes = append(scopes, "email")
	default:
		scopes = append(scopes, "profile")
	}
	if slices.Contains(has, "groups") && len(c.Roles) > 0 {
		scopes = append(scopes, "groups")
	}
	return scopes
}

// Address returns where a browser goes to sign in. The provider leads it back to the
// address back.
func (p *Provider) Address(ctx context.Context, back string, a access.Attempt) (string, error) {
	f, err := p.find(ctx)
	if err != nil {
		return "", err
	}
	with := f.oauth2
	with.RedirectURL = back
	return with.AuthCodeURL(a.State, oidc.Nonce(a.Nonce), oauth2.S256ChallengeOption(a.Verifier)), nil
}

// Finish returns who has signed in, given the code with which a browser has come back.
// A [Refusal] is for its user; all other errors are for who runs the workbench. The name
// is there with a Refusal if it is known.
func (p *Provider) Finish(ctx context.Context, back string, a access.Attempt, code string) (name string, role access.Role, err error) {
	f, err := p.find(ctx)
	if err != nil {
		return "", "", err
	}
	ctx, cancel := context.WithTimeout(oidc.ClientContext(ctx, p.client), answerLimit)
	defer cancel()
	select {
	case p.turns <- struct{}{}:
		defer func() { <-p.turns }()
	case <-ctx.Done():
		return "", "", fmt.Errorf("exchange the code: too many others are: %w", ctx.Err())
	}
	with := f.oauth2
	with.RedirectURL = back
	tokens, err := with.Exchange(ctx, code, oauth2.VerifierOption(a.Verifier))
	if err != nil {
		return "", "", fmt.Errorf("exchange the code: %w", withoutBody(err))
	}
	raw, ok := tokens.Extra("id_token").(string)
	if !ok {
		return "", "", errors.New("exchange the code: the answer has no ID token")
	}
	token, err := f.verifier.Verify(ctx, raw)
	if err != nil {
		return "", "", fmt.Errorf("verify the ID token: %w", err)
	}
	if subtle.ConstantTimeCompare([]byte(token.Nonce), []byte(a.Nonce)) != 1 {
		return "", "", errors.New("verify the ID token: it was made for another attempt")
	}
	var claims map[string]any
	if err := token.Claims(&claims); err != nil {
		return "", "", fmt.Errorf("read the ID token: %w", err)
	}
	if azp, ok := claims["azp"]; ok && azp != p.config.ClientID { // Core 1.0, section 3.1.3.7
		return "", "", errors.New("verify the ID token: it was made for another client")
	}
	return p.config.user(claims)
}

// withoutBody leaves out of an error what else the provider has answered.
func withoutBody(err error) error {
	var answered *oauth2.RetrieveError
	if !errors.As(err, &answered) {
		return err
	}
	return fmt.Errorf("the provider answered %s, error %.40q", answered.Response.Status, answered.ErrorCode)
}
