// Package imap holds the practice IMAP server: IMAP4rev1 (RFC 3501) on the
// mailboxes of package mail, which SMTP and POP3 share.
//
// The duties of its caller:
//
//  1. Make one [Server] for a store, by [New]: the UIDs that it tells are valid
//     as long as it lives.
//  2. Bound the connections, and listen where only those who practise can connect,
//     as package practice does.
//  3. Hand it each connection ([Server.Converse]).
//  4. Cancel the context to end it.
//
// Each user has one mailbox, INBOX. Passwords and mail go in clear unless the client
// upgrades the connection, which a server with a TLS configuration offers. The commands are
// read by github.com/emersion/go-imap, which also takes lines that end in LF alone.
package imap
