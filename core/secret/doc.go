// Package secret masks with '*' what a machine has marked as secret, in what is
// written down or shown to others than the session's own client.
//
// A mark is a span of one payload ([core.Secret]) or a value
// ([core.SecretBytes]). A value is masked wherever it occurs in the event and
// the answer that mark it. From [core.LastingSecret] bytes on it is also masked
// in everything that follows, however the session's four streams (from and to
// either side) are cut into events and actions.
//
//   - [Values] are those of one session. They mask one answer, or words, on
//     their own.
//   - [Streams] mask the answers of a session one after the other. An answer
//     that may end with the beginning of a value is [Pending] until that is
//     decided.
//
// Both are pure, and not safe for concurrent use.
package secret
