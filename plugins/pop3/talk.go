package pop3

import (
	"bytes"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/framing"
)

// Bounds of what is kept.
const (
	maxLine    = 64 << 10  // bytes of a line
	maxShown   = 256 << 10 // … of a reply, to be shown
	maxPending = 8192
	maxMade    = 20_000 // messages of what a person sends at once
)

// talk is what both sides of a connection have said, and which reply is for which command.
type talk struct {
	flow     core.Flow // of the commands
	keep     int       // bytes of a reply that are kept to be shown
	end      int64     // of the line of the server's that was read last
	requests framing.Stream
	replies  framing.Stream
	state
}

// state is what a checkpoint has beside the streams.
type state struct {
	LongRequest, LongReply bool // what comes is the rest of a line that is too long
	LostRequest            bool // … the rest of a line whose beginning was missed
	Lost                   lost
	Greeted                bool      // the server's first line was there
	Timestamp              []byte    // of the greeting, for APOP; nil: it has none
	Reply                  *reply    // that has begun
	Challenged             bool      // the client's next line is an answer to the server's challenge
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
		t.LostRequest, t.LongRequest = true, false
	} else {
		t.replies.Skip(n)
		t.Reply, t.LongReply = nil, false
	}
	t.Pending, t.Later, t.Lost = nil, 0, lostAll
	t.Greeted, t.Challenged = true, false
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
	case len(part) == 0 || t.LongReply || t.Lost != known:
		return nil, false
	default:
		r = &reply{From: at, Status: end, To: end, First: bytes.Clone(part), Lines: -1}
		t.Reply = r
	}
	r = t.finish()
	r.cut = true
	t.replies.Resume(end, nil)
	return r, true
}
