// Package urgent keeps TCP's urgent data (MSG_OOB) in its place in the stream,
// where RFC 6093, section 3 wants it. Otherwise the byte that the urgent pointer
// names is taken out of the stream, and nobody sees it.
//
// The one duty of a caller: [Keep] a socket before it is connected or listens,
// as in the Control of a net.Dialer or a net.ListenConfig. The sockets that a
// listener accepts inherit it; for one that is accepted already it would come
// after the data that it has received meanwhile.
//
// What it is not for: it does not tell which byte was urgent.
package urgent
