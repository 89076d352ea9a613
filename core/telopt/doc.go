// Package telopt has the options of Telnet as both ends see them: the names of commands and
// options, and how far an option is agreed on, by the Q method of RFC 1143. A caller has an
// [Agreement] for each option and the side that performs it, tells it what the peer says and
// what its own side wants, and sends what that returns.
package telopt
