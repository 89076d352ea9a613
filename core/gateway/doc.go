// Package gateway serves the page, the API, and the WebSocket at /websocket/ws
// with its handshake. docs/websocket.md describes them.
//
// [New] makes a gateway. Its owner's duties:
//
//  1. Call [Gateway.Serve] with a listener. Without [Config.Access] whoever can reach it
//     can dial from this machine; a listener that other machines reach needs that, and
//     TLS or a proxy that has it.
//  2. Call [Gateway.Stop] when the program ends.
//
// Every request must name a loopback host at the port that it arrived at, or a
// host that [Config] names; and if it comes from a page, that page must be of
// the same origin. Everything else is refused with 403 before a byte of it is
// read. So a page elsewhere cannot use the workbench through its visitor's
// browser, not even by DNS rebinding, nor learn anything from how long an answer
// takes. Each request and each answer has bounds in size and time.
//
// Who a request comes from, and what he may do, says package access. Each user has a
// gateway of his own behind the one that is served, so that nothing of his is another's.
//
// This package knows no line discipline and no process. It is given functions
// that open a machine and dial a target.
package gateway
