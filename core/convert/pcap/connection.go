package pcap

import (
	"fmt"
	"io"
	"net/netip"
	"strconv"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Connection describes one TCP connection of a capture, or what crosses between two ports
// by UDP.
type Connection struct {
	Number         int // in the order of first packets, from 1
	Client, Server netip.AddrPort
	Datagrams      bool      // it is UDP
	Begin          time.Time // of its first packet; zero if the capture has no times
	// Guessed says that its handshake is not in the capture: the side with the
	// lower port is assumed to be the server.
	Guessed bool
	// Bytes that were written, bytes known to be missing, and bytes of the
	// capture that have no place in the connection.
	Sent, Received, Lost, Stray int64
}

// flushAt is how much text of a transcript is buffered, in bytes.
const flushAt = 32 << 10

// connection writes one connection's transcript.
type connection struct {
	Connection
	sides      [core.Server + 1]half
	text       []byte
	out        io.WriteCloser
	joined     bool // both sides took part in a handshake, or data arrived
	over       bool
	reset      bool                 // it ended in a reset: what the peer sent before it knew may follow
	closed     bool                 // its transcript is written
	stray      [core.Server + 1]int // bytes to report
	again      *segment             // a SYN-ACK with other numbers: of another connection, if that goes on
	clientGone bool                 // its end is written
	serverEnd  *time.Duration       // when the server's side ended; written last

	watch bool      // Options.Watch
	now   time.Time // of the current packet

	key          pair
	leftOut      bool        // past MaxTranscripts
	older, newer *connection // in the order of last packets
}

// held is how many bytes of both sides wait.
func (c *connection) held() int { return c.sides[core.Client].held + c.sides[core.Server].held }

// touch makes c the newest of the ring.
func (c *connection) touch(ring *connection) {
	c.unlink()
	c.older, c.newer = ring.older, ring
	c.older.newer, ring.older = c, c
}

func (c *connection) unlink() {
	if c.newer != nil {
		c.newer.older, c.older.newer = c.older, c.newer
		c.newer, c.older = nil, nil
	}
}

// stream gets what one side sent, in order, for the connection.
type stream struct {
	c    *connection
	side core.Side
}

func (s stream) bytes(data []byte) {
	c := s.c
	if c.over { // by a reset: it ended before
		s.stray(len(data))
		return
	}
	c.joined = true
	e := transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ServerBytes, Data: data}}
	if s.side == core.Client {
		e.Event.Kind = core.ClientBinary
		if c.watch || c.Datagrams {
			e.Event.Kind = core.ClientBytes
		}
		c.Sent += int64(len(data))
	} else {
		c.Received += int64(len(data))
	}
	c.entry(e)
}

// lost tells of bytes that are not in the capture.
func (s stream) lost(n int) {
	if s.c.over {
		return
	}
	s.c.joined = true
	s.c.Lost += int64(n)
	if s.c.watch {
		kind := core.ServerUnseen
		if s.side == core.Client {
			kind = core.ClientUnseen
		}
		s.c.entry(transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: kind, Data: strconv.AppendInt(nil, int64(n), 10)}})
		return
	}
	s.c.remark(fmt.Sprintf("lost: %d of the %v's bytes, which are not in the capture", n, s.side))
}

// stray counts bytes of the capture that have no place in the stream.
func (s stream) stray(n int) {
	if n > 0 {
		s.c.joined = true
		s.c.Stray += int64(n)
		s.c.stray[s.side] += n
	}
}

// end writes the client's end, and postpones the server's: a session is over when
// its server ends, but a client may go on sending for a while.
func (s stream) end() {
	c := s.c
	switch {
	case c.over:
	case s.side == core.Server:
		at := c.since()
		c.serverEnd = &at
	case c.serverEnd == nil && !c.clientGone:
		c.clientGone = true
		c.entry(transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ClientEOF}})
	}
}

// from returns the side that sent the segment.
func (c *connection) from(s *segment) core.Side {
	if s.src == c.Client {
		return core.Client
	}
	return core.Server
}

// take takes one segment of the connection.
func (c *connection) take(s *segment) {
	c.now = s.at
	from := c.from(s)
	to := core.Client + core.Server - from
	if h := &c.sides[from]; s.syn && h.settled && s.begin() != h.first {
		stream{c, from}.stray(len(s.payload)) // and its ACK says nothing
		return
	}
	if c.over {
		c.sides[from].add(s, stream{c, from})
		return
	}
	if s.syn && s.acks {
		c.joined = true
		c.sides[to].start(s.ack)
	}
	if s.rst {
		stream{c, from}.stray(len(s.payload)) // data in a RST is text for people (RFC 9293, section 3.5.3)
		c.resetBy(s, from)
		return
	}
	if s.syn {
		c.sides[from].shift, c.sides[from].hasShift = s.shift, true
	}
	if s.acks {
		c.sides[to].allowed(s.ack + c.sides[from].window(s))
		c.sides[to].acknowledged(s.ack, stream{c, to})
	}
	c.sides[from].add(s, stream{c, from})
	if c.sides[core.Client].ended && c.sides[core.Server].ended {
		c.finish("")
	}
}

// datagram takes a datagram of the connection. One of which the capture has only a part
// counts as lost.
func (c *connection) datagram(s *segment) {
	c.now = s.at
	from := stream{c, c.from(s)}
	c.sides[from.side].started = true
	if s.length > len(s.payload) {
		from.lost(s.length)
		return
	}
	from.bytes(s.payload)
}

// resetBy ends the connection, if the peer would have accepted the reset.
func (c *connection) resetBy(s *segment, from core.Side) {
	h := &c.sides[from]
	if !h.resets(s.seq) {
		return
	}
	c.reset = true
	c.giveUp()
	if h.started && !h.ended {
		h.skip(s.seq, stream{c, from})
	}
	if c.serverEnd == nil {
		e := transcript.Entry{Dir: transcript.Event, Event: core.Event{Kind: core.ClientClosed}}
		if from == core.Server {
			e.Event = core.Event{Kind: core.ServerFailed, Data: []byte("connection reset by peer")}
		}
		c.entry(e)
		c.over = true
		return
	}
	c.finish("")
}

// finish writes what was postponed. words say why a connection ends here that did
// not end itself.
func (c *connection) finish(words string) {
	if c.over {
		return
	}
	c.tellStray()
	c.over = true
	if c.Datagrams { // which has no end of its own
		return
	}
	if c.serverEnd != nil {
		c.entry(transcript.Entry{Dir: transcript.Event, Time: *c.serverEnd, Event: core.Event{Kind: core.ServerEOF}})
		return
	}
	for _, side := range []core.Side{core.Client, core.Server} {
		if !c.sides[side].started {
			c.remark(fmt.Sprintf("no packet of the %v is in the capture", side))
		}
	}
	c.remark(words)
}

// giveUp passes on what waits for bytes that will not come.
func (c *connection) giveUp() {
	for _, side := range []core.Side{core.Client, core.Server} {
		c.sides[side].giveUp(stream{c, side})
	}
}

// tellStray reports the bytes that have no place in the connection.
func (c *connection) tellStray() {
	c.giveUp()
	for _, side := range []core.Side{core.Client, core.Server} {
		if n := c.stray[side]; n > 0 {
			c.stray[side] = 0
			c.remark(fmt.Sprintf("left out: %d of the %v's bytes, which came too late or have no place in the connection", n, side))
		}
	}
}

func (c *connection) remark(words string) {
	c.entry(transcript.Entry{Dir: transcript.Remark, Remark: words})
}

// entry writes an entry, at the time of the current packet if it has none. If the
// capture has no times, the transcript has none.
func (c *connection) entry(e transcript.Entry) {
	if e.Timed = !c.Begin.IsZero() && !c.now.IsZero(); e.Timed && e.Time == 0 {
		e.Time = c.since()
	}
	c.text = transcript.AppendEntry(c.text, &e)
}

// maxTime is the largest time in a transcript: nine digits of seconds. A damaged
// capture's clock may jump further.
const maxTime = 999_999_999 * time.Second

func (c *connection) since() time.Duration { return min(max(0, c.now.Sub(c.Begin)), maxTime) }
