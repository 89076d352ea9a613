// Package compare asks what several line modes, or one with several options,
// would have answered to the same events: those of a recorded session, or of
// one that is open on the page. Nothing is dialled.
//
// The duties of its caller: bound a request by [MaxRequest], hold one
// comparison at a time, since each may be large in memory, and end the context
// of one that takes too long.
//
// What it is not for: it knows neither HTTP nor where transcripts are kept.
package compare
