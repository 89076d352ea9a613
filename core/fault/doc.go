// Package fault makes a peer misbehave at a chosen place of a stream: it reads rules,
// and does to a stream what they say.
//
// A rule names one of a session's four flows, a place in it and what happens there:
//
//	from-server after line 1: delay 2s
//
// A [Stream] is one flow with its rules. Its caller's duties, in order:
//
//  1. Call [Stream.Write] with nothing first: some rules act before the first byte.
//  2. Pass all bytes of the flow to Write, in any pieces, and do each [Op] that comes
//     back, in order. What matters is where in the stream a byte stands: the same bytes
//     give the same ops, however they were cut, but that bytes and pauses next to each
//     other may come in more or fewer pieces.
//  3. For rules about decoded messages, pass each to [Messages.Decoded], and what that
//     returns to [Stream.Arm].
//  4. Call [Stream.End] once the flow has ended.
//
// What it is not for: it waits for nothing, and knows neither sockets nor sessions.
package fault
