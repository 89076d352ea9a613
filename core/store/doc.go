// Package store keeps the transcripts of sessions: it records sessions while
// they are held, and lists, reads, follows and deletes what was recorded.
//
// # Who does what
//
// A [Store] is an engine: it keeps texts under IDs. [Folder] has a file for each
// transcript, and is used alone or below the log that package shared keeps; package
// storetest is what any engine must pass. [Recordings] writes sessions into a store. It never makes a
// session wait for a disk: a [Recorder] copies what it is told, and one goroutine
// for all of them makes text of that and writes it. An ID is safe as the name of a
// file and sorts by time; see [NewID].
//
// # The duties of a caller
//
//  1. Open the store and call [Record] with it, once.
//  2. Call [Recordings.Start] for each session and tell the recorder what
//     happens there; the last call is End.
//  3. Close the recordings after the last session has ended. What waits is
//     written then; without it the last second may be missing, as after
//     kill -9, and the transcript counts as cut off.
//
// # What this package is not for
//
// It knows no plugin and no network, and does not decide what is secret: a
// machine marks that ([core.Secret], [core.SecretBytes]), or a person does, with [Redact].
package store
