// Package certificate has the certificates that a server shows: a [Pair] of files,
// which is read again when they change, or what a local [Authority] makes.
//
// Both have a method for GetCertificate of [tls.Config].
//
// What it is not for: it verifies nobody else's certificate, and serves nothing.
package certificate
