// Package dns is the line mode dns: DNS queries in words, and answers as dig shows them.
//
// By hand, what is typed is what dig takes as its arguments: a name, a type, a class, options
// that begin with '+'. A line that begins with '=' is hex digits, which are sent as they are. A
// line that cannot be read is not sent, and a note says why. Each response that is whole is a
// message to the client. Query IDs come from the session's seed.
//
// A client that is a program sends queries itself. Its bytes and the server's are passed on
// unchanged, or only watched.
//
// All queries and responses are messages with fields (core.Message), and each response names
// the query that it answers: the last one with its ID. A zone transfer is as many responses
// to one query as it takes.
//
// # Transport
//
// To an end that is a stream, each message begins with its length in two bytes (RFC 1035,
// section 4.2.2). With datagrams each is one.
//
// # Wrong bytes
//
// Nothing that comes ends the session. What the RFCs do not allow is marked in the message,
// with their words: a pointer that does not lead back, fewer or more bytes than the header
// says, TC. After bytes of a stream that were missed, nothing is decoded until there is a
// message of at most 4 KiB in which everything fits together.
//
// # Bounds
//
// An announced length reserves nothing; a message has at most 65,535 bytes, and so has what
// is held of a stream. Of a message 2,048 records are read, and the rest is counted; what
// is displayed is at most 256 KiB; it has the fields of some 190 records, and 64 KiB of
// values. 2 KiB of a record's data are shown. Data of more than 4 KiB is not taken apart. Of
// the queries that are not answered, 4,096 are kept.
package dns
