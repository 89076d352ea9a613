// Package catalog finds, builds, keeps and installs plugins as files.
//
// A plugin is one file that runs: an executable named workbench-plugin-NAME
// (an extension such as .py, .js or .exe may follow), or a script NAME.star. It
// comes from a source, which is what the user names: that file, or a folder
// that holds it, or a folder of Go code that is built first.
//
// What a caller does, in order:
//
//  1. Get a [Plugin]: [Build] from a source, [Find] in folders, or [Installed]
//     in the state directory. What cannot be used comes as a [Problem], which
//     says what to do next.
//  2. [Keep] it: what runs is a copy named by its SHA-256, so that a process
//     that is started again is the same build, whatever happened to the source.
//  3. Start Plugin.Path.
//
// What this package is not for: it starts no plugin, knows no protocol and
// reads no manifest. That a file speaks, and that it speaks of itself by NAME,
// is found out by whoever starts it.
package catalog
