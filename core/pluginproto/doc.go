// Package pluginproto is what the workbench and a plugin process must agree on
// before a session can begin: the handshake, the protocol version and the
// remote calls.
//
// The life of a plugin process, step by step:
//
//  1. The host starts it with the cookie of [Handshake] in its environment and
//     a pipe as its standard input. Nothing is ever written to that pipe: when
//     it ends, the host is gone, and the plugin ends too.
//  2. The plugin listens on a Unix socket in the directory that it was given
//     and prints one line to standard output with the socket's path and the
//     protocol version it chose. It prints nothing before.
//  3. The host connects, once, and asks for the [core.Manifest].
//  4. The host asks the plugin to take lanes, and dials one for each session. For
//     a session that gets none, and of a plugin that takes none, it asks for a
//     stream on the connection that is there. The plugin names one and accepts
//     it; the host dials. It is never the other way round: one stream that was
//     opened and stayed silent would block all others.
//  5. The stream then carries frames, as in core/wire/spec.md.
//  6. Again and again the host asks how busy the process is. Any answer, even
//     that the plugin does not know the call, shows that the process lives.
//
// A test of the plugin may also ask which parts of its code it has executed.
//
// Both ends of the calls are here, [Server] and [Client], so that nothing is
// declared twice. This package starts no process and knows no frames.
package pluginproto
