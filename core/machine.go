package core

import "errors"

// Machine is the state of one session in a line discipline. Its life:
//
//  1. The discipline's Open makes it, and may append opening actions.
//  2. Handle gets each event once, in order, and answers it whole.
//  3. After a Close action, a returned error, ClientClosed, ServerEOF or
//     ServerFailed nothing more comes; the machine is dropped without a call.
//
// ClientClosed still wants an answer: what the machine sends to the server
// then is delivered before FIN.
type Machine interface {
	// Handle answers one event. ev.Data is valid only during the call. An
	// error ends the session, with the error's words shown to the client.
	Handle(ev Event, out *Out) error
}

// Checkpointer is the one optional interface of a machine: one that can write
// its state down recovers from a dead process without being fed its whole
// past. Guard it at compile time:
//
//	var _ core.Checkpointer = (*machine)(nil)
type Checkpointer interface {
	// Checkpoint appends the state to dst, at most MaxCheckpoint bytes in all.
	// ErrNoCheckpoint says "not now": the core asks again later.
	Checkpoint(dst []byte) ([]byte, error)
	// Restore sets the state of a machine that was just opened with the same
	// options. From then on it answers as the one that wrote the state would
	// have. State that does not parse is an error.
	Restore(state []byte) error
}

// MaxCheckpoint bounds a machine's state in bytes.
const MaxCheckpoint = 1 << 20

// ErrNoCheckpoint says that a machine's state can not be written down now.
var ErrNoCheckpoint = errors.New("the machine can not write its state down now")

// Opening is what a machine is opened with.
type Opening struct {
	Options Options // all of the manifest's options, checked
	Target  string  // what will be dialled, as the client named it
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
