// Command bench measures the workbench over real WebSockets on loopback, in
// one run beside what bounds it from both sides, and what a user might pick
// instead:
//
//   - (a) a small gateway in one process without plugins, that reads a line
//     and writes a message;
//   - (b) a plain copy loop that looks at nothing;
//   - (c) the workbench itself, recording nothing;
//   - websockify where that is installed, and other programs if asked for.
//
// Each is a process of its own. The targets, and the near end of the
// WebSockets, are the driver's and the same for all.
//
// It has three forms. The full one takes half an hour; with -write it puts its
// tables and plots into docs/performance.md, and its figures into
// docs/performance.json. The quick one takes less than a minute; it compares
// the ratios with those of the quick run that the full one has left there, and
// fails if one is worse twice in a row. The brief one shows that everything
// runs. The flag -h has examples.
//
// A machine is never quiet, so each round gives every system its turn, and
// what is printed is the median of the rounds. Round trips take several short
// turns in each, because they swing most: whether a processor sleeps between
// two messages is decided by what else runs. A ratio is taken in each turn, and
// the median of those is printed. A system that fails a measure, or does not
// finish in time, is reported in its place in the table.
//
// Where things are: measures.go lists the measures, and each file measure_….go
// does what its name says; system….go and baseline….go start what is measured;
// school.go starts the gateways and brokers of a school, and student.go is one who works there;
// servers.go has the targets, session.go and talker.go the near end; report.go
// holds the figures, which table.go, document.go and plot.go show and compare.go
// judges.
package main
