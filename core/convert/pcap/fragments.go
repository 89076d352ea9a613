package pcap

import (
	"cmp"
	"net/netip"
	"slices"
	"time"
)

// Bounds of what is kept of packets that came in fragments.
const (
	maxInParts   = 256              // packets
	maxParts     = 4096             // fragments of one
	maxWhole     = 1<<16 - 1        // bytes of one
	longestApart = 60 * time.Second // between its first fragment and its last (RFC 8200, section 4.5)
)

// part is a fragment of an IP packet (RFC 791, section 3.2; RFC 8200, section 4.5).
type part struct {
	of   packetID
	next int // the protocol of what the packet holds
	at   int // where its bytes stand in that
	more bool
	data []byte
}

// packetID is what the fragments of a packet have in common. A protocol is part of it in
// IPv4 alone.
type packetID struct {
	src, dst netip.Addr
	protocol int
	id       uint32
}

// inParts is a packet of which some fragments have come.
type inParts struct {
	began time.Time
	parts []part // by where they stand
	have  int    // bytes
	size  int    // bytes of the whole; 0: its last fragment has not come
}

// fragments puts packets together. What is kept for longest goes if there are too many.
type fragments struct {
	open  map[packetID]*inParts
	order []packetID // the oldest first
}

// add takes a fragment. If its packet is whole with it, add returns what that holds, the
// protocol of that, and of how many fragments it was. One that is captured twice counts
// once; a packet whose fragments overlap otherwise is dropped (RFC 5722).
func (f *fragments) add(p part, now time.Time) (whole []byte, next, count int) {
	if len(p.data) == 0 || p.at+len(p.data) > maxWhole || p.more && len(p.data)%8 != 0 {
		return nil, 0, 0
	}
	in := f.open[p.of]
	if in != nil && now.Sub(in.began) > longestApart {
		f.drop(p.of)
		in = nil
	}
	if in == nil {
		in = f.begin(p.of, now)
	}
	i, again := slices.BinarySearchFunc(in.parts, p.at, func(q part, at int) int { return cmp.Compare(q.at, at) })
	if again && len(in.parts[i].data) == len(p.data) && in.parts[i].more == p.more {
		return nil, 0, 0
	}
	end := p.at + len(p.data)
	switch {
	case again, i > 0 && in.parts[i-1].at+len(in.parts[i-1].data) > p.at, i < len(in.parts) && in.parts[i].at < end,
		in.size > 0 && (end > in.size || !p.more), !p.more && i < len(in.parts), len(in.parts) == maxParts:
		f.drop(p.of)
		return nil, 0, 0
	}
	p.data = slices.Clone(p.data)
	in.parts = slices.Insert(in.parts, i, p)
	if in.have += len(p.data); !p.more {
		in.size = end
	}
	if in.have != in.size {
		return nil, 0, 0
	}
	f.drop(p.of)
	for _, one := range in.parts {
		whole = append(whole, one.data...)
	}
	return whole, in.parts[0].next, len(in.parts)
}

func (f *fragments) begin(id packetID, now time.Time) *inParts {
	if len(f.order) == maxInParts {
		f.drop(f.order[0])
	}
	if f.open == nil {
		f.open = map[packetID]*inParts{}
	}
	in := &inParts{began: now}
	f.open[id] = in
	f.order = append(f.order, id)
	return in
}

func (f *fragments) drop(id packetID) {
	delete(f.open, id)
	f.order = slices.DeleteFunc(f.order, func(one packetID) bool { return one == id })
}
