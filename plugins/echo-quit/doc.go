// Package echoquit is the line mode echo-quit: it talks to an echo server and
// checks that what comes back is what was sent.
//
// Each message goes out as it is, without a line end, and is then outstanding.
// Its reply is held until its whole length is there and delivered as one
// message of the same kind, text or binary. Several messages may be
// outstanding; replies are matched to them in order, byte by byte, however the
// server's bytes were cut.
//
// The first byte that differs from what is outstanding (any byte does while
// nothing is) begins a mismatch. It and all later bytes are held until 100 ms
// after it, the client's next event, the end of the stream, or until 64 KiB
// are held. Then what had matched of that reply leaves as a message, the held
// bytes leave as another, with one note, and what was outstanding is
// forgotten. Bytes held by a mismatch are of the kind of the last message
// sent, text when there was none; what is not UTF-8, for example because a
// character was cut in two, leaves as binary.
//
// With over 1 MiB outstanding comparing is given up with one note: from then
// on every byte counts as differing, without a note.
//
// A message that begins with "quit" is sent and is outstanding like any other,
// but an echo server may close without echoing it, which is no mismatch. Later
// messages are only noted. The session ends when the server closes, or 2 s
// after quit was sent. An empty message is only noted: TCP cannot carry it.
//
// The machine holds at most the 1 MiB outstanding, what has come back of the
// message at its head, and 64 KiB of a mismatch.
package echoquit
