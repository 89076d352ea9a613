// Package imap is the line mode imap: mailboxes by IMAP4rev1 and IMAP4rev2 (RFC 3501 and
// 9051, with the extensions of RFC 2177, 4959, 4978 and 7888).
//
// By hand, what is typed are IMAP's commands, in its own syntax; one that is typed without a
// tag gets one. They are checked before they are sent: one that is unknown, or lacks an
// argument, is not sent, and an error says what it expects. A line that begins with '=' is
// sent as it is, with its escapes. {"text"} stands for a literal, whose bytes are counted; a
// synchronising one is held back until the server asks for it. AUTHENTICATE takes a name and
// a password. Each response that is whole, with its literals, is a message to the client.
// After STARTTLS the connection becomes TLS.
//
// A client that is a program speaks for itself. Its bytes and the server's are passed on
// unchanged, or only watched; from STARTTLS on nothing is decoded.
//
// All commands and responses are messages with fields (core.Message). A tagged response names
// the command that it answers, and a continuation request the one that it goes on with.
//
// # Wrong bytes
//
// Nothing ends the decoding. A line that is no response is a message that is marked wrong,
// and the next line may be one.
//
// # Bounds
//
// An announced literal takes no memory before its bytes are there. Of a response 256 KiB are
// kept by hand; of all else 16 KiB, and 1 KiB of each of its literals, and the rest is
// counted. 1,024 commands may be under way, and 128 KiB wait for the server to ask for them.
package imap
