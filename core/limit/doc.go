// Package limit has limits on the time that a peer may take, which the peer has
// although this process is stopped meanwhile: by Ctrl-Z, a debugger, a
// container that is paused.
//
// When a stopped process goes on, all timers and deadlines are due at once,
// and judging by them would end every peer for what it could not know, or could
// not do because it was stopped as well. So a limit is waited for in [Parts],
// one after the other. A stop uses up one of them, however long it is, and the
// peer has the others. The price is that a limit may pass up to one part early
// in the peer's time, and on a busy machine a little late.
//
// A peer on the same machine shares its processors. [Own] limits the time that
// such a peer has had, and does not count that in which others kept it waiting.
//
// What this package is not for: limits on what this process does itself, and
// limits of seconds on the end of something that is over anyway.
package limit
