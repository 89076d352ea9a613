// Package starlark makes a line mode of a script in Starlark, a small language
// that looks like Python. docs/plugins/starlark.md is what the author of a
// script reads.
//
// The duties of a caller, in order:
//
//  1. [Load] a script, or [Discipline] for one in a file. An error says where,
//     and what was expected there.
//  2. Use the discipline like any other; plugins.Serve makes a process of it.
//  3. What scripts print, and the calls that led to an error, go to the default
//     logger of log/slog.
//
// A script is deterministic and can reach nothing: it has no clock, no random
// number, no files and no load. Its globals are frozen once it is loaded, so
// its sessions share nothing. What one event may cost is bounded by MaxSteps
// and MaxGrowth, what one operation makes of a number by MaxValue and MaxRange,
// and a session's state by MaxState.
//
// What this package is not for: it is not a sandbox against someone who wants to
// break it. One operation can still take very long, such as the hash of tuples
// that hold each other many times over, or make too much, such as a join of the
// same text many times over. The limits of the process are there for that.
package starlark
