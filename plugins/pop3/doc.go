// Package pop3 is the line mode pop3: mail boxes by POP3 (RFC 1939, with the extensions of
// RFC 2449, 2595, 5034 and 6856).
//
// By hand, what is typed are POP3's commands. They are checked before they are sent: one
// that is unknown, or lacks an argument, is not sent, and an error says what it expects. A
// line that begins with '=' is sent as it is, with its escapes. APOP takes the password and
// sends the digest. Each reply that is whole is a message to the client: its lines without
// the dots that POP3 puts before some, and without the lone one that ends them. After STLS
// the connection becomes TLS.
//
// A client that is a program speaks for itself. Its bytes and the server's are passed on
// unchanged, or only watched; from STLS on nothing is decoded.
//
// All commands and replies are messages with fields (core.Message), and each reply names
// the command that it answers, however many are under way.
//
// # Wrong bytes
//
// Nothing ends the decoding. A line that is no reply is a message that is marked wrong, and
// the next line may be one.
//
// # Bounds
//
// Of a line 64 KiB are kept, of a reply 256 KiB, and the rest is counted. Of the commands
// that are not answered, 8,192 are kept by where they begin.
package pop3
