// Command bench measures the workbench over real WebSockets on loopback, in
// one run beside two baselines that bound it from both sides:
//
//   - (a) a small gateway in one process without plugins, that reads a line
//     and writes a message;
//   - (b) a plain copy loop that looks at nothing;
//   - (c) the workbench itself, recording nothing;
//
// and beside websockify where that is installed. Each is a process of its own.
// The targets, and the near end of the WebSockets, are the driver's and the
// same for all.
//
//	go run ./bench                        everything, some minutes
//	go run ./bench -quick                 a look whether it all runs; its numbers mean little
//	go run ./bench -only lines,down       some measures
//	go run ./bench -systems line,copy     some systems; without the workbench nothing is built
//	go run ./bench -json                  each round's numbers, for a program
//
// A machine is never quiet, so each round gives every system its turn, and
// what is printed is the median of the rounds. Round trips take several short
// turns in each, because they swing most: whether a processor sleeps between
// two messages is decided by what else runs. The ratios are of those
// medians: the workbench's number by the baseline's. The bars stand beside as
// information. The driver asserts nothing: a system that fails a measure, or
// does not finish in time, is reported in its place in the table and the
// driver still ends with 0.
package main
