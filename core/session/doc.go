// Package session joins one client to one target through one machine: it
// carries events in and actions out, and it is the only place where the two
// sockets and the machine meet.
//
// [Run] holds a session from the opening to the end. Its caller's duties:
//
//  1. Give it a [Client] whose handshake was read, a [Plugin] to open the machine
//     in and a way to dial; and a [Recorder], if the session is to be kept.
//  2. Cancel the context to stop it: the client is told, and Run returns within
//     [StopLimit].
//  3. When Run has returned, nothing of the session is left: no goroutine, no
//     socket, no stream.
//
// How it runs. Two readers, one for each side, put events into a bounded inbox.
// The loop takes a batch from it, has the machine answer, and carries out each
// event's actions when that event is done: into the out-queues, one for each
// side, which writers empty. The loop never writes to a socket: one that does
// comes to a stop against a server that echoes.
//
// Recovery and moves are one thing: the log of what was answered is fed to a
// machine in another process, or in another build, which must answer alike.
//
// Backpressure is blocking. A reader waits while the other side's queue holds
// [GateAt] or the inbox its share; both wait while a queue holds [StopAt].
//
// What this package is not for: it knows neither WebSockets nor processes, no
// mode by name, and no meaning of a byte.
package session
