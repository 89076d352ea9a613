// Package target parses what a user names as the server to talk to, decides
// whether it may be dialled, and dials it.
//
// The duties of its caller, in order:
//
//  1. [Parse] what the user wrote. Nothing is looked up or dialled.
//  2. Make the user's choices of TLS into a [Security], by [Security.Choose];
//     what [ParseCredential] has read can be chosen from [Credentials].
//  3. [Dialer.Dial] the target with a context that ends when the user leaves.
//     The [Policy] is asked about every resolved address before anything is
//     sent to it, so a name that points elsewhere than it says gets nowhere.
//  4. Use the [Conn], end its stream with CloseWrite, close it. [Conn.TLS]
//     tells what the handshake came to.
//
// Every error of this package is an [*Error]: one line of at most [MaxWords]
// bytes that a user understands, wrapping what the operator's log needs. Where
// TLS failed it has a code, the certificate and the choices that go on.
//
// A private key is in a [Credential] and in nothing that is printed.
//
// What it is not for: it knows nothing of sessions, keeps no connections for
// later, and has no say in what is sent.
package target
