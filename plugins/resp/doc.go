// Package resp is the line mode resp: the Redis protocol, RESP2 and RESP3.
//
// By hand, what is typed are redis-cli's words, with its quoting, and what is sent is
// an array of bulk strings. A line that begins with '=' is sent as it is, with its
// escapes. A line that cannot be read is not sent, and a note says why. A command that was
// filled in (core.ClientCommand) is sent as the line of its words. Each reply that is
// whole is a message to the client, as redis-cli displays it.
//
// A client that is a program sends requests itself. Its bytes and the server's are passed
// on unchanged, or only watched.
//
// All requests and replies are messages with fields (core.Message), and each reply names
// the request that it answers, however many requests are under way.
//
// # Wrong bytes
//
// A [decoder] never gives up. What is not RESP is a message that is marked wrong, and the
// next value is looked for after the next LF. After PSYNC and SYNC the server sends no
// replies any more, which a note says; nothing is decoded from there on.
//
// # Bounds
//
// An announced length reserves nothing. Of a reply or request the decoder keeps 4,096
// values, 64 KiB of each string and 256 KiB in all; the rest is counted. What is
// displayed is at most 256 KiB; a message has the fields of some 300 elements, and 64 KiB
// of values. Of the requests that are not answered, 16,384 are kept by where they begin.
package resp
