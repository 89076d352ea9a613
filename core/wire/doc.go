// Package wire carries one session between the core and a line-discipline
// machine somewhere else: frames over a stream, as spec.md in this folder
// writes down for people who implement them again.
//
// A [Conn] is the core's end. Its owner's duties, in order:
//
//  1. Open, once. The answer to event 0 holds the opening actions.
//  2. Batch, any number of times: rising event numbers, at most MaxBatch events.
//     One call at a time; the stream is half-duplex, which is why it cannot
//     deadlock.
//  3. Checkpoint between batches, when the state is wanted.
//  4. Bye, when the session is over, or Close to cut it off. After any error
//     but a refused Open, the stream is undefined: Close it.
//
// [Serve] is the machine's end. [Pipe] joins both in one process; it and the
// stream of a plugin process behave the same, and callers cannot tell which
// they hold.
//
// What this package is not for: it starts no process, compares no answers and
// never looks into a payload.
package wire
