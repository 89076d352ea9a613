// Package session joins one client to one target through one machine: it
// carries events in and actions out, and it is the only place where the two
// sockets and the machine meet.
//
// [Run] holds a session from the opening to the end. Its caller's duties:
//
//  1. Give it a [Client] whose handshake was read, a [Plugin] to open the machine
//     in and a way to dial; and an [Observer] for each who is to know of it: what
//     records, counts or shows sessions is one. A [Watcher] is one that cannot
//     hold the session up.
//  2. Cancel the context to stop it: the client is told, and Run returns within
//     [StopLimit].
//  3. When Run has returned, nothing of the session is left: no goroutine, no
//     socket, no stream.
//
// A [Registry] runs sessions so that they can be found by ID, and joined.
//
// How it runs. A session is two parts. The peers are the client and the server,
// with a reader and a writer each, and what these share, under one lock: a
// bounded inbox of events, an out-queue for each side, timers. phase.go has the
// phases that the session and each direction go through. The supervisor is the
// goroutine of Run: it takes a batch from the inbox, has the machine answer, and
// carries out each event's actions when that event is done. While it has nothing to
// do, the reader that an event comes by sends it to the machine; see turn.go. The
// supervisor writes to a socket only what that has room for: a loop that waits there
// comes to a stop against a server that echoes.
//
// Recovery and moves are one thing: the log of what was answered is fed to a
// machine in another process, or in another build, which must answer alike.
//
// An upgrade of the server's connection to TLS in mid-stream has a file of its own,
// upgrade.go.
//
// Backpressure is blocking. A reader waits while the other side's queue holds
// [GateAt] or the inbox its share; both wait while a queue holds [StopAt].
//
// What this package is not for: it knows neither WebSockets nor processes, no
// mode by name, and no meaning of a byte.
package session
