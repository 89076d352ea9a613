// Package conformance holds a line mode to what every machine promises, and
// says what broke with the shortest session that shows it. It needs no test
// framework and no source: a [Subject] is whatever gives a connection to a
// machine, in this process or in a plugin's.
//
// The duties of a caller, in order:
//
//  1. Make a [Subject]: [InProcess] of a discipline, or one that opens a
//     plugin process's sessions.
//  2. [Golden] for each golden transcript: it is replayed whole, recut, with a
//     crash after every event and with a checkpoint and restore after every
//     event. All must be equal.
//  3. [Run], once. It needs no golden, though it starts from those that it is
//     given too ([Subject].Seeds): it holds generated sessions (lines,
//     binary, invalid UTF-8, empty messages, long lines, every way to end,
//     timers) to the same promises, and to the checks below. [Checks] names
//     all of them, [Quick] some.
//  4. [Events] for events of one's own, such as a fuzzer's.
//
// # The checks
//
//   - options: the manifest is valid; the defaults open, and so does every
//     choice and both values of every bool. Numbers and texts that few think of
//     open, or are refused in words.
//   - invalid input: no bytes make it panic or die. To refuse them by an error
//     in words is right.
//   - bounds: no answer breaks the bounds of [core.Out] or the protocol of JSON
//     lines, also for 256 KiB of the server's bytes and for messages of 1 MiB; at
//     most 64 timers run, also in sessions of more messages.
//   - determinism: the same events get the same answers, ten times over, with a
//     second's pause between two of them, again a second later, and in other
//     processes that have just started ([Subject].Fresh).
//   - chance: a mode that is seeded does the same with the same seed and start;
//     others, and none, change no timer's name and no silence that it asks for,
//     and make no answer break a bound.
//   - sessions apart: two sessions at once answer as each alone.
//   - read boundaries: the server's bytes cut elsewhere come to the same.
//   - end of stream: what was not ended by a line end is shown, sent or noted
//     when the stream ends, if it would have been with a line end.
//   - pass-through: a side that passes through is answered with its bytes, and
//     they change nothing else.
//   - secrets: what a machine marks of an event by span, in 4 bytes or more, it
//     does not say unmarked in its answer, such as in what it sends on.
//   - recovery: a machine made anew in the middle and fed the log goes on the
//     same, also in another process beside many.
//   - checkpoint: taking one changes nothing; a machine restored from it goes
//     on the same, also in another process; garbage makes Restore refuse, never
//     panic.
//   - kept memory: event data is not held on to after Handle, nor a state
//     after Restore. Checked in process only.
//   - changed goldens: what holds of a golden's session holds of what is made of
//     it: letters in the other case, 10, 11 and 100 of an event, a line, a word
//     or what a number counts, other numbers, the events of one golden after
//     those of another, events and lines left out, doubled and swapped, bits
//     flipped and payloads cut. Each is recut, repeated, and restored from a
//     checkpoint after every event. What a golden keeps secret stays secret when
//     the letters around it are of the other case. Advice: where answers are of
//     another shape from the tenth or hundredth element on.
//   - reach: which kinds of action came in no golden, which kinds of event no
//     golden feeds, and which code none executes. It is advice alone.
//   - memory: after 64 MiB, of what calls for no answer or of lines that are
//     answered, a machine holds at most [MaxHeld], and its checkpoint is at most
//     [core.MaxCheckpoint].
//
// A machine that is not deterministic, whose sessions are not apart or whose
// pass-through is broken would fail many of the others for that reason, so
// those are left out then, and the [Result] says so. So are all others when a
// generated session hangs.
//
// # What this package is not for
//
// That a mode does what its protocol wants is for goldens to say. Generated
// sessions know no protocol: a machine that refuses most of them is tested by
// its goldens alone.
package conformance
