// Package plugincheck checks a plugin on disk against its goldens and the promises
// of package conformance, and prints the results.
//
// The duties of a caller, in order:
//
//  1. [Open] the plugin. What is checked is a copy: what is saved meanwhile does
//     not count.
//  2. [Run], with a [Printer], whose counts say how it ended.
//  3. Plugin.Close.
//
// What this package is not for: package conformance says what is checked, and the
// caller how a process is started.
package plugincheck
