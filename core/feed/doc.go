// Package feed holds the rules by which the events of a session are fed to its
// machine: which events it is fed at all, which of its actions count, when it
// is over. A session, a replay, the conformance checks and a comparison all
// hold to them, so that what one says of a machine is true in the others.
//
// The duties of its caller, for each event in order:
//
//  1. Ask [Feeder.Take] what becomes of the event. Everything that was fed
//     before a timer, or before an event of a kind that the machine does not
//     know, must have been answered by then.
//  2. Have the machine answer what is [Fed], and give the answer to
//     [Feeder.Answer]; an event that is [Unknown] is answered with no actions.
//  3. Carry out the actions that Answer returns, and after an [End] feed
//     nothing more: what was in the same batch counts as never fed.
//
// What it is not for: it feeds nothing itself and knows no connection, no clock
// and no queue.
package feed
