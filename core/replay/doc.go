// Package replay drives a machine from a transcript and tells whether it still
// answers the same: the tester's half of "the same events always give the same
// actions".
//
// The duties of a caller, in order:
//
//  1. Parse the file with package transcript, and make a [Golden] of it with
//     [New], whose errors name the file and the line.
//  2. [Golden.Whole] feeds the events as the file cuts them and compares
//     exactly, event by event.
//  3. [Golden.Recuts] feeds the same bytes of the server in other reads, once
//     for each of [Plan], and compares with the answers of step 2. TCP is a
//     stream: no outcome may depend on where a read ends.
//  4. A [Result] that is not the same says why, in lines of the transcript.
//     [Golden.Update] rewrites the actions when the new ones are right.
//
// # What is compared
//
// Times, comments and remarks never are. What follows the end of the session
// (an answer with << close or << failed, or >> client closed, >> server eof,
// >> server failed) is not fed: a recorder writes unanswered events there.
//
// A run is the >> server "…" events with no other event between them. A recut
// joins the events of a run and cuts them anew, and compares three lists for
// each run: what went to the server, joined; what went to the client, message
// by message if the manifest says that boundaries mean something, else joined,
// text and binary each for itself; all other actions in order. Every other
// event is compared exactly.
//
// Two things depend on the cuts by their nature. The actions of an event that
// fails are void, so when a run ends in << failed, the lists of one replay need
// only be prefixes of the other's. And a side that passes through is copied
// read by read, so at the end of a run that passes the server's side through,
// binary messages in a row count as one.
//
// While a side passes through, the answer to its bytes must be exactly those
// bytes, toward the client as binary messages. That is checked and then left
// out of compare and update.
//
// # What this package is not for
//
// It knows no line mode and no process: an [Opener] knows how to reach a
// machine. Files are package golden's.
package replay
