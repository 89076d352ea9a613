// Package feed holds the rules by which the events of a session are fed to its
// machine: which events the machine gets, which of its actions count, and when
// the session is over. Sessions, replays, the conformance checks and comparisons
// all follow them, so what one of them shows about a machine holds in the others.
//
// The duties of its caller, for each event in order:
//
//  1. Ask [Feeder.Take] what happens to the event. Everything fed before a
//     timer, or before an event of a kind that the machine does not know, must
//     have been answered by then; and while [Feeder.OneByOne] says so, everything
//     before any event.
//  2. If it is [Fed], have the machine answer it, and pass the answer to
//     [Feeder.Answer]; an [Unknown] or [Early] event is answered with no actions.
//  3. Carry out the actions that Answer returns, and after an [End] feed nothing
//     more: the rest of the same batch counts as never fed.
//
// This package feeds nothing itself and knows no connections, clocks and queues.
package feed
