// Package jsonl lets a program in any language be a line mode: it speaks JSON
// lines on its standard input and output, as docs/plugins/jsonl.md specifies,
// and this package makes a [core.Discipline] of it.
//
// The duties of a caller, in order:
//
//  1. For a script, ask [Interpreter] which program really runs it, outside of
//     any sandbox.
//  2. Make an exec.Cmd of that, held by a sandbox or not.
//  3. In a process that does nothing else: [Serve], which is the whole main of
//     an adapter. It runs the program as a plugin of the workbench.
//  4. Within another process, a test say: [Start], then use the discipline, and
//     at last [Child.Kill].
//
// One program serves all sessions of its mode. What it does wrong in one
// session ends that session: an action that there is not, a payload over its
// bound, an answer to what was not asked. What it prints that belongs to no
// session ends the program, and with it, until they recover, all sessions. The
// words of both quote the line.
//
// The program reads its sessions' lines one after the other. A batch goes to it
// in lines of about 50 ms of its time, so that no session keeps it from the
// others, and the host is told whose turn it is.
//
// What this package is not for: it has no time-out for answers, which is the
// host's to have, and starts nothing again that ended. It does not hold the
// program back: core/sandbox does.
package jsonl
