// Package telnet is a practice server: a log-in by Telnet (RFC 854 and 855) and a small shell
// whose commands tell of the connection.
//
// The duties of its caller, in order:
//
//  1. Open a machine of [Discipline] for each connection, and feed it what the client sends
//     as core.ClientBytes.
//  2. Answer the question "time" that it asks the world, as practice.Machine does.
//
// # What it does
//
// It asks for a name and a password, of those who have a mailbox (core/practice/mail), and
// then takes commands; help lists them. A line ends in CR LF, in CR NUL or, for clients that
// speak no Telnet, in LF.
//
// It wants the client's terminal and window (TERMINAL-TYPE, NAWS), offers ECHO and
// SUPPRESS-GO-AHEAD, and agrees to BINARY. All others it refuses. An [telopt.Agreement] for
// each option sees to it that no client can make it loop. With ECHO in effect it echoes what
// is typed, and lets it be erased, but no password; where a client has refused ECHO it is
// asked again for the time of the password, so that it does not show that either. A client
// that has refused SUPPRESS-GO-AHEAD gets a GA after each prompt.
//
// # Bounds
//
// Of a line MaxLine bytes are kept, of a subnegotiation MaxSub, and the connection ends after
// MaxTries wrong passwords or MaxSent bytes of answers.
//
// # What it is not for
//
// There is no shell of this machine, and nothing is run. It does not do LINEMODE, the
// environment, encryption, or urgent data: a Data Mark is skipped.
package telnet
