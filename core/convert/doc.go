// Package convert turns transcripts into formats for other programs and people,
// and a conversation written as text into a transcript.
//
//   - [JSONLines]: one object per line, for programs.
//   - [Asciicast]: a terminal recording, for asciinema's players.
//   - [RFC] and [ParseRFC]: the C: and S: lines with which standards show a
//     protocol, written and read.
//   - [HTML]: one page to hand out that needs no network and runs no script.
//
// Captures, written and read, are in core/convert/pcap, which uses [Crossings]:
// what of a transcript crossed the connection to the server.
//
// The caller passes a transcript that [transcript.Parse] returned, and a writer,
// which this package buffers. It returns a writer's errors unchanged.
//
// This package opens no file, knows no line mode, and replays nothing. A peer's
// bytes are data to it: they never become markup in a page, nor control sequences
// in a terminal.
package convert
