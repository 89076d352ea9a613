// Package practice serves people who practise protocols: it runs servers that need no
// Internet, and holds the first of them, an echo server.
//
// A server is what converses with one connection: [Echo], a [Machine], or a server
// of a package below. The duties of its caller, in order:
//
//  1. Listen, on a loopback address: the servers authenticate nobody. They get urgent
//     data only if the listener's connections keep it in the stream, as those of package
//     loopback do.
//  2. Call [Serve] with the listener and the server's Converse. It blocks. Or call
//     Converse with a connection of one's own, such as one end of a net.Pipe.
//  3. Cancel the context. Serve closes the listener and every connection, and
//     returns when the last of its goroutines has ended.
//
// A [Machine] is a discipline at the other end of the connection: its client is a stream
// (core.ClientBytes), and what it sends to the client as binary messages is one too. What
// the sessions of a server share, such as mailboxes, it asks of the [World]; the world
// also has the time ("time" is answered by "ok" and RFC 3339) and chance ("random N" by
// "ok" and a number below N). So the same goldens and checks hold for it as for line
// modes. It hears of every end but its own: a client that is gone, silent for ten minutes,
// or reads nothing for 30 s is closed to it, and what it then asks of the world is done.
//
// With a TLS configuration a machine may order core.StartTLS for its client, and hears of
// core.ClientTLS once the connection is TLS. What the client had sent before is the
// machine's to drop, as core.Out.StartTLS says; what comes in clear after it breaks the
// handshake. To a machine, a client that does not shake hands is gone.
//
// A server that has further connections opens them itself. Where its client is within this
// process and may act for somebody elsewhere, [Doors] say which.
//
// The echo server sends back each byte, in order. It closes when the word quit is at
// the start of a line, or of the data of one read, so it works for typed lines,
// for bulk data, and for clients that send no line ends. At such a start it
// holds back up to three bytes that could begin the word, for 50 ms at most.
// When the client half-closes, the server sends the rest, then end of stream.
//
// What it is not for: it makes no certificates, records nothing, and knows nothing of sessions or
// line modes.
package practice
