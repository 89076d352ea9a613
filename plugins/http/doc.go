// Package http is the line mode http: whole messages of HTTP/1.0 and 1.1 (RFC 9112).
//
// By hand, what is typed is a request: "GET /path" is sent at once, with its version and the
// header fields that it needs. A request line with its version begins a head that is typed a
// line at a time and sent after an empty line, as it was typed, once it has been checked:
// what is wrong with it is said first. A line that begins with '=' is sent as it is, with its
// escapes. Each response that is whole is a message to the client: its head, and its body
// without the framing of chunks and, as far as the standard library knows them, without
// content codings.
//
// A client that is a program speaks for itself. Its bytes and the server's are passed on
// unchanged, or only watched.
//
// All requests and responses are messages with fields (core.Message), and each response names
// the request that it answers, however many are under way. After a CONNECT that succeeds, or
// 101 (Switching Protocols), nothing is decoded.
//
// # Wrong bytes
//
// Nothing ends the decoding. What RFC 9112 forbids is marked in the message, which is read as
// the RFC says. A line that is no start line is a message that is marked wrong, and the next
// line may be one.
//
// # Bounds
//
// Of a head 64 KiB and 200 lines are kept, of a body what is shown, and the rest is counted.
// A size that is announced reserves nothing.
package http
