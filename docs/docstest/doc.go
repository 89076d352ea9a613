// Package docstest runs the code that stands in Markdown pages, in tests.
//
// [Blocks] reads a page's fenced blocks, with the comments above them that say how a test
// is to take them. [Shell] runs the commands of a block in a folder, as a reader of the
// page would, with the workbench of this checkout on the PATH, and compares what they
// print.
//
// Between "$ " and the end of a line of a block in "console" stands a command, and below
// it what it prints: those lines, in their order, and perhaps others. "…" stands for any
// text; paths of /home/me, sums and seconds may differ. A block in "sh" is a script.
//
// It is for tests alone, on systems with sh.
package docstest
