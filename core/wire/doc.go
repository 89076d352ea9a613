// Package wire carries one session between the core and a line-discipline
// machine elsewhere, as frames over a stream. spec.md in this folder defines
// them for other implementations.
//
// A [Conn] is the core's end. Its owner's duties, in order:
//
//  1. Open, once. The answer to event 0 holds the opening actions.
//  2. Batch, any number of times: rising event numbers, at most MaxBatch events.
//     One call at a time; the stream is half-duplex and so cannot deadlock.
//  3. Checkpoint between batches, when the state is wanted.
//  4. Bye when the session is over, or Close to cut it off. After any error
//     except a refused Open the stream is undefined: Close it.
//
// [Serve] is the machine's end. [Pipe] joins both ends in one process; it
// behaves as the stream of a plugin process does, and callers cannot tell them
// apart.
//
// This package starts no process, compares no answers and never interprets a
// payload.
package wire
