// Package httpline is the line mode http-line: what you type goes out as a
// line, what the server sends comes back a line a message.
//
// Toward the server, a message goes out as it is plus the line end that option
// eol names, in one write. Toward the client:
//
//   - Lines end at LF; one CR before it is dropped. Empty lines are messages
//     too. The unfinished last line leaves at the end of the stream, as it is.
//   - Messages are text. With charset utf-8 each invalid byte becomes one
//     U+FFFD; with charset latin-1 each byte is a character.
//   - A line over 64 KiB comes in parts of at most 64 KiB, cut at whole
//     characters, with one note a line. The bound counts the server's bytes,
//     without the line end and before any charset is applied.
//   - Charset latin-1 holds for typed text also: a character that it lacks
//     goes out as '?', with one note a message. Binary messages are never
//     transcoded.
//
// The machine holds at most one unfinished line, 64 KiB + 1 byte, and writes
// it down in a checkpoint. It sets no timer and leaves every ending to the
// core's default.
package httpline
