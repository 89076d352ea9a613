// Package stall tells a peer that reads slowly from one that has stopped
// reading. A [Conn] waits for the first as long as it takes, and fails for the
// second after [Limit].
//
// A blocked write says little about the peer. Megabytes may wait in the buffers
// of both systems, and a receiver announces room only when it has enough for a
// whole segment, which on the loopback interface has 64 KiB (RFC 9293,
// 3.8.6.2.2). A peer that reads 1 KiB/s can leave a write without progress for a
// minute. So the package looks into the buffers themselves.
//
// It knows nothing of what is written, and never fails a peer for what the peer
// does not send.
package stall
