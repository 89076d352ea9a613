package pcap

import (
	"encoding/binary"
	"math"
	"net/netip"
)

// peer is one of the two hosts.
type peer struct {
	addr netip.AddrPort
	mac  [6]byte
	seq  uint32 // of the next byte
	id   uint16 // of the next IPv4 packet
}

// appendFrame appends an Ethernet frame with an IP packet (RFC 791, RFC 8200) in it. above
// is the header of the protocol over IP, with a checksum of 0 at the given place.
func appendFrame(dst []byte, from, to *peer, protocol byte, above []byte, checksumAt int, data []byte) []byte {
	be := binary.BigEndian
	dst = append(append(dst, to.mac[:]...), from.mac[:]...)
	size := len(above) + len(data)
	if from.addr.Addr().Is4() {
		dst = be.AppendUint16(dst, etherIPv4)
		header := len(dst)
		dst = append(dst, 0x45, 0)
		dst = be.AppendUint16(dst, fit(20+size))
		dst = be.AppendUint16(dst, from.id)
		dst = append(dst, 0x40, 0, 64, protocol, 0, 0) // don't fragment; hops; the checksum
		dst = append(append(dst, from.addr.Addr().AsSlice()...), to.addr.Addr().AsSlice()...)
		be.PutUint16(dst[header+10:], checksum(0, dst[header:]))
		from.id++
	} else {
		dst = be.AppendUint16(dst, etherIPv6)
		dst = append(dst, 0x60, 0, 0, 0)
		dst = be.AppendUint16(dst, fit(size))
		dst = append(dst, protocol, 64)
		dst = append(append(dst, from.addr.Addr().AsSlice()...), to.addr.Addr().AsSlice()...)
	}
	at := len(dst)
	dst = append(append(dst, above...), data...)
	sum := uint64(protocol) + uint64(size) // and the addresses: the pseudo header
	for _, addr := range []netip.Addr{from.addr.Addr(), to.addr.Addr()} {
		sum = add(sum, addr.AsSlice())
	}
	found := checksum(sum, dst[at:])
	if found == 0 && protocol == ipUDP { // in which 0 stands for none
		found = math.MaxUint16
	}
	be.PutUint16(dst[at+checksumAt:], found)
	return dst
}

// fit is a length in IP's 16 bits; 0, as of what a network card is to cut up, where it is
// longer.
func fit(n int) uint16 {
	if n > math.MaxUint16 {
		return 0
	}
	return uint16(n)
}

// checksum returns the Internet checksum (RFC 1071) of data after a sum.
func checksum(sum uint64, data []byte) uint16 {
	sum = add(sum, data)
	for sum > math.MaxUint16 {
		sum = sum>>16 + sum&math.MaxUint16
	}
	return ^uint16(sum)
}

// add adds 16-bit words to a sum.
func add(sum uint64, data []byte) uint64 {
	for ; len(data) > 1; data = data[2:] {
		sum += uint64(binary.BigEndian.Uint16(data))
	}
	if len(data) == 1 {
		sum += uint64(data[0]) << 8
	}
	return sum
}

// tcpHead makes a header of TCP (RFC 9293, section 3.1). A SYN has options: the largest
// segment and the window scale.
func tcpHead(from, to *peer, flags byte, mss int) []byte {
	be := binary.BigEndian
	head := make([]byte, tcpHeader, tcpHeader+8)
	be.PutUint16(head, from.addr.Port())
	be.PutUint16(head[2:], to.addr.Port())
	be.PutUint32(head[4:], from.seq)
	if flags&flagACK != 0 {
		be.PutUint32(head[8:], to.seq)
	}
	be.PutUint16(head[14:], math.MaxUint16) // window
	if flags&flagSYN != 0 {
		head = append(head, 2, 4, byte(mss>>8), byte(mss), 1, 3, 3, 7)
	}
	head[12], head[13] = byte(len(head)/4)<<4, flags
	return head
}

// udpHead makes a header of UDP (RFC 768) before n bytes.
func udpHead(from, to *peer, n int) []byte {
	be := binary.BigEndian
	head := be.AppendUint16(nil, from.addr.Port())
	head = be.AppendUint16(head, to.addr.Port())
	head = be.AppendUint16(head, fit(udpHeader+n))
	return be.AppendUint16(head, 0)
}
