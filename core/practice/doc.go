// Package practice holds the server that people practise on: an echo server
// that needs no Internet.
//
// The duties of its caller, in order:
//
//  1. Listen, on a loopback address: the server authenticates nobody. It echoes
//     urgent data only if the listener's connections keep it in the stream, as
//     those of package loopback do.
//  2. Call [Echo.Serve] with the listener. It blocks.
//  3. Cancel the context. Serve closes the listener and every connection, and
//     returns when the last of its goroutines has ended.
//
// The server sends back each byte, in order. It closes when the word quit is at
// the start of a line, or of the data of one read, so it works for typed lines,
// for bulk data, and for clients that send no line ends. At such a start it
// holds back up to three bytes that could begin the word, for 50 ms at most.
// When the client half-closes, the server sends the rest, then end of stream.
//
// It speaks no TLS, records nothing, and knows nothing of sessions or line modes.
package practice
