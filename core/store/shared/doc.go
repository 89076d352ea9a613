// Package shared keeps transcripts in a log that several workbenches share, on NATS
// JetStream: what one of them records, all can list, read, follow and search.
//
// # How it is kept
//
// A workbench writes each transcript into a folder of its own first, and that file is the
// truth until the shared log has acknowledged all of it. Beside the session a shipper
// sends what the file has grown by, in blocks, on a subject of the transcript's own. When
// the session has ended, the whole text becomes an object, an index row names it with its
// SHA-256, and a while later the subject is purged and the file removed. A broker that is
// slow or away so costs nothing but time: sessions do not wait for it, and what it misses
// is sent once it is back, also by a later process that finds the file.
//
// All of a tenant is in one stream of blocks (wb_TENANT, subjects wb.TENANT.s.ID), one
// bucket of keys (rows, notes, and a heartbeat for each workbench) and one of objects, all
// three named wb_TENANT. A second bucket, wb_TENANT_values, has the values of [Log.Value], for
// as long as nobody deletes them.
//
// A transcript has one writer. Each block is published with the sequence that its subject
// is expected to end with, so of two writers one is refused: it reads the subject's last
// block, and if that is a stranger's, it is fenced, says so and ships no more blocks. The
// completer of what a workbench left that died publishes a block of its own first, and so
// fences one that lives after all. A whole text takes the place of one that is its beginning,
// and of no other: so what only the file has is not lost, whoever was thought dead.
//
// # The duties of a caller
//
//  1. [Open] the log, which does not wait for the broker.
//  2. Ask it for the [Log.Store] of each owner, with a folder of his own, and use that as
//     any [store.Store]; [store.Recordings] write into it.
//  3. Close the recordings, then the log, then the folders.
//
// A [Reader] is for who records nothing: a command that lists or shows what is there.
//
// # What else workbenches share
//
// [Log.Value] has values that they change by turns, such as who is in a class. [Log.Tell] and
// [Log.Hear] are for what is not kept, [Log.Ask] and [Log.Answer] find who has something, and
// [Log.Dial] and [Log.Listen] connect two of them, by way of the broker.
//
// # What this package is not for
//
// It decides nothing about sessions and does not know who may read what: whoever has the
// broker's credentials has all transcripts, so only workbenches may have them.
package shared
