// Package gateway is the workbench's face: the page, the API, and the
// WebSocket at /websocket/ws with its handshake, as docs/websocket.md writes
// it down.
//
// [New] makes a gateway. Its owner's duties:
//
//  1. Call [Gateway.Serve] with a listener on loopback addresses. There is no
//     access control: whoever can reach it can dial from this machine.
//  2. Call [Gateway.Stop] when the program ends.
//
// Every request must name a loopback host at the port that it arrived at, or a
// host that [Config] names, and come from a page of that very origin when it
// comes from a page; anything else is refused with 403 before a byte of it is
// looked at, so that a page elsewhere cannot use the workbench through its
// visitor's browser, not even under a rebound name, nor learn anything from how
// long an answer takes. Each request and each answer has bounds in size and in
// time.
//
// What this package is not for: it knows no line discipline and no process. It
// is given functions that open a machine and dial a target.
package gateway
