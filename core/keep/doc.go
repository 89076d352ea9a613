// Package keep lets a session outlive the connections of those who watch it.
//
// A [Session] is a session's client. It numbers the entries that it is sent, keeps
// the newest of them, and hands them to any number of watchers, each from where it
// asks to begin. What one watcher says goes to the session: that of the window that
// has the keyboard. A window is what a person types in; it keeps the keyboard, and
// its place in the numbers of what it said, from one connection to the next.
//
// A session that nobody watches goes on, for [Sessions.Keep]; after that it ends as
// if its client had closed. One that has ended stays as long, to be read by whoever
// comes back.
//
// A watcher that lags behind holds nobody up, but for the one whose window has the
// keyboard: the session waits for that one, as it would for any client. While
// nobody is connected the session waits for nobody. What has left the log when a
// watcher asks for it is [Batch.Missing]; the caller may have it from elsewhere.
//
// Some only look on, by [Session.Watch]: they have no window, so no say, and the session
// neither waits for them nor lives on for them. Its windows are told how many there are.
//
// A session that has another client, a program, can be looked on in the same way:
// [Sessions.NewBeside].
//
// The package knows neither WebSockets nor recordings.
package keep
