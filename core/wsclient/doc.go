// Package wsclient is the client's end of a WebSocket (RFC 6455) to a target.
//
// The duties of its caller, in order:
//
//  1. Dial a target of the kind [target.WebSocket] with a [target.Dialer], so that its
//     policy, its proxy and the choices of TLS hold as for any other target.
//  2. Have [Open] shake hands over that connection. It owns the connection from then on.
//  3. Use the [Conn]: Receive returns whole messages, one at a time, and each Write is one
//     message. CloseWrite sends a close frame; then Close it.
//
// Errors of Open are of type [*target.Error], with the codes of WebSocket.
//
// Compression (RFC 7692) is not offered: what crosses is what is shown.
//
// This package knows nothing of sessions, and does not care what is sent.
package wsclient
