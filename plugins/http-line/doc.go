// Package httpline is the line mode http-line: what you type is sent as a line,
// and each line that the server sends is a message.
//
// Toward the server, a message is sent with the line end that option eol names,
// in one write. Toward the client:
//
//   - Lines end at LF; one CR before it is dropped. Empty lines are messages
//     too. An unfinished last line is sent at the end of the stream, unchanged.
//   - Messages are text. With charset utf-8 each invalid byte becomes one
//     U+FFFD; with charset latin-1 each byte is a character.
//   - A line over 64 KiB arrives in parts of at most 64 KiB, cut between
//     characters, with one note per line. The bound counts the server's bytes,
//     without the line end and before any charset is applied.
//   - Charset latin-1 applies to typed text too: a character that it lacks is
//     sent as '?', with one note per message. Binary messages are never
//     transcoded.
//
// A client that is a program sends a stream. Its lines are sent on with the line end of
// option eol, and the server's bytes reach it as they are. Where the machine only watches,
// it notes the first line of each side that ends in LF alone, and the first over 64 KiB.
//
// The machine holds at most one unfinished line, 64 KiB + 1 byte, and writes it
// into a checkpoint. It sets no timer and leaves every ending to the core's
// default.
package httpline
