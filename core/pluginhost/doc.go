// Package pluginhost starts the plugin processes, watches them, opens sessions
// in them and starts them again when they die.
//
// Each mode has one process, from the start or from its first use on, which serves all of the mode's sessions, each on a
// stream of its own; once it has had a lease's session, also a spare to take that
// process's place; and while some session is suspected of ending processes, one in
// quarantine. While its author works on a plugin, its mode has builds that
// replace each other, each with a process: Prepare, then Use. The duties of a
// caller, in order:
//
//  1. Start, once. It returns before the processes are ready.
//  2. Take a Lease for each session, and Release it in the end. Open a connection
//     from it, which waits for a process that is still starting, and fails at
//     once for one that cannot start. A caller that needs no lease, such as a
//     replay, calls Open of the Host.
//  3. Watch the connection's Lost: when the process dies, it is closed within
//     100 ms and Cause names the plugin and how it died. Close the connection,
//     whatever happened.
//  4. Stop, once. It leaves no process and no file. A host that is
//     killed leaves no process either, and the next Start removes its files.
//
// A plugin is not trusted. Nothing that it prints, answers or leaves out can
// stop, crash or fill the host: each wait has a limit, each buffer a bound,
// and its processes are ended by SIGKILL alone.
//
// A process that somebody else runs, under a debugger, is Attached and is not
// watched.
//
// What this package is not for: it knows no client and no target, and never
// looks into a session's bytes.
package pluginhost
