// Package target parses what a user names as the server to talk to, decides
// whether it may be dialled, and dials it.
//
// The duties of its caller, in order:
//
//  1. [Parse] what the user wrote. Nothing is looked up or dialled.
//  2. [Dialer.Dial] the target with a context that ends when the user leaves.
//     The [Policy] is asked about every resolved address before anything is
//     sent to it, so a name that points elsewhere than it says gets nowhere.
//  3. Use the [Conn], end its stream with CloseWrite, close it.
//
// Every error of this package is an [*Error]: one line of at most [MaxWords]
// bytes that a user understands, wrapping what the operator's log needs.
//
// What it is not for: it knows nothing of sessions, keeps no connections for
// later, and has no say in what is sent.
package target
