// Package raw is the line mode raw: bytes as they are, both ways.
//
// What the client sends, text or binary, goes to the server with nothing
// added; what the server sends goes to the client as binary messages, which
// may be cut anywhere. The machine asks at once for both sides to be passed
// through, so the core copies the bytes itself; fed an event all the same, it
// answers with the exact copy. It has no state, no timer, and leaves every
// ending to the core's default.
package raw
