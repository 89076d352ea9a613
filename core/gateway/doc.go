// Package gateway is the workbench's face: the page, the API, and the
// WebSocket at /websocket/ws with its handshake, as docs/websocket.md writes
// it down.
//
// [New] makes an http.Handler. Its owner's duties:
//
//  1. Serve it on a loopback address. There is no access control: whoever can
//     reach it can dial from this machine.
//  2. Call Stop when the program ends. http.Server.Shutdown does not know
//     WebSockets and would leave them open.
//
// Every request must name a loopback host, and come from a page of the same
// port when it comes from a page; anything else is refused with 403 before a
// byte of it is looked at, so that a page elsewhere can not use the workbench
// through its visitor's browser, not even under a rebound name.
//
// What this package is not for: it knows no line discipline and no process. It
// is given functions that open a machine and dial a target.
package gateway
