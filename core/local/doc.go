// Package local opens the ends of a session that are neither dialled nor sockets: a
// program and a serial line of this machine, and a client that is waited for.
//
// An [Opener] opens the first two, with the rights of this process: its caller has to
// know that whoever asks may do what the account may. [Listeners] wait for clients, on
// addresses that only this machine reaches.
//
// Errors are of type [*target.Error], with words for the user.
//
// What it is not for: it parses no targets, asks no policy and knows nobody's role.
package local
