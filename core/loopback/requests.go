package loopback

import "net"

// ForRequests prepares a listener for a protocol in which clients speak first, such as
// HTTP, as far as the system can. A connection is accepted when its client has sent
// something, or after a second or so; so connections that say nothing cost little. Of
// what is written to one, the system takes only a little more than can be sent at once,
// so a client that reads nothing is found out early, and fills little memory.
func ForRequests(l net.Listener) {
	if j, ok := l.(*joined); ok {
		for _, l := range j.listeners {
			forRequests(l)
		}
		return
	}
	forRequests(l)
}
