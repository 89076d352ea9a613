// Package tap puts a real program at the client's end of a session: it listens, and each
// connection that it accepts is a session with a target, recorded and replayed like any
// other.
//
// The duties of its caller, in order:
//
//  1. Fill in a [Tap], for a line mode that serves a client that is a stream: a
//     [Refusal] says that it does not.
//  2. Call [Tap.Serve] with a listener, or with [Sources] for datagrams, which may only be reached by whom the targets
//     may be reached by: a tap authenticates nobody. It blocks.
//  3. Cancel the context. Serve ends the sessions, and returns when they have ended.
//
// What it is not for: how a session runs is package session's; this package only has the
// end for it, [Client].
package tap
