package session

import (
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Observer is told everything that happens in a session, in the order of
// crossing: a recorder, counters, a watcher, whoever develops the mode. Calls
// come one at a time and hold the session up, so they must not wait, and must
// not call the session. Data is valid only during a call. Times are since the
// session's start.
type Observer interface {
	// Began says that the target was reached, before the client is told so. It
	// is not called of a session that came to nothing, and comes first of all but
	// remarks on how the machine was opened.
	Began(b Beginning)
	// Done tells of one event with its actions, once they are carried out.
	// Event 0, of no kind, is the opening. An event of a side that is passed
	// through comes without the copy that answers it.
	Done(at time.Duration, e wire.Event, actions []core.Action)
	// Remarked tells what the workbench did.
	Remarked(at time.Duration, r Remark)
	// Ended is the last call, with how the session ended, without what is secret.
	Ended(at time.Duration, end End)
}

// Beginning is what is known of a session when its target was reached.
type Beginning struct {
	Address string        // what was reached, as ip:port
	Quiet   time.Duration // the silence of the server that the machine is told of; 0: none
	Opening []core.Action // how the machine answered the opening
	// Remark adds a remark to the session's log. It must not be called within a
	// call of Observer.
	Remark func(r Remark)
}

// Remark is what the workbench did in a session, or found.
type Remark struct {
	Code  RemarkCode
	Words string // on one line, without what is secret
	// Took is how long it took; of Recovered and Moved.
	Took time.Duration
	// N is the first event that the new build answered differently, 0 being the
	// opening, and Diff the difference as transcript.Diff shows it, without what
	// is secret; of Diverged.
	N    uint64
	Diff string
	// Recording is how the session's recording stands from then on, as a JSON object
	// for programs; of remarks on that.
	Recording []byte
	// Refusal is why TLS did not start, as a JSON object for programs; of NotUpgraded.
	Refusal []byte
}

// RemarkCode says for programs what a remark is about; "": the words are all.
type RemarkCode string

// The codes of remarks.
const (
	Recovered     RemarkCode = "recovered"     // the machine runs in another process
	Unrecoverable RemarkCode = "unrecoverable" // the recovery log went past its bound and was dropped
	Poisoned      RemarkCode = "poisoned"      // an event ends its process again and again
	Busy          RemarkCode = "busy"          // the session waits for its turn in the plugin
	Moved         RemarkCode = "moved"         // the machine runs in the new build
	Stayed        RemarkCode = "stayed"        // … could not be moved
	Diverged      RemarkCode = "diverged"      // … was not moved, since the new build answers the past differently
	Keyboard      RemarkCode = "keyboard"      // another window has the keyboard
	NotUpgraded   RemarkCode = "tls-failed"    // the connection to the server did not become TLS
	Dropped       RemarkCode = "dropped"       // something that a machine may not do which only watches
	Undecoded     RemarkCode = "undecoded"     // the machine no longer watches, or how much it has not answered
	Undelivered   RemarkCode = "undelivered"   // a datagram did not arrive, as far as is known
	Faulted       RemarkCode = "fault"         // a rule has made a fault; the words are fault.Fault's
	FaultRule     RemarkCode = "fault-rule"    // a rule acts from here on; the words are fault.Rule's
	Stopping      RemarkCode = "stopping"      // the workbench stops, and the session ends soon
)

// Ignore is an Observer that ignores all it is told, to be embedded by those
// that want a part.
type Ignore struct{}

var _ Observer = Ignore{}

// Began does nothing.
func (Ignore) Began(Beginning) {}

// Done does nothing.
func (Ignore) Done(time.Duration, wire.Event, []core.Action) {}

// Remarked does nothing.
func (Ignore) Remarked(time.Duration, Remark) {}

// Ended does nothing.
func (Ignore) Ended(time.Duration, End) {}
