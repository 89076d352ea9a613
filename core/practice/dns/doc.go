// Package dns holds the practice DNS server: the name server of a fictional
// zone, example.test, over TCP and UDP.
//
// The duties of its caller:
//
//  1. Bound the connections, and listen where only those who practise can
//     connect, as package practice does: the server authenticates nobody, and
//     gives its whole zone away.
//  2. Hand it each connection ([Server.Converse]), and each datagram
//     ([Server.Datagrams]).
//  3. Cancel the context to end it.
//
// A message is preceded by its length in two bytes (RFC 7766, section 8). A
// client may send several on one connection without waiting; they are answered
// in order. The zone, in the usual form, is the file example.test.zone. Besides,
// it has a name that depends on the student's seed: see [Student].
//
// The server speaks no TLS, resolves nothing for others (names outside
// its zone are REFUSED), and takes no updates.
package dns
