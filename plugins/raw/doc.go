// Package raw is the line mode raw: bytes pass unchanged in both directions.
//
// What the client sends, text or binary, goes to the server with nothing added;
// what the server sends goes to the client as binary messages, which may be cut
// anywhere. The machine asks at once for both sides to be passed through, so the
// core copies the bytes itself; if it is fed an event all the same, it answers
// with the exact copy. It has no state and no timer, and leaves every ending to
// the core's default.
package raw
