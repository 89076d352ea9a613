// Package toys holds the small practice servers: each is a discipline of its own,
// in a file of its own name.
//
//	daytime  RFC 867   says the time, and closes
//	discard  RFC 863   takes everything, and says nothing
//	chargen  RFC 864   sends lines of characters, at a pace
//	quote    RFC 865   says a quote, and closes
//	finger   RFC 1288  tells of the users of a fictional campus: one query, one answer
//	fortune            answers each line by a fortune
//	frames             a binary protocol of frames, see below
//	guess              a game: guess a number
//
// The duties of their caller: open a machine for each connection, feed it what the
// client sends as core.ClientBytes, and answer the two questions of daytime, quote,
// fortune and guess: "time" by "ok 2026-11-29T05:00:00Z", and "random N" by "ok K",
// K from 0 to N-1. There is no other world.
//
// Those that read lines have option lines: strict refuses a line that ends in LF
// alone, by words that name the line and the byte; lenient takes it. Where a value
// differs between students, option seed decides it.
//
// # The protocol of frames
//
// Both sides send frames, one after the other. A frame is
//
//	offset  bytes     what
//	0       2         the length: how many bytes follow it, 1 to 1024; big-endian
//	2       1         the type
//	3       length-1  the payload
//
// The client sends a frame, the server answers each by one of the same type:
//
//	type  name     payload of the client's frame       payload of the answer
//	1     echo     any bytes                           the same bytes
//	2     reverse  any bytes                           the same bytes, last one first
//	3     sum      numbers of 4 bytes each, unsigned   their sum, 8 bytes, unsigned
//	4     bye      none                                none; the server then closes
//	255   error    (only the server sends it)          what is wrong, in UTF-8
//
// Numbers are big-endian: 258 is 00 00 01 02. So the client's frame
//
//	00 09 03 00 00 00 02 00 00 00 28
//
// asks for 2 + 40 (the length 9 counts the type and two numbers), and the answer is
//
//	00 09 03 00 00 00 00 00 00 00 2a
//
// An answer of type 255 says what is wrong with a frame: a type that there is not, or
// a payload that does not fit the type. The next frame is answered as if nothing had
// been, up to 100 errors. After a length of 0 or over 1024 nobody can tell where the
// next frame begins: the server says so by an error, and closes. It does the same
// when the stream ends within a frame.
//
// # What this package is not for
//
// The servers authenticate nobody, and nothing that they say is true but the time.
package toys
