// Package plugincheck holds a plugin, which is on disk, to its goldens and to the
// checks of package conformance, and prints what came of it.
//
// The duties of a caller, in order:
//
//  1. [Open] the plugin. What is checked is a copy: what is saved meanwhile does
//     not count.
//  2. [Run], with a [Printer], whose counts say how it ended.
//  3. Plugin.Close.
//
// What this package is not for: what is checked, package conformance says; how a
// process is started, its caller.
package plugincheck
