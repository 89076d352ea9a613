// Package core defines the workbench's terms: events, actions, machines,
// disciplines and manifests.
//
// A line discipline is a pure state machine. Facts go in as events (the client
// sent this, the server sent that, the server closed, a timer fired), orders
// come out as actions (send these bytes to the server, show this message to
// the client, close). The same events always give the same actions. Golden
// tests, recuts of TCP segments, recovery of live sessions and playback all rest
// on that.
//
// The duties of a discipline's author, in order:
//
//  1. Describe the mode in a [Manifest]: its name, its purpose, its options.
//  2. In Open, make a [Machine] for one session from the options. Actions
//     appended there are the opening actions; they are carried out once the
//     server has been reached.
//  3. In Handle, answer one event by appending actions to [Out]. Event.Data
//     belongs to the caller and is invalid once Handle returns: copy what you
//     keep.
//  4. Treat the server's bytes as a stream. Where one read ends and the next
//     begins must never change the outcome.
//  5. Bound every buffer that a peer can fill.
//  6. Return an error only if the machine cannot go on; it ends the session.
//     Panics are caught and do the same.
//  7. If the state fits into few bytes, implement [Checkpointer].
//
// A machine must not read a clock, draw a random number, start a goroutine,
// range over a map to produce output, or touch files or the network. It needs
// no lock: the events of one session are serialised, and machines of different
// sessions share nothing.
//
// This package dials nothing, runs nothing and knows neither WebSockets nor
// processes. Frames between processes are in core/wire, the text form of a
// session in core/transcript.
package core
