// Package echoquit is the line mode echo-quit: it talks to an echo server and
// checks that what comes back is what was sent.
//
// Each message is sent unchanged, without a line end, and is then outstanding.
// Its reply is held until all of it is there, and delivered as one message of the
// same kind, text or binary. Several messages may be outstanding; replies are
// matched to them in order, byte by byte, however the server's bytes were cut.
//
// The first byte that differs from what is outstanding begins a mismatch, as does
// any byte while nothing is outstanding. It and all later bytes are held for
// 100 ms, until the client's next event, until the end of the stream, or until
// they are 64 KiB. Then the part of the reply that had matched is delivered as one
// message, the held bytes as another, with one note, and what was outstanding is
// forgotten. The held bytes are of the kind of the last message sent, or text if
// there was none; what is not UTF-8, for example because a character was cut in
// two, is delivered as binary.
//
// With more than 1 MiB outstanding the machine stops comparing, with one note:
// from then on every byte counts as differing, without a note.
//
// A message that begins with "quit" is sent and is outstanding like any other,
// but an echo server may close without echoing it, which is not a mismatch. Later
// messages only cause a note. The session ends when the server closes, or 2 s
// after quit was sent. An empty message only causes a note: TCP cannot carry it.
//
// The machine holds at most the 1 MiB outstanding, what has come back of the
// first of these messages, and 64 KiB of a mismatch.
package echoquit
