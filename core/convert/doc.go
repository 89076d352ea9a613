// Package convert turns transcripts into what other programs and people read,
// and a conversation written as text into a transcript.
//
//   - [JSONLines]: an object a line, for programs.
//   - [Asciicast]: a terminal recording, for asciinema's players.
//   - [RFC] and [ParseRFC]: the C: and S: lines that standards tell a protocol
//     with, out and in.
//   - [HTML]: one page that needs no network and runs no script, to hand out.
//
// Captures, out and in, are in core/convert/pcap. It builds on [Crossings],
// which says what of a transcript crossed the connection to the server.
//
// The caller's duties: hand in a transcript that [transcript.Parse] returned,
// and a writer; buffering it is done here. A writer's errors come back as they
// are.
//
// What this package is not for: it opens no file, knows no line mode, and
// replays nothing. A peer's bytes are data to it: they never become markup in
// a page, nor control sequences in a terminal.
package convert
