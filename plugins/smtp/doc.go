// Package smtp is the line mode smtp: mail by SMTP (RFC 5321, with the extensions of RFC 2920,
// 3030, 3207 and 4954) and by LMTP (RFC 2033).
//
// By hand, what is typed are SMTP's commands. They are checked before they are sent: one
// that is unknown, or lacks an argument, is not sent, and an error says what it expects. A
// line that begins with '=' is sent as it is, with its escapes. After DATA what is typed is
// the mail, with a dot put before lines that begin with one, up to a line that is a dot
// alone. AUTH takes the name and the password and answers the server's challenges. After
// STARTTLS the connection becomes TLS. Each reply that is whole is a message to the client.
//
// A client that is a program speaks for itself. Its bytes and the server's are passed on
// unchanged, or only watched; from STARTTLS on nothing is decoded.
//
// All commands, replies and mails are messages with fields (core.Message), and each reply
// names the command or the mail that it answers, however many are under way.
//
// # What a client's bytes are
//
// That depends on what the server has said: after DATA they are a mail if it agrees, and
// commands if not. A client has to wait for that. The bytes of one that does not are taken
// for a mail until the server refuses DATA.
//
// # Wrong bytes
//
// Nothing ends the decoding. A line that is no reply is a message that is marked wrong, and
// the next line may be one.
//
// # Bounds
//
// Of a line 64 KiB are kept, of a reply 64 KiB, of a mail 1 KiB, and the rest is counted. Of
// the commands that are not answered, 8,192 are kept by where they begin. The size that BDAT
// announces is a number, and nothing is allocated for it.
package smtp
