// Package pop3 is a practice server of POP3 (RFC 1939), with CAPA and response codes
// (RFC 2449, RFC 3206) and STLS (RFC 2595, where the option starttls says that there is a
// certificate), as a pure machine on the mailboxes of package mail.
//
// Its world is a mail.Store, of which it asks lock, hold, read and quit.
//
// A session has its mailbox to itself from PASS on. It gives it back when it ends, however
// it ends: with QUIT, which also deletes; by an error or the end of the client's stream,
// when the machine asks the world first and closes once it has the answer; and when the
// client is gone, when the machine's last action asks. Where even that fails, the lock
// runs out (mail.LockIdle).
package pop3
