// Package urgent keeps TCP's urgent data (MSG_OOB) in its place in the stream,
// as RFC 6093, section 3 wants. By default the byte that the urgent pointer
// names is taken out of the stream, and nobody sees it.
//
// Its caller must [Keep] a socket before it is connected or listens, as in the
// Control of a net.Dialer or a net.ListenConfig. The sockets that a listener
// accepts inherit the setting; setting it on an accepted one would be too late
// for data that has arrived already.
//
// It does not say which byte was urgent.
package urgent
