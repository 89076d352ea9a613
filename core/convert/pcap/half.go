package pcap

import (
	"slices"
	"time"
)

// Bounds of data that arrived ahead of its turn.
const (
	maxAhead      = 1 << 20 // bytes of one side of one connection
	pieceOverhead = 64      // bytes counted for each piece in addition to its data
	maxJump       = 1 << 30 // a sequence number further ahead is not of this connection
	usualWindow   = 1 << 20 // of a side whose window scale is unknown
	maxSYNs       = 8       // of one side, with different numbers
	maxGaps       = 32      // of one side that are kept apart

	// How long, and for how many bytes, a side's first bytes wait for the peer to
	// acknowledge where they begin, if no SYN says so.
	beginWait  = time.Second
	beginBytes = 64 << 10
)

// half reassembles what one side sent. If bytes arrive twice, the first count.
// Sequence numbers wrap: all comparisons are by difference.
//
// It does not use gopacket's reassembly, which cannot give up on a gap in one
// connection that the peer has acknowledged, so that later bytes would come in the
// wrong order; and which takes a new connection between the same ports for the old
// one, if that was reset.
type half struct {
	started bool
	first   uint32 // sequence number of the first byte
	next    uint32 // sequence number of the next byte
	passed  int64  // bytes before next

	guessed bool      // no SYN says first
	waits   bool      // and everything waits until the peer's ACK does
	since   time.Time // of the first packet
	others  []uint32  // other values for first from SYNs of this side, until settled
	settled bool

	acked  uint32 // what the peer has acknowledged, if hasAck
	hasAck bool
	gaps   []span  // that were given up
	ahead  []piece // sorted; what arrived ahead of its turn
	held   int     // bytes of ahead, overhead included
	fin    uint32  // sequence number after the last byte, if hasFIN
	hasFIN bool
	ended  bool

	shift    uint8  // scale of the windows that this side announces, if hasShift
	hasShift bool   // its SYN is in the capture
	edge     uint32 // how far the peer accepts bytes, if hasEdge
	hasEdge  bool
}

// piece is a waiting segment's payload.
type piece struct {
	seq  uint32
	data []byte
	cut  int // bytes of the packet that are not in the capture
}

// span is a range of a stream's bytes, counted like half's passed.
type span struct{ from, to int64 }

func (p *piece) end() uint32 { return p.seq + uint32(len(p.data)) }

// start sets the first sequence number, once.
func (h *half) start(seq uint32) {
	if !h.started {
		h.started, h.first, h.next = true, seq, seq
	}
}

// settle picks the right one of several SYNs with different numbers: the one most
// closely before a number of the stream.
func (h *half) settle(number uint32) {
	for _, other := range h.others {
		if number-other < number-h.first {
			h.first, h.next = other, other
		}
	}
	h.settled, h.others = true, nil
}

// begin ends the wait of a side without a SYN: its stream begins with what the
// peer acknowledged, or with what was captured before that.
func (h *half) begin() {
	if !h.waits {
		return
	}
	h.waits = false
	begin := h.next
	if len(h.ahead) > 0 {
		begin = h.ahead[0].seq
	}
	if back := int32(begin - h.acked); h.hasAck && max(back, -back) <= maxJump && (back > 0 || len(h.ahead) == 0) {
		begin = h.acked
	}
	if h.hasFIN && int32(begin-h.fin) > 0 {
		begin = h.fin
	}
	h.first, h.next = begin, begin
}

// add takes one segment of this side.
func (h *half) add(s *segment, to stream) {
	seq := s.begin()
	if !h.started {
		h.start(seq)
		h.guessed, h.waits, h.since = !s.syn, !s.syn, s.at
	}
	if s.syn && seq != h.first {
		if !h.settled && len(h.others) < maxSYNs {
			h.others = append(h.others, seq)
		}
		to.stray(len(s.payload))
		return
	}
	if s.length > 0 && !h.settled {
		h.settle(seq)
	}
	h.catchUp(seq, to)
	if distance := int32(seq - h.next); h.ended || max(distance, -distance) > maxJump {
		to.stray(h.outside(s))
		return
	}
	if s.fin && !h.hasFIN && (h.waits || int32(seq+uint32(s.length)-h.next) >= 0) {
		h.fin, h.hasFIN = seq+uint32(s.length), true
	}
	p := piece{seq, s.payload, s.length - len(s.payload)}
	switch {
	case s.length == 0:
	case !h.waits && len(h.ahead) == 0 && int32(seq-h.next) <= 0:
		h.take(p, to)
	default:
		h.wait(p)
	}
	if h.waits && !h.hasAck && h.held < beginBytes && s.at.Sub(h.since) < beginWait {
		return
	}
	h.begin()
	h.drain(to)
	for h.held > maxAhead {
		h.skip(h.ahead[0].seq, to)
	}
	h.givenUp(to)
}

// outside returns how many of a segment's bytes are not among those before next.
func (h *half) outside(s *segment) int {
	n := len(s.payload)
	end := int(int32(s.begin() + uint32(n) - h.next)) // from next
	if !h.started || int64(end) <= -h.passed {
		return n
	}
	return min(n, max(0, end)+max(0, n-end-int(h.passed))+h.givenUpOf(s.begin(), n))
}

// givenUpOf returns how many of n bytes are in gaps.
func (h *half) givenUpOf(seq uint32, n int) (late int) {
	from := h.passed + int64(int32(seq-h.next))
	for _, g := range h.gaps {
		late += int(max(0, min(from+int64(n), g.to)-max(from, g.from)))
	}
	return late
}

// catchUp gives up on a gap too large for a sequence number to be plausible, if
// the peer has acknowledged something near the number.
func (h *half) catchUp(seq uint32, to stream) {
	reach := int32(seq - h.acked)
	if !h.ended && int32(seq-h.next) > maxJump && h.hasAck && int32(h.acked-h.next) > 0 && max(reach, -reach) <= maxJump {
		h.begin()
		until := seq - uint32(max(0, reach))
		for len(h.ahead) > 0 && int32(h.ahead[0].seq-until) < 0 {
			h.skip(h.ahead[0].seq, to)
		}
		h.skip(until, to)
	}
}

// wait keeps the new part of a piece until everything before it has arrived.
// Waiting pieces do not overlap.
func (h *half) wait(p piece) {
	i, _ := slices.BinarySearchFunc(h.ahead, p.seq, func(a piece, seq uint32) int {
		if int32(a.end()-seq) <= 0 {
			return -1
		}
		return 1
	})
	if len(p.data) == 0 {
		return // the gap says as much
	}
	end := p.end() + uint32(p.cut)
	for ; len(p.data) > 0; i++ {
		n := len(p.data)
		if i < len(h.ahead) {
			n = min(n, max(0, int(int32(h.ahead[i].seq-p.seq))))
		}
		if n > 0 {
			h.ahead = slices.Insert(h.ahead, i, piece{seq: p.seq, data: slices.Clone(p.data[:n])})
			h.held += n + pieceOverhead
		} else {
			n = min(len(p.data), int(h.ahead[i].end()-p.seq))
		}
		p.seq, p.data = p.seq+uint32(n), p.data[n:]
	}
	last := &h.ahead[i-1]
	last.cut = max(last.cut, int(int32(end-last.end())))
}

// take passes on the new part of a piece that begins at next or before it.
func (h *half) take(p piece, to stream) {
	old := int(h.next - p.seq)
	// One byte before the first is a keep-alive's, or has the SYN's number.
	if before := int64(old) - h.passed; before > 1 || before == 1 && h.guessed && len(p.data)+p.cut > 1 {
		to.stray(min(int(before), len(p.data)))
	}
	to.stray(h.givenUpOf(p.seq, min(old, len(p.data))))
	data := p.data[min(old, len(p.data)):]
	if h.hasFIN { // bytes after the end do not count
		n := min(len(data), max(0, int(int32(h.fin-h.next))))
		to.stray(len(data) - n)
		data = data[:n]
	}
	if len(data) > 0 {
		to.bytes(data)
		h.move(len(data))
	}
	if n := int(int32(p.end() + uint32(p.cut) - h.next)); p.cut > 0 && n > 0 && !h.pastEnd() {
		h.lose(n, to)
	}
}

// lose gives up on the next n bytes. Past the bound, gaps and what is between them
// become one gap.
func (h *half) lose(n int, to stream) {
	to.lost(n)
	if len(h.gaps) == maxGaps {
		h.gaps[1].from = h.gaps[0].from
		h.gaps = slices.Delete(h.gaps, 0, 1)
	}
	h.gaps = append(h.gaps, span{h.passed, h.passed + int64(n)})
	h.move(n)
}

func (h *half) move(n int) {
	h.next += uint32(n)
	h.passed += int64(n)
}

func (h *half) pastEnd() bool { return h.hasFIN && int32(h.fin-h.next) <= 0 }

// drain passes on what is no longer ahead.
func (h *half) drain(to stream) {
	n := 0
	for n < len(h.ahead) && int32(h.ahead[n].seq-h.next) <= 0 {
		p := h.ahead[n]
		h.held -= len(p.data) + pieceOverhead
		if n++; n < len(h.ahead) { // another packet may have what the capture cut off
			p.cut = min(p.cut, int(h.ahead[n].seq-p.end()))
		}
		h.take(p, to)
	}
	h.ahead = slices.Delete(h.ahead, 0, n)
	if h.pastEnd() && !h.ended {
		h.ended = true
		for _, p := range h.ahead {
			to.stray(len(p.data))
		}
		h.ahead, h.held = nil, 0
		to.end()
	}
}

// skip gives up on the bytes before seq.
func (h *half) skip(seq uint32, to stream) {
	if h.hasFIN && int32(seq-h.fin) > 0 {
		seq = h.fin
	}
	if n := int32(seq - h.next); n > 0 && h.started && !h.ended {
		h.lose(int(n), to)
	}
	h.drain(to)
}

// acknowledged takes a number that the peer acknowledged. The peer has everything
// before it, so a gap before that will not fill any more.
func (h *half) acknowledged(ack uint32, to stream) {
	if !h.hasAck || int32(ack-h.acked) > 0 {
		h.acked, h.hasAck = ack, true
	}
	if !h.started {
		return
	}
	if !h.settled {
		h.settle(ack)
	}
	h.begin()
	h.drain(to)
	h.givenUp(to)
}

// window returns how many bytes a segment of this side announces room for. A
// SYN's own window is not scaled.
func (h *half) window(s *segment) uint32 {
	switch {
	case s.syn:
		return s.window
	case h.hasShift:
		return s.window << h.shift
	}
	return usualWindow
}

// allowed records how far the peer's window lets this side send.
func (h *half) allowed(edge uint32) {
	if !h.hasEdge || int32(edge-h.edge) > 0 {
		h.edge, h.hasEdge = edge, true
	}
}

// resets reports whether the peer accepts a RST at seq: one within its window
// (RFC 9293, section 3.10.7.4). One byte more may be a FIN.
func (h *half) resets(seq uint32) bool {
	if !h.started {
		return true
	}
	ahead := int32(seq - h.next)
	return ahead >= 0 && (ahead <= 1 || int32(seq-h.windowEnd()) <= 0)
}

// windowEnd returns how far the peer accepts bytes, as far as known.
func (h *half) windowEnd() uint32 {
	edge := h.next + usualWindow
	if h.hasEdge && int32(h.edge-h.next) >= 0 { // else what moved it is not in the capture
		edge = h.edge
	}
	return edge
}

// belongs reports whether a segment with data belongs to this connection, which
// is over: as a copy of earlier data, or as data under way at a reset.
func (h *half) belongs(s *segment) bool {
	distance := int32(s.begin() - h.next)
	switch {
	case !h.started:
		return true
	case distance < 0:
		return -int64(distance) <= h.passed+1 && (!h.ended || int(distance)+s.length <= 0)
	}
	return !h.ended && int32(s.begin()-h.windowEnd()) <= 0
}

func (h *half) givenUp(to stream) {
	for h.hasAck && len(h.ahead) > 0 && int32(h.acked-h.ahead[0].seq) > 0 {
		h.skip(h.ahead[0].seq, to)
	}
	if h.hasAck && h.hasFIN && !h.ended && len(h.ahead) == 0 && int32(h.acked-h.fin) > 0 {
		h.skip(h.fin, to)
	}
}

// giveUp passes on everything that waits, when no more comes.
func (h *half) giveUp(to stream) {
	h.begin()
	h.drain(to)
	for len(h.ahead) > 0 {
		h.skip(h.ahead[0].seq, to)
	}
	if h.ended || !h.started {
		return
	}
	if h.hasFIN {
		h.skip(h.fin, to)
		return
	}
	// One byte more may be a FIN that is not in the capture.
	if n := int32(h.acked - h.next); h.hasAck && n > 1 && n <= maxJump {
		h.skip(h.acked, to)
	}
}
