// Package practice holds the server that people practise on: an echo server
// that needs no Internet and does nothing but answer.
//
// The duties of its caller, in order:
//
//  1. Listen, on a loopback address: the server asks nobody who they are. Of
//     urgent data it echoes what the listener's connections keep in the stream;
//     those of package loopback keep all.
//  2. Call [Echo.Serve] with the listener. It blocks.
//  3. Cancel the context. Serve closes the listener and every connection, and
//     returns when the last of its goroutines has ended.
//
// What the server does for a connection: it sends back each byte, in order. It
// closes when the word quit stands at the start of a line or of what one read
// returned, so it works both for lines that are typed and for bulk data, and
// for clients that send no line ends. At such a start it holds back up to
// three bytes that could begin the word, for 50 ms at most. When the client
// half-closes, it gets back the rest, then end of stream.
//
// What it is not for: it speaks no TLS, keeps no record and knows nothing of
// sessions or line modes.
package practice
