// Package play holds a recorded session again with a live peer, in the place of
// one of the two: as the server to clients, as the client to a server.
//
// The duties of a caller, in order:
//
//  1. Parse the file with package transcript, and make a [Script] of it with
//     [New]. It says as file:line which rule cannot be used.
//  2. Let a [Server] play the server to all that connect, or a [Talk] one side
//     over one connection. Or, without sockets: make a [Player] with
//     [Script.Play], carry out what Next orders, and give Take and TakeEnd what
//     the peer says.
//     A server of several recordings, one for each connection, has a [Pool].
//  3. A [Mismatch] says what was expected and what came; [Player.Diff] shows
//     it in lines of the transcript.
//
// # What goes over the wire
//
// Of a transcript only that is played: >> server "…", eof and failed; << server
// "…" and eof; and what the session did by itself: the copies of a client that
// passes through, and FIN to the server when the session ended. What follows
// the session's end nobody heard, and is not played.
//
// Each side's bytes are one stream: where a write or a read ends means nothing.
// A side says a thing when all has come that the other had said before it in
// the recording, and it may hear things before it was expected to.
//
// The further connections of a script that [NewLinked] made are played by a Talk: each side
// tells its own address in the place of the recorded one, and reads the other's there. A
// Player without a Talk knows the connection to the server alone.
//
// # Rules
//
// The rules above an entry take parts of its bytes; what no rule takes is
// compared byte for byte. An earlier rule has precedence over a later one.
//
//	match "RE"   takes each place where RE finds something in the recorded
//	             bytes. There the peer's bytes have to match RE, as far as it
//	             goes. (?P<name>…) captures. In text it is compared with
//	             characters, in binary data and after "match bytes" with bytes.
//	match field NAME "RE"
//	             takes each message with such a field, which the recording's line
//	             mode had recognised. A message has to come there whose field's whole
//	             value matches, as a [Decoder] says. A player without one takes as
//	             many bytes.
//	match size 100..200
//	             takes all bytes that are left, which have to be in one place: any
//	             others may come, so many, up to what is recorded after them.
//	any          takes all bytes that are left: as many others may come.
//	any 4 12     takes the bytes from 4 up to, not with, 12.
//	until "X"    takes the bytes up to the first X and with it: any others up to
//	             the first X may come.
//	use name     takes each place where what name had captured stands in the
//	             recorded bytes as a word, or at the place that follows: at 4 12,
//	             in "RE" with one group. There has to come, or is said, what it
//	             has captured now.
//
// rate >= 1MB/s says how fast all is to come that the side says before the other one does.
// A player has no clock: only a Talk measures it.
//
// An entry below any-order may change places with those of its side beside it that have
// the same rule, as long as the other side says nothing between them.
//
// Whether a rule stands above what the peer says or above what the player says
// itself depends on which side is played. Of what the player says itself only
// use changes anything; a name that was captured there has its recorded value.
//
// RE is a regexp of Go (RE2: no input makes it slow), without ^, $ and \b, for
// which a stream has no place. It has to know where it ends: [0-9]+ at the end
// of what a peer says could go on, and is refused; [0-9]+\r\n is not. What a
// match or until takes is bounded by [MaxHeld].
//
// # After a mismatch
//
// A player can go on. The rest of the run, all that the peer says before our
// next turn, is then dropped: up to as many line ends as were still expected
// if the run ends with one, else as many bytes.
//
// # What this package is not for
//
// It feeds no line mode: package replay does, and package decode for rules about
// fields. It does not dial and reads no
// file. Within a connection it does not try to understand a client that asks in
// another order, but for what any-order says.
package play
