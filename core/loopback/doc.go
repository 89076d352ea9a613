// Package loopback listens for connections of this machine alone.
//
// The name localhost stands for two addresses, 127.0.0.1 and [::1], and a
// browser or a program that is given it may try either first. Who listens on
// one of the two shares its name with whoever has the other: another program's
// page would be of the same origin, and get the requests that were meant for
// us. So [Listen] takes a port on both, or on neither. [Open] listens where a user
// says. [Exposed] is for what other machines may reach.
//
// What it is not for: it serves nothing, and knows nobody's flags: its errors have a
// [Reason], for which a command has its words.
package loopback
