package session

// The phases of a session and of the two directions of each side. This file
// knows nothing else: what is sent, fed or recorded in a phase stands where that
// is done.
//
// A session is opening while its machine is opened and its target dialled. It
// runs from when the client was told that the target was reached; nothing of it
// is told to observers as an entry before. It is over once its end is decided:
// nothing more is taken in or fed, what waits is written, and the peers are told.
//
// What comes from a side is open until that side's reader has seen its last: the
// server's stream has ended, cleanly or not, or the client is gone. A half-close
// of the client is an event like any other; its reader goes on.
//
// What goes to a side is open while bytes may be added to it. It is finished
// once the last was ordered: what waits is still written, and then a server is
// sent FIN, with which the direction is closed. It is cut when nothing can be
// written any more, because a write failed or the peer is gone; what waits is
// dropped then, and so is what is ordered later.
//
// A phase never goes back. A direction that is cut stays cut: there is nobody
// left to send FIN to.
type phase uint8

const (
	opening phase = iota // a session
	running
	over

	open // a direction
	finished
	closed
	cut
	ended // from a side
)

// happening is what changes a phase.
type happening uint8

const (
	targetReached happening = iota // and the client was told so
	endDecided                     // the session's
	lastOrdered                    // the last byte for a side
	finSent                        // after all that waited
	writingFailed                  // or the peer is gone
	lastCame                       // the last byte from a side
)

// transitions has the phase that follows each, by what happens. What is not
// listed changes nothing.
var transitions = [...]map[happening]phase{
	opening: {targetReached: running, endDecided: over},
	running: {endDecided: over},
	over:    {},

	open:     {lastOrdered: finished, writingFailed: cut, lastCame: ended},
	finished: {finSent: closed, writingFailed: cut},
	closed:   {writingFailed: cut},
	cut:      {},
	ended:    {},
}

// on is what follows p when h happens.
func (p phase) on(h happening) phase {
	if next, ok := transitions[p][h]; ok {
		return next
	}
	return p
}
