// Package target parses the server that a user names, decides whether it may be
// dialled, and dials it.
//
// The duties of its caller, in order:
//
//  1. [Parse] what the user wrote. Nothing is looked up or dialled.
//  2. Turn the user's choices of TLS into a [Security], with [Security.Choose].
//     Certificates that [ParseCredential] has read are chosen from
//     [Credentials].
//  3. [Dialer.Dial] the target with a context that ends when the user leaves.
//     The [Policy] is asked about every resolved address before anything is
//     sent to it, so a name cannot hide a forbidden address.
//  4. Use the [Conn], half-close it with CloseWrite, close it. [Conn.TLS] has
//     the outcome of the handshake.
//
// Every error of this package is an [*Error]: one line of at most [MaxWords]
// bytes that a user understands, wrapping what the operator's log needs. If TLS
// failed it has a code, the certificate, and the choices that would let the dial
// succeed.
//
// Private keys are only in a [Credential], and never printed.
//
// This package knows nothing of sessions, pools no connections, and does not
// care what is sent.
package target
