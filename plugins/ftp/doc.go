// Package ftp is the line mode ftp: files by FTP (RFC 959, with the extensions of RFC 2428,
// 3659 and 4217).
//
// By hand, what is typed are FTP's commands. They are checked before they are sent: one that
// is unknown, or lacks an argument, is not sent, and an error says what it expects. A line
// that begins with '=' is sent as it is, with its escapes. Each reply that is whole, of one
// line or of several, is a message to the client.
//
// Commands that need a data connection open one first, as a link of the session: by EPSV, or
// by PASV where the server knows no other, or by EPRT and PORT. What a listing says is one
// message, a file is binary messages. What is typed meanwhile waits until the transfer has
// ended, or is the content of a file that goes up.
//
// After AUTH TLS the connection to the server becomes TLS, and after PROT P data connections
// are TLS too.
//
// A client that is a program speaks for itself. Its bytes and the server's are passed on
// unchanged, or only watched; from AUTH TLS on nothing is decoded. Its data connections are
// its own.
//
// All commands and replies are messages with fields (core.Message), and each reply names the
// command that it answers: one that begins with 1, and the one that follows it.
//
// # Wrong bytes
//
// Nothing ends the decoding. A line that is no reply is a message that is marked wrong, and
// the next line may be one.
//
// # Bounds
//
// Of a line 16 KiB are kept, of a reply 64 KiB more, of a listing 128 KiB, and the rest is
// counted. Of the commands that are not answered, 4,096 are kept by where they begin.
package ftp
