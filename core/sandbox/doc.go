// Package sandbox holds plugin processes back: a process under it has no files,
// no network, no processes beside itself, and a bounded amount of memory,
// whatever its program tries. It works on Linux; elsewhere it says that there
// is none.
//
// A process is held in two steps. The host starts it in namespaces of its own,
// and what it starts is not the plugin but this same binary again, which by package
// step takes the other rights away and then becomes the plugin: the same process
// number, the same pipes, the same environment. The plugin's good will is not
// needed, and go-plugin notices nothing.
//
// The duties of a caller, in order:
//
//  1. Call step.Run first thing in main or before, and in TestMain, when the
//     arguments are those of Config.Args.
//  2. Probe, once. It tries each mechanism for real. With BestEffort what the
//     system refuses is left out; what could not be told is not, and Settle
//     goes on to find it out. Both are in the Report. With Strict both are an
//     error.
//  3. Hold each command before it is started, and start none that Hold refuses.
//     Tell what it returns of the process: Look while it runs, OutOfMemory when
//     it was killed, Release when it is gone. Refusals, if the caller wants to
//     tell its user, learns which system calls the process made in vain.
//
// What this package is not for: it knows no plugin and no protocol, and does
// not start, watch or end anything.
package sandbox
