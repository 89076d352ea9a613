// Package telnet is the line mode telnet: devices, boards and log-ins by Telnet (RFC 854 and
// 855, options by the Q method of RFC 1143).
//
// By hand, a typed line is sent with CR LF, or as option eol says, with each 0xFF doubled. A
// line that begins with '=' is sent as it is, with its escapes. The commands of Telnet and
// the negotiation of options are commands of the manifest; their names begin with '/', so
// that what is typed to a shell is none. What the server says is shown a line at a time,
// without the negotiation and without escape sequences; a prompt is shown once the server is
// silent. Options are agreed on by fixed rules (core/telopt), which no peer can make loop.
//
// A client that is a program speaks for itself. Its bytes and the server's are passed on
// unchanged, or only watched, and the options of both are tracked.
//
// Each line, each command, each step of a negotiation and each subnegotiation is a message
// with fields (core.Message).
//
// # Secrets
//
// What a client sends is kept out of recordings while the server asks for a password, or
// echoes as those do that hide one: secret.go has the rule.
//
// # Bounds
//
// Of a line 64 KiB are kept, after which it is shown in parts; of a subnegotiation 1 KiB are
// kept, and one that has 64 KiB without an end is given up.
package telnet
