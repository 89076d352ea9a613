// Package streams makes the event streams that package conformance holds
// sessions of: generated ones ([Generate], [Large], [Floods]), and what becomes
// of a golden's when it is changed ([Mutate], [Rows], [LetterCases]). It makes
// long ones short again ([Shrink]) and tells what answers look like ([Shape]).
//
// The same arguments always give the same streams. Nothing is made before it is
// asked for: every process of the workbench has this package in it, and few use
// it.
//
// # What this package is not for
//
// It holds no session and knows no machine. What a stream shows of one is for
// its caller to see.
package streams
