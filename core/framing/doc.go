// Package framing cuts one direction of a connection into frames: lines, bytes up to a
// delimiter, frames that begin with their length, and headers with a Content-Length and
// what they announce. It is for the machines of line modes, which get a stream cut
// anywhere and have to give the same answers however it was.
//
// The duties of its caller, in order:
//
//  1. Keep a [Stream] for each direction that is taken apart, with a [Cut] that fits the
//     protocol, and the most bytes that a frame may have.
//  2. Give it the data of each event, by [Stream.Feed]. It calls back for each frame that
//     is whole, with where it begins in the stream, which is what core.Message wants.
//  3. Tell it of bytes that the machine has missed: by [Stream.Skip] if what follows them
//     begins a frame, else by [Stream.Resync].
//  4. For a checkpoint, write down what [Stream.State] appends, and restore it by
//     [Stream.Restore].
//
// What it is not for: it decodes nothing, and knows neither events nor actions.
package framing
