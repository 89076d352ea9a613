// Package ftp holds the practice FTP server: RFC 959, with EPSV and EPRT (RFC 2428), SIZE,
// MDTM, MLST, MLSD and REST (RFC 3659), and AUTH TLS (RFC 4217).
//
// The duties of its caller:
//
//  1. Make one [Files] for those who share them, by [NewFiles], and a [Server] on it for
//     each way of serving.
//  2. Bound the connections, and listen where only those who practise can connect, as
//     package practice does.
//  3. Hand it each connection ([Server.Converse]).
//  4. Cancel the context to end it.
//
// Its users are those of package mail, and anonymous. All may read its files and put some
// into /upload, which is in memory and bounded. A wrong command, or one out of order, gets
// an answer that says what comes first.
//
// It is not a machine, since files go over a second connection. For that the server waits on
// the address at which the client has reached it, and lets in the client's address alone; or
// it connects to the client, at the client's own address alone (RFC 2577, section 3), and
// only if [Server.Active] or [Server.Doors] let it.
package ftp
