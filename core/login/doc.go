// Package login has users sign in at a provider of OpenID Connect: the code flow of
// OpenID Connect Core 1.0, section 3.1, with PKCE (RFC 7636).
//
// A [Provider] says where a browser goes to sign in, and of the code with which it comes
// back, who the user is and which role the provider's groups give. Nothing is asked of
// the provider before the first browser wants to sign in, and a provider that is down is
// asked again every few seconds at most.
//
// The duties of its caller: bind the attempt to the browser, by its state, and let an
// attempt end once; and see to it that the browser is at an address of the workbench's
// own, to which the provider leads it back.
//
// Codes, tokens and the client's secret are in no error.
package login
