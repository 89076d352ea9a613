package ftp

import (
	"bytes"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/framing"
)

// Bounds of what is kept.
const (
	maxLine    = 16 << 10 // bytes of a line
	maxShown   = 64 << 10 // … of the lines of a reply after its first, to be shown
	maxPending = 4096
	maxMade    = 20_000 // messages of what a person sends at once
)

// talk is what both sides of the control connection have said, and which reply is for which
// command.
type talk struct {
	flow     core.Flow // of the commands
	keep     int       // bytes of a reply that are kept to be shown
	end      int64     // of the line of the server's that was read last
	sending  kind      // what the machine itself sends now; single: nothing that it waits for
	requests framing.Stream
	replies  framing.Stream
	state
}

// state is what a checkpoint has beside the streams and the data connection.
type state struct {
	LongRequest, LongReply bool // what comes is the rest of a line that is too long, or whose beginning was missed
	Lost                   lost
	Greeted                bool      // the server's greeting was there
	Reply                  *reply    // that has begun
	Pending                []pending // in the order of the commands
	Later                  int64     // commands after them, which are not kept
	Encrypted              bool      // both sides speak TLS, with each other
}

// lost says what is not known, after bytes were missed.
type lost uint8

const (
	known     lost = iota
	lostReply      // where the reply to the only pending command begins
	lostAll        // which reply is for which command
	losts
)

// lines cuts after each LF, and a line that is too long into pieces.
func lines(data []byte, seen int) (int, error) {
	if i := bytes.IndexByte(data[seen:min(len(data), maxLine)], '\n'); i >= 0 {
		return seen + i + 1, nil
	}
	if len(data) >= maxLine {
		return maxLine, nil
	}
	return 0, nil
}

// missed says that n bytes of a side were missed.
func (t *talk) missed(side core.Side, n int64) {
	if side == core.Client {
		t.requests.Skip(n)
		t.LongRequest = true
	} else {
		t.replies.Skip(n)
		t.Reply, t.LongReply = nil, true
	}
	t.Pending, t.Later, t.Lost = nil, 0, lostAll
	t.Greeted = true
}

// unfinished returns a reply that will never be whole, if one has begun.
func (t *talk) unfinished() (*reply, bool) {
	at, part := t.replies.Held()
	end := at + int64(len(part))
	r := t.Reply
	switch {
	case r != nil:
		if len(part) > 0 {
			r.add(part, t.LongReply, false, false, t.keep)
		}
		r.To = end
	case len(part) == 0 || t.LongReply || t.Lost != known && code(part) == "":
		return nil, false
	default:
		r = &reply{From: at, To: end, First: bytes.Clone(part), Lines: -1}
		t.Reply = r
	}
	r = t.finish()
	r.cut = true
	t.replies.Resume(end, nil)
	return r, true
}
