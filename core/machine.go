package core

import (
	"errors"
	"time"
)

// Machine is the state of one session in a line discipline. Its life:
//
//  1. The discipline's Open makes it, and may append opening actions.
//  2. Handle gets each event once, in order, and answers it completely.
//  3. After a Close action, a returned error, ClientClosed, ServerEOF or
//     ServerFailed it gets no more events, and is dropped without a call. In a
//     session with [Opening.ServerEOFStays] the client's events go on after
//     ServerEOF.
//
// A machine should still answer ClientClosed: what it then sends to the server
// is delivered before FIN.
type Machine interface {
	// Handle answers one event. ev.Data is valid only during the call. An
	// error ends the session, with the error's words shown to the client.
	Handle(ev Event, out *Out) error
}

// Checkpointer is an optional interface of a machine that can write its state
// down. It then recovers from a dead process without being fed its whole past.
// Guard it at compile time:
//
//	var _ core.Checkpointer = (*machine)(nil)
type Checkpointer interface {
	// Checkpoint appends the state to dst, at most MaxCheckpoint bytes in all.
	// ErrNoCheckpoint means "not now": the core asks again later.
	Checkpoint(dst []byte) ([]byte, error)
	// Restore sets the state of a machine that was just opened with the same
	// options. It then answers as the one that wrote the state would have. State
	// that does not parse is an error.
	Restore(state []byte) error
}

// QuietAsker is an optional interface of a machine that wants to know when the
// server falls silent, to show a prompt that has no line end. Its manifest
// names the event [ServerQuiet]. A timer does not replace it: when a timer fires
// depends on how the server's bytes were cut into reads.
type QuietAsker interface {
	// Quiet is called once, after Open, and returns how long a silence lasts:
	// MinQuiet to MaxQuiet, or 0 for no such events. ServerQuiet is then fed
	// once per silence, after at least one byte from the server.
	Quiet() time.Duration
}

// Bounds of a silence.
const (
	MinQuiet = 20 * time.Millisecond
	MaxQuiet = 10 * time.Second
)

// MaxCheckpoint bounds a machine's state in bytes.
const MaxCheckpoint = 1 << 20

// ErrNoCheckpoint says that a machine cannot write its state down now.
var ErrNoCheckpoint = errors.New("machine cannot write its state down now")

// Opening is what a machine is opened with.
type Opening struct {
	Options Options // all of the manifest's options, checked
	Target  string  // what will be dialled, as the client named it
	// ServerEOFStays says that the client may go on sending after the end of
	// the server's stream. It is set only for a discipline whose manifest has
	// AfterServerEOF.
	ServerEOFStays bool
	// Client is what stands at the client's end, and Server at the server's.
	Client ClientEnd
	Server ServerEnd
	// Watch says that the core copies what crosses in both directions itself, and that
	// the machine watches: it gets the same events, and may answer with notes, timers and
	// secrets. Anything else that it sends is dropped. PassThrough then says that it need
	// not see that side's bytes. It is never set where Client is Messages.
	Watch bool
	// Seed and Start are the session's chance and the time at which it began, in UTC: the
	// same in each replay and after each recovery. They are zero unless the manifest is
	// Seeded, and in a replay of a file whose header has none.
	Seed  Seed
	Start time.Time
}

// Discipline is what a plugin offers: a manifest, and a machine for each
// session.
type Discipline struct {
	Manifest Manifest
	// Open makes the machine of one session. Actions appended to out are
	// carried out once the server has been reached. An error refuses the
	// session before anything is dialled.
	Open func(o Opening, out *Out) (Machine, error)
}
