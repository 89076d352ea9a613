package pcap

import (
	"net/netip"
	"time"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
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

// decoder finds the TCP segment or the datagram in a packet.
type decoder struct {
	link    layers.Ethernet
	vlan    layers.Dot1Q
	cooked  layers.LinuxSLL
	cooked2 layers.LinuxSLL2
	loop    layers.Loopback
	ip4     layers.IPv4
	ip6     layers.IPv6
	skip6   layers.IPv6ExtensionSkipper
	part6   layers.IPv6Fragment
	tcp     layers.TCP
	udp     layers.UDP
	parsers map[gopacket.LayerType]*gopacket.DecodingLayerParser
	found   []gopacket.LayerType
}

func newDecoder() *decoder {
	d := &decoder{parsers: map[gopacket.LayerType]*gopacket.DecodingLayerParser{}}
	for _, first := range []gopacket.LayerType{layers.LayerTypeEthernet, layers.LayerTypeLinuxSLL, layers.LayerTypeLinuxSLL2,
		layers.LayerTypeLoopback, layers.LayerTypeIPv4, layers.LayerTypeIPv6} {
		p := gopacket.NewDecodingLayerParser(first, &d.link, &d.vlan, &d.cooked, &d.cooked2, &d.loop, &d.ip4, &d.ip6, &d.skip6, &d.part6, &d.tcp, &d.udp)
		d.parsers[first] = p
	}
	return d
}

// More link types with IP in them, by their numbers in files.
const (
	linkRawBSD  = 12 // LinkTypeRaw in the files of some systems
	linkRawOpen = 14
)

// firstLayer returns the first layer of packets of a link type, or 0 if the type
// is not supported.
func firstLayer(link layers.LinkType, data []byte) gopacket.LayerType {
	switch link {
	case layers.LinkTypeEthernet:
		return layers.LayerTypeEthernet
	case layers.LinkTypeLinuxSLL:
		return layers.LayerTypeLinuxSLL
	case layers.LinkTypeLinuxSLL2:
		return layers.LayerTypeLinuxSLL2
	case layers.LinkTypeNull, layers.LinkTypeLoop:
		return layers.LayerTypeLoopback
	case layers.LinkTypeIPv4:
		return layers.LayerTypeIPv4
	case layers.LinkTypeIPv6:
		return layers.LayerTypeIPv6
	case layers.LinkTypeRaw, linkRawBSD, linkRawOpen:
		if len(data) > 0 && data[0]>>4 == 6 {
			return layers.LayerTypeIPv6
		}
		return layers.LayerTypeIPv4
	}
	return 0
}

// What a packet is.
type kind uint8

const (
	isTCP kind = iota + 1
	isUDP
	isFragment
	isDamaged // TCP with an unreadable header
	isTunnel  // it holds another packet, which is not decoded
	isOther
)

// decode reads one packet. It ignores checksums: a capture on the sending host is
// taken before the network card fills them in.
func (d *decoder) decode(first gopacket.LayerType, data []byte, info gopacket.CaptureInfo) (segment, kind) {
	err := d.parsers[first].DecodeLayers(data, &d.found) // what was found before an error counts
	var src, dst netip.Addr
	missing := 0
	var protocol layers.IPProtocol
	for _, layer := range d.found {
		switch layer {
		case layers.LayerTypeIPv4:
			src, _ = netip.AddrFromSlice(d.ip4.SrcIP)
			dst, _ = netip.AddrFromSlice(d.ip4.DstIP)
			protocol = d.ip4.Protocol
			missing = int(d.ip4.Length) - len(d.ip4.Contents) - len(d.ip4.Payload)
			if d.ip4.FragOffset != 0 || d.ip4.Flags&layers.IPv4MoreFragments != 0 {
				return segment{}, isFragment
			}
		case layers.LayerTypeIPv6:
			src, _ = netip.AddrFromSlice(d.ip6.SrcIP)
			dst, _ = netip.AddrFromSlice(d.ip6.DstIP)
			protocol = d.ip6.NextHeader
			missing = int(d.ip6.Length) - len(d.ip6.Payload)
			if d.ip6.HopByHop != nil {
				missing -= d.ip6.HopByHop.ActualLength
			}
		case layers.LayerTypeIPv6Fragment:
			if d.part6.FragmentOffset != 0 || d.part6.MoreFragments { // else it is complete (RFC 6946)
				return segment{}, isFragment
			}
		case layers.LayerTypeTCP:
			t := &d.tcp
			missing = min(missing, info.Length-info.CaptureLength) // IP may claim more than the frame had
			return segment{
				src: netip.AddrPortFrom(src, uint16(t.SrcPort)), dst: netip.AddrPortFrom(dst, uint16(t.DstPort)),
				seq: t.Seq, ack: t.Ack, syn: t.SYN, acks: t.ACK, fin: t.FIN, rst: t.RST, window: uint32(t.Window), shift: shift(t),
				payload: t.Payload, length: len(t.Payload) + max(0, missing), at: info.Timestamp,
			}, isTCP
		case layers.LayerTypeUDP:
			u := &d.udp
			return segment{
				udp: true, src: netip.AddrPortFrom(src, uint16(u.SrcPort)), dst: netip.AddrPortFrom(dst, uint16(u.DstPort)),
				payload: u.Payload, length: max(len(u.Payload), int(u.Length)-udpHeader), at: info.Timestamp,
			}, isUDP
		}
	}
	if protocol == layers.IPProtocolTCP {
		return segment{}, isDamaged
	}
	if unread, ok := err.(gopacket.UnsupportedLayerType); ok {
		switch gopacket.LayerType(unread) {
		case layers.LayerTypePPPoE, layers.LayerTypeMPLS, layers.LayerTypeGRE:
			return segment{}, isTunnel
		}
	}
	return segment{}, isOther
}

const udpHeader = 8 // bytes

// shift returns the window scale of a SYN (RFC 7323, section 2), 0 without one.
func shift(t *layers.TCP) uint8 {
	for _, o := range t.Options {
		if t.SYN && o.OptionType == layers.TCPOptionKindWindowScale && len(o.OptionData) == 1 {
			return min(o.OptionData[0], 14)
		}
	}
	return 0
}
