// Package secret covers with '*' what a machine has marked as secret, in what is
// written down or shown to others than the session's own client.
//
// A mark is a span of one payload ([core.Secret]) or a value
// ([core.SecretBytes]). A value is covered wherever it stands in the event and
// the answer that mark it; from [core.LastingSecret] bytes on it is covered in
// all that follows too, however the session's four streams (from and to either
// side) are cut into events and actions.
//
//   - [Values] are those of one session. They cover one answer, or words, by
//     themselves.
//   - [Streams] cover the answers of a session one after the other. An answer
//     at whose end a value may have begun is [Pending] until that is decided.
//
// Both are pure, and not safe for concurrent use.
package secret
