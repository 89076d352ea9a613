// Package golden finds the transcripts that are kept as tests, replays them and
// rewrites them: all that package replay leaves to somebody who may read files.
//
// The duties of a caller, in order:
//
//  1. Find the files: [Find] in a folder, [Named] of what a user named, [Own]
//     of a plugin's.
//  2. Make a [Runner]. [Only] are the modes of somebody who has one.
//  3. [Runner.Replay] a file, or [Runner.All] with a [Printer]. What came of each
//     is a [Report].
//
// What this package is not for: it knows no line mode and starts no process.
// What is compared, and how the server's bytes are cut, package replay says.
package golden
