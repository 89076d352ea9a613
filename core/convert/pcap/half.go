package pcap

import "slices"

// Bounds of what waits for bytes before it.
const (
	maxAhead      = 1 << 20 // bytes of one side of one connection
	pieceOverhead = 64      // bytes that a piece counts beside its own
	maxJump       = 1 << 30 // a sequence number further ahead is not of this connection
	usualWindow   = 1 << 20 // of a side that has not told how its windows are scaled
)

// receiver gets one side's stream, in order.
type receiver interface {
	bytes(data []byte)
	lost(n int) // so many bytes are not in the capture
	end()       // FIN
}

// half puts what one side sent in order. Of bytes that come twice, the first
// count. Sequence numbers wrap: all comparing is by difference.
//
// gopacket's reassembly is not used for it: it can not give up on a gap of one
// connection that the peer has acknowledged, so what came later would stand in
// the wrong order; and it takes a new connection between the same ports for
// the old one's, when that one was reset.
type half struct {
	started bool
	first   uint32 // sequence number of the first byte
	next    uint32 // sequence number of the next byte
	acked   uint32 // what the peer has acknowledged, when hasAck
	hasAck  bool
	ahead   []piece // sorted; what came before its turn
	held    int     // bytes of ahead, overhead included
	fin     uint32  // sequence number behind the last byte, when hasFIN
	hasFIN  bool
	ended   bool

	shift    uint8  // of the windows that this side announces, when hasShift
	hasShift bool   // its SYN is in the capture
	edge     uint32 // up to where the peer takes bytes, when hasEdge
	hasEdge  bool
}

// piece is a segment's payload that waits.
type piece struct {
	seq    uint32
	data   []byte
	length int // more than data when the capture cut the packet off
}

// start sets the first sequence number, once.
func (h *half) start(seq uint32) {
	if !h.started {
		h.started, h.first, h.next = true, seq, seq
	}
}

// add takes one segment of this side.
func (h *half) add(s *segment, to receiver) {
	seq := s.begin()
	h.start(seq)
	distance := int32(seq - h.next)
	if h.ended || distance > maxJump {
		return
	}
	if s.fin && !h.hasFIN && int32(seq+uint32(s.length)-h.next) >= 0 {
		h.fin, h.hasFIN = seq+uint32(s.length), true
	}
	switch {
	case s.length == 0:
	case distance <= 0:
		h.take(piece{seq, s.payload, s.length}, to)
	default:
		h.wait(piece{seq, s.payload, s.length})
	}
	h.drain(to)
	for h.held > maxAhead {
		h.skip(h.ahead[0].seq, to)
	}
	h.givenUp(to)
}

// wait keeps a piece until what is before it is there.
func (h *half) wait(p piece) {
	i, there := slices.BinarySearchFunc(h.ahead, p, func(a, b piece) int { return int(int32(a.seq - b.seq)) })
	if there && h.ahead[i].length >= p.length {
		return
	}
	p.data = slices.Clone(p.data)
	h.ahead = slices.Insert(h.ahead, i, p)
	h.held += len(p.data) + pieceOverhead
}

// take hands on what is new of a piece that begins at next or before it.
func (h *half) take(p piece, to receiver) {
	old := int(h.next - p.seq)
	if old >= p.length {
		return
	}
	data := p.data[min(old, len(p.data)):]
	if h.hasFIN { // bytes behind the end are none
		data = data[:min(len(data), max(0, int(int32(h.fin-h.next))))]
	}
	if len(data) > 0 {
		to.bytes(data)
	}
	h.next += uint32(len(data))
	if cut := p.length - len(p.data); cut > 0 && !h.pastEnd() {
		n := int(p.seq + uint32(p.length) - h.next)
		to.lost(n)
		h.next += uint32(n)
	}
}

func (h *half) pastEnd() bool { return h.hasFIN && int32(h.fin-h.next) <= 0 }

// drain hands on what is no longer ahead.
func (h *half) drain(to receiver) {
	n := 0
	for n < len(h.ahead) && int32(h.ahead[n].seq-h.next) <= 0 {
		h.held -= len(h.ahead[n].data) + pieceOverhead
		h.take(h.ahead[n], to)
		n++
	}
	h.ahead = slices.Delete(h.ahead, 0, n)
	if h.pastEnd() && !h.ended {
		h.ended = true
		h.ahead, h.held = nil, 0
		to.end()
	}
}

// skip gives up on the bytes before seq.
func (h *half) skip(seq uint32, to receiver) {
	if h.hasFIN && int32(seq-h.fin) > 0 {
		seq = h.fin
	}
	if n := int32(seq - h.next); n > 0 && h.started && !h.ended {
		to.lost(int(n))
		h.next = seq
	}
	h.drain(to)
}

// acknowledged takes what the peer says that it has. It has all before that,
// so a gap before something that it acknowledged will not fill any more.
func (h *half) acknowledged(ack uint32, to receiver) {
	if !h.hasAck || int32(ack-h.acked) > 0 {
		h.acked, h.hasAck = ack, true
	}
	h.givenUp(to)
}

// window returns the bytes that a segment of this side announces room for. A
// SYN's own are not scaled.
func (h *half) window(s *segment) uint32 {
	switch {
	case s.syn:
		return s.window
	case h.hasShift:
		return s.window << h.shift
	}
	return usualWindow
}

// allowed takes up to where the peer's window lets this side send.
func (h *half) allowed(edge uint32) {
	if !h.hasEdge || int32(edge-h.edge) > 0 {
		h.edge, h.hasEdge = edge, true
	}
}

// resets reports whether the peer believes a RST at seq: one within its window
// (RFC 9293, section 3.10.7.4). One byte more may be a FIN.
func (h *half) resets(seq uint32) bool {
	if !h.started {
		return true
	}
	edge := h.next + usualWindow
	if h.hasEdge && int32(h.edge-h.next) >= 0 { // else what moved it on is not in the capture
		edge = h.edge
	}
	ahead := int32(seq - h.next)
	return ahead >= 0 && (ahead <= 1 || int32(seq-edge) <= 0)
}

func (h *half) givenUp(to receiver) {
	for h.hasAck && len(h.ahead) > 0 && int32(h.acked-h.ahead[0].seq) > 0 {
		h.skip(h.ahead[0].seq, to)
	}
	if h.hasAck && h.hasFIN && !h.ended && len(h.ahead) == 0 && int32(h.acked-h.fin) > 0 {
		h.skip(h.fin, to)
	}
}

// giveUp hands on all that waits. No more comes.
func (h *half) giveUp(to receiver) {
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
