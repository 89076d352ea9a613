package pcap

import (
	"encoding/binary"
	"net/netip"
	"time"
)

// segment is the relevant part of one TCP packet, or a datagram of UDP, which has neither
// numbers nor flags.
type segment struct {
	udp                 bool
	src, dst            netip.AddrPort
	seq, ack            uint32
	syn, acks, fin, rst bool
	window              uint32 // as in the packet
	shift               uint8  // of a SYN: by how much this side's later windows are shifted
	payload             []byte // as captured; valid until the next packet
	length              int    // as on the wire: longer if the capture cut the packet off
	at                  time.Time
}

// begin is the sequence number of the first byte of the payload.
func (s *segment) begin() uint32 {
	if s.syn {
		return s.seq + 1
	}
	return s.seq
}

// What a packet is.
type kind uint8

const (
	isTCP kind = iota + 1
	isUDP
	isFragment
	isDamaged // TCP with an unreadable header
	isTunnel  // it holds another packet, which is not decoded
	isUnread  // its link type is not supported
	isOther
)

// Types of what Ethernet carries (IEEE 802 numbers), and of what IP does (IANA's).
const (
	etherIPv4      = 0x0800
	etherVLAN      = 0x8100
	etherIPv6      = 0x86dd
	etherMPLS      = 0x8847
	etherMPLSMany  = 0x8848
	etherDiscovery = 0x8863 // of PPPoE
	etherPPPoE     = 0x8864
	etherQinQ      = 0x88a8

	ipHopByHop = 0
	ipIPv4     = 4
	ipTCP      = 6
	ipUDP      = 17
	ipIPv6     = 41
	ipRouting  = 43
	ipFragment = 44
	ipGRE      = 47
	ipOptions  = 60 // for the destination
	ipMPLS     = 137
)

// decode finds the TCP segment or the datagram in a packet. It ignores checksums: a
// capture on the sending host is taken before the network card fills them in.
func decode(p *packet) (segment, kind) {
	d := decoder{rest: p.data}
	return d.packet(p)
}

// packet takes all headers off.
func (d *decoder) packet(p *packet) (segment, kind) {
	ether, ok := d.link(p.link)
	if !ok {
		return segment{}, isUnread
	}
	next := -1
	for next < 0 {
		switch ether {
		case etherVLAN, etherQinQ:
			tag := d.take(4)
			if tag == nil {
				return segment{}, isOther
			}
			ether = binary.BigEndian.Uint16(tag[2:])
		case etherIPv4:
			next = ipIPv4
		case etherIPv6:
			next = ipIPv6
		case etherMPLS, etherMPLSMany, etherDiscovery, etherPPPoE:
			return segment{}, isTunnel
		default:
			return segment{}, isOther
		}
	}
	return d.network(next, p)
}

// network takes the headers from IP's on; next is the first one's number.
func (d *decoder) network(next int, p *packet) (segment, kind) {
	for {
		var kind kind
		switch next {
		case ipIPv4:
			next, kind = d.ipv4()
		case ipIPv6:
			next, kind = d.ipv6()
		case ipHopByHop, ipRouting, ipOptions:
			next, kind = d.extension()
		case ipFragment:
			next, kind = d.fragment()
		case ipTCP:
			return d.tcp(p)
		case ipUDP:
			return d.udp(p)
		case ipGRE, ipMPLS:
			kind = isTunnel
		default:
			kind = isOther
		}
		if kind != 0 {
			return segment{}, kind
		}
	}
}

// decoder takes the headers off a packet, one after the other.
type decoder struct {
	rest     []byte
	src, dst netip.Addr
	missing  int  // bytes that IP says it has, and that are not in the rest
	part     part // of what was found to be a fragment; without data if the capture cut it off
}

// take takes the next header, or nil if it is not there as a whole.
func (d *decoder) take(n int) []byte {
	if len(d.rest) < n {
		return nil
	}
	head := d.rest[:n]
	d.rest = d.rest[n:]
	return head
}

// link takes the link's header, and returns the type of what follows as Ethernet has it,
// or 0. It reports whether the link type is supported.
func (d *decoder) link(of linkType) (ether uint16, ok bool) {
	size, at := 0, 0
	switch of {
	case linkEthernet:
		size, at = 14, 12
	case linkSLL:
		size, at = 16, 14
	case linkSLL2:
		size, at = 20, 0
	case linkNull, linkLoop:
		return family(d.take(4)), true
	case linkIPv4:
		return etherIPv4, true
	case linkIPv6:
		return etherIPv6, true
	case linkRaw, linkRawBSD, linkRawOpen:
		if len(d.rest) > 0 && d.rest[0]>>4 == 6 {
			return etherIPv6, true
		}
		return etherIPv4, true
	default:
		return 0, false
	}
	if head := d.take(size); head != nil {
		ether = binary.BigEndian.Uint16(head[at:])
	}
	return ether, true
}

// family reads a loopback's header: the number of a family of addresses, as the system
// has it that took the capture, in its byte order. No number is above 255.
func family(head []byte) (ether uint16) {
	if head == nil {
		return 0
	}
	number := binary.LittleEndian.Uint32(head)
	if head[0] == 0 && head[1] == 0 {
		number = binary.BigEndian.Uint32(head)
	}
	switch number {
	case 2:
		return etherIPv4
	case 10, 24, 28, 30: // Linux, NetBSD and OpenBSD, FreeBSD, macOS
		return etherIPv6
	}
	return 0
}

// ipv4 takes a header of RFC 791, section 3.1.
func (d *decoder) ipv4() (next int, k kind) {
	all := d.rest
	if len(all) < 20 {
		return 0, isOther
	}
	size, length := 4*int(all[0]&0xf), int(binary.BigEndian.Uint16(all[2:]))
	if length == 0 { // the network card is to cut it up, and fills the length in
		length = len(all)
	}
	if size < 20 || size > length || size > len(all) {
		return 0, isOther
	}
	d.rest = all[size:min(length, len(all))]
	d.missing = length - size - len(d.rest)
	d.src, d.dst = netip.AddrFrom4([4]byte(all[12:])), netip.AddrFrom4([4]byte(all[16:]))
	next = int(all[9])
	if place := binary.BigEndian.Uint16(all[6:]); place&0x3fff != 0 { // an offset, or more of them
		return 0, d.isPart(next, next, 8*int(place&0x1fff), place&0x2000 != 0, uint32(binary.BigEndian.Uint16(all[4:])))
	}
	switch next {
	case ipHopByHop, ipRouting, ipFragment, ipOptions: // which are IPv6's
		return 0, isOther
	}
	return next, 0
}

// ipv6 takes a header of RFC 8200, section 3.
func (d *decoder) ipv6() (next int, k kind) {
	head := d.take(40)
	if head == nil {
		return 0, isOther
	}
	d.missing = 0
	if length := int(binary.BigEndian.Uint16(head[4:])); length != 0 { // else the card is to cut it up, or it is a jumbogram
		d.missing = max(0, length-len(d.rest))
		d.rest = d.rest[:length-d.missing]
	}
	d.src, d.dst = netip.AddrFrom16([16]byte(head[8:])), netip.AddrFrom16([16]byte(head[24:]))
	return int(head[6]), 0
}

// extension takes one of IPv6's further headers.
func (d *decoder) extension() (next int, k kind) {
	if len(d.rest) < 2 {
		return 0, isOther
	}
	head := d.take(8 + 8*int(d.rest[1]))
	if head == nil {
		return 0, isOther
	}
	return int(head[0]), 0
}

// fragment takes IPv6's header of a fragment. One that is all of its packet is complete
// (RFC 6946).
func (d *decoder) fragment() (next int, k kind) {
	head := d.take(8)
	switch {
	case head == nil:
		return 0, isOther
	case binary.BigEndian.Uint16(head[2:])&0xfff9 != 0:
		place := binary.BigEndian.Uint16(head[2:])
		return 0, d.isPart(0, int(head[0]), int(place&0xfff8), place&1 != 0, binary.BigEndian.Uint32(head[4:]))
	}
	return int(head[0]), 0
}

// isPart notes the fragment that the rest is.
func (d *decoder) isPart(protocol, next, at int, more bool, id uint32) kind {
	d.part = part{of: packetID{d.src, d.dst, protocol, id}, next: next, at: at, more: more}
	if d.missing == 0 {
		d.part.data = d.rest
	}
	return isFragment
}

const (
	tcpHeader = 20 // bytes, without options
	udpHeader = 8
)

// Flags of TCP.
const (
	flagFIN = 1 << iota
	flagSYN
	flagRST
	flagPSH
	flagACK
)

// tcp reads the segment, with a header of RFC 9293, section 3.1.
func (d *decoder) tcp(p *packet) (segment, kind) {
	all := d.rest
	if len(all) < tcpHeader {
		return segment{}, isDamaged
	}
	size := 4 * int(all[12]>>4)
	if size < tcpHeader || size > len(all) {
		return segment{}, isDamaged
	}
	flags := all[13]
	s := segment{
		src: netip.AddrPortFrom(d.src, binary.BigEndian.Uint16(all)),
		dst: netip.AddrPortFrom(d.dst, binary.BigEndian.Uint16(all[2:])),
		seq: binary.BigEndian.Uint32(all[4:]), ack: binary.BigEndian.Uint32(all[8:]),
		syn: flags&flagSYN != 0, acks: flags&flagACK != 0, fin: flags&flagFIN != 0, rst: flags&flagRST != 0,
		window: uint32(binary.BigEndian.Uint16(all[14:])), payload: all[size:], at: p.at,
	}
	if s.syn {
		s.shift = shift(all[tcpHeader:size])
	}
	missing := min(d.missing, p.length-len(p.data)) // IP may claim more than the frame had
	s.length = len(s.payload) + max(0, missing)
	return s, isTCP
}

// shift returns the window scale among the options of a SYN (RFC 7323, section 2), 0
// without one.
func shift(options []byte) uint8 {
	const end, filler, windowScale = 0, 1, 3
	for len(options) > 0 && options[0] != end {
		size := 1
		if options[0] != filler {
			if len(options) < 2 || options[1] < 2 || int(options[1]) > len(options) {
				break
			}
			size = int(options[1])
		}
		if options[0] == windowScale && size == 3 {
			return min(options[2], 14)
		}
		options = options[size:]
	}
	return 0
}

// udp reads the datagram (RFC 768).
func (d *decoder) udp(p *packet) (segment, kind) {
	head := d.take(udpHeader)
	if head == nil {
		return segment{}, isOther
	}
	s := segment{
		udp: true, src: netip.AddrPortFrom(d.src, binary.BigEndian.Uint16(head)),
		dst: netip.AddrPortFrom(d.dst, binary.BigEndian.Uint16(head[2:])), payload: d.rest, at: p.at,
	}
	length := int(binary.BigEndian.Uint16(head[4:]))
	switch {
	case length >= udpHeader:
		s.payload = d.rest[:min(len(d.rest), length-udpHeader)]
	case length != 0: // 0: all of a jumbogram (RFC 2675)
		return segment{}, isOther
	}
	s.length = max(len(s.payload), length-udpHeader)
	return s, isUDP
}
