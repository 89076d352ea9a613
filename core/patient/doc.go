// Package patient tells a peer that takes bytes slowly from one that takes
// none. A connection made by [New] waits for the first as long as it takes, and
// gives the second up after [Limit].
//
// A write that does not return says little about the peer: megabytes may wait in
// the buffers of both systems, and a receiver announces room only when there is
// enough for a whole segment, which on the loopback has 64 KiB (RFC 9293,
// 3.8.6.2.2). A peer that reads 1 KiB/s can leave a write without progress for a
// minute. So the buffers themselves are looked at.
//
// What this package is not for: it knows nothing of what is written, and never
// gives up a peer for what it does not send.
package patient
