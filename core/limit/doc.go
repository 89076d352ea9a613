// Package limit provides time limits for a peer that hold even if this process
// is stopped meanwhile: by Ctrl-Z, a debugger, a paused container.
//
// When a stopped process continues, all its timers and deadlines are due at
// once. Judging by them would end every peer for what it could not know, or
// could not do because it was stopped too. So a limit is waited for in [Parts],
// one after the other. A stop, however long, uses up one of them, and the peer
// has the others. The price is that a limit may pass up to one part early in the
// peer's time, and on a busy machine a little late.
//
// A [Reader] waits so for what a peer says. What came during a stop is still to be
// read, and so the part that the stop used up does not count.
//
// A peer on the same machine shares its processors. [Own] limits the time that
// such a peer could run, without the time in which others kept it waiting.
//
// Do not use it to limit what this process does itself, or to wait seconds for
// the end of something that is over anyway.
package limit
