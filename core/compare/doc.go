// Package compare finds out what several line modes, or one with several
// options, would have answered to the same events: those of a recorded session,
// or of one that is open on the page. It dials nothing.
//
// The duties of its caller: bound a request by [MaxRequest], run one comparison
// at a time, since each may use a lot of memory, and cancel the context of one
// that takes too long.
//
// This package knows neither HTTP nor where transcripts are kept.
package compare
