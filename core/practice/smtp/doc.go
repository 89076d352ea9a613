// Package smtp is a practice server of SMTP (RFC 5321), with SIZE (RFC 1870), 8BITMIME
// (RFC 6152), PIPELINING (RFC 2920), AUTH (RFC 4954; PLAIN and LOGIN) and STARTTLS (RFC
// 3207, where the option starttls says that there is a certificate), as a pure machine. It
// takes mail from anybody in anybody's name for the mailboxes of package mail, and relays
// nothing.
//
// Its world is a mail.Store, of which it asks box, login and deliver, and the engine's
// time.
//
// In strict mode a command that ends in LF alone is answered by an error, and a message
// in which a line does so ends the connection, as Postfix does too: a server that went on
// would have to guess where the message ends. In no mode does <LF>.<CR><LF> end a message.
package smtp
