// Package rules finds the rules that make one recording of a talk play against
// another, made at another time: what differs between the two is what may.
//
// [Write] compares what went over the wire. What one side says without the
// other between is a message; messages are paired, text in lines, lines in
// words. A difference is as short as can be, but grown to whole words, and
// becomes a regexp that says no more than both recordings bear out: digits if
// both have digits, so many of them if both have as many and they are no
// number. What stood first in one side's words and later in the other's is
// captured, and used there.
//
// Nothing counts as explained that was not checked: the recording with its
// rules has to be usable, and what the other recording has must fit it as a
// peer's words would. What does not is in [Result.Unexplained].
//
// The package does not know protocols, reads no file, and changes no byte of a
// recording.
package rules
