package smtp

import (
	"bytes"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/framing"
)

// Bounds of what is kept.
const (
	maxLine    = 64 << 10 // bytes of a line
	maxShown   = 64 << 10 // … of a reply, to be shown
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
	SecretRequest          bool // the line that is too long is a secret
	Lost                   bool // bytes were missed, and no reply has come since
	Greeted                bool // the server's first reply was there
	LMTP                   bool
	Phase                  phase
	Mail                   *mail  // that has begun, or the part of one that BDAT sends
	Reply                  *reply // that has begun
	Pending                []pending
	Later                  int64  // commands after them, which are not kept
	Recipients             int64  // that were accepted for the mail
	Login                  *login // that goes on by itself
	Encrypted              bool   // both sides speak TLS, with each other
}

// phase says what the next bytes of the client's are.
type phase uint8

const (
	commanding phase = iota
	responding       // the answer to a challenge
	mailing          // a mail's text, up to the lone dot
	chunking         // as many bytes of a mail as BDAT has said
	phases
)

func newTalk(byHand, lmtp bool) talk {
	t := talk{flow: core.FromClient}
	if byHand {
		t.flow, t.keep = core.ToServer, maxShown
	}
	t.LMTP = lmtp
	t.replies = framing.Stream{Cut: lines, Most: maxLine + 1}
	return t
}

// cutRequests cuts the client's stream: into lines, and the bytes that BDAT has announced
// into pieces of any size.
func (t *talk) cutRequests(data []byte, seen int) (int, error) {
	if t.Phase == chunking {
		return int(min(int64(len(data)), t.Mail.Left, maxLine)), nil
	}
	return lines(data, seen)
}

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

// missed says that n bytes of a side were missed. What the client's next bytes are is not
// known until the server has replied.
func (t *talk) missed(side core.Side, n int64) {
	if side == core.Client {
		t.requests.Skip(n)
		t.LostRequest, t.LongRequest, t.SecretRequest = true, false, false
	} else {
		t.replies.Skip(n)
		t.LongReply = false
	}
	t.Reply, t.Mail, t.Pending = nil, nil, nil
	t.Later, t.Recipients, t.Phase = 0, 0, commanding
	t.Lost, t.Greeted = true, true
}

// found takes a reply as the place from which on it is known again what the client says.
func (t *talk) found(r *reply) {
	t.Lost = false
	_, part := t.requests.Held()
	t.LostRequest = t.LostRequest || len(part) > 0 || t.LongRequest
	t.prompted(r)
}

// prompted sets the phase after a reply for which no command is known.
func (t *talk) prompted(r *reply) {
	switch r.Code {
	case "334":
		t.Phase, t.LostRequest = responding, false
	case "354":
		at, _ := t.requests.Held()
		t.Phase, t.LostRequest, t.Mail = mailing, false, &mail{From: at}
	}
}

// unfinished returns a reply that will never be whole, if one has begun.
func (t *talk) unfinished() (*reply, bool) {
	at, part := t.replies.Held()
	end := at + int64(len(part))
	if len(part) > 0 && !t.LongReply && !(t.Lost && t.Reply == nil) {
		code, _ := status(part)
		if t.Reply == nil {
			t.Reply = &reply{From: at, Code: code, Wrong: wrongDigits(code)}
		}
		t.Reply.add(at, end, code, part, "", t.keep)
	}
	if t.Reply == nil {
		return nil, false
	}
	t.Reply.To = end
	t.replies.Resume(end, nil)
	r := t.finish()
	r.cut = true
	return r, true
}
