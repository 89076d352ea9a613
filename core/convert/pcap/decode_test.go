package pcap

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
)

// What decode finds in packets, sound and damaged ones, is what gopacket finds there.
func TestDecodeLikeGopacket(t *testing.T) {
	rounds := 2000
	if testing.Short() {
		rounds = 200
	}
	r := rand.New(rand.NewPCG(1, 2))
	theirs := newPeerDecoder()
	found := map[kind]int{}
	for _, link := range []layers.LinkType{layers.LinkTypeEthernet, layers.LinkTypeLinuxSLL, layers.LinkTypeLinuxSLL2, layers.LinkTypeNull, layers.LinkTypeLoop, layers.LinkTypeRaw} {
		for _, sound := range captured(t, link) {
			for n := range rounds {
				data := bytes.Clone(sound)
				for range min(n, r.IntN(4)) {
					data[r.IntN(min(len(data), 80))] = byte(r.IntN(256))
				}
				if r.IntN(8) == 0 {
					data = data[:r.IntN(len(data)+1)]
				}
				p := packet{link: linkType(link), data: data, length: len(sound)}
				got, k := decode(&p)
				want, wantKind := theirs.decode(firstLayer(link, data), data, gopacket.CaptureInfo{CaptureLength: len(data), Length: len(sound)})
				found[k]++
				if k != wantKind && (theirs.isStricter() || k == isDamaged && wantKind == isOther) { // TCP after other headers
					continue
				}
				payload := bytes.Equal(got.payload, want.payload)
				got.payload, want.payload = nil, nil
				if k != wantKind || !payload || !same(got, want) {
					t.Fatalf("link type %v, % x: %v %+v, gopacket has %v %+v; the same bytes: %v", link, data, k, got, wantKind, want, payload)
				}
			}
		}
	}
	for _, k := range []kind{isTCP, isUDP, isFragment, isDamaged, isTunnel, isOther} {
		if found[k] == 0 {
			t.Errorf("no packet of kind %d", k)
		}
	}
}

func same(a, b segment) bool {
	a.payload, b.payload = nil, nil
	return a.udp == b.udp && a.src == b.src && a.dst == b.dst && a.seq == b.seq && a.ack == b.ack && a.syn == b.syn && a.acks == b.acks &&
		a.fin == b.fin && a.rst == b.rst && a.window == b.window && a.shift == b.shift && a.length == b.length
}

// captured returns a few packets of a link type.
func captured(t *testing.T, link layers.LinkType) [][]byte {
	w := newWire(t, link)
	w.scaled = true
	for _, w.v6 = range []bool{false, true} {
		w.c("S", 1, 0, "")
		w.s("SA", 7, 2, "")
		w.c("A", 2, 8, "some bytes")
	}
	source, err := open(&w.out)
	if err != nil {
		t.Fatal(err)
	}
	var all [][]byte
	for {
		p, err := source.next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, bytes.Clone(p.data))
		ip := len(w.linkHeader(0, 0))
		if head := p.data[ip:]; head[0]>>4 == 6 { // the same as a fragment that is complete, and as a datagram
			whole := slices.Concat(p.data[:ip], head[:4], []byte{0, head[5] + 8, 44}, head[7:40], []byte{6, 0, 0, 0, 0, 0, 0, 1}, head[40:])
			datagram := slices.Concat(p.data[:ip], head[:6], []byte{17}, head[7:44], []byte{0, head[5]}, head[46:])
			all = append(all, whole, datagram)
		}
	}
}

// peerDecoder does what decode does, by gopacket, which is where that is right.
type peerDecoder struct {
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

func newPeerDecoder() *peerDecoder {
	d := &peerDecoder{parsers: map[gopacket.LayerType]*gopacket.DecodingLayerParser{}}
	for _, first := range []gopacket.LayerType{layers.LayerTypeEthernet, layers.LayerTypeLinuxSLL, layers.LayerTypeLinuxSLL2,
		layers.LayerTypeLoopback, layers.LayerTypeIPv4, layers.LayerTypeIPv6} {
		p := gopacket.NewDecodingLayerParser(first, &d.link, &d.vlan, &d.cooked, &d.cooked2, &d.loop, &d.ip4, &d.ip6, &d.skip6, &d.part6, &d.tcp, &d.udp)
		d.parsers[first] = p
	}
	return d
}

// isStricter reports whether the last packet is one in which gopacket does not read on: with
// wrong options of IPv4 or IPv6, an IPv6 length that is for the network card to fill in, or, of a
// cooked capture, an address that is longer than its place, as that of InfiniBand is.
func (d *peerDecoder) isStricter() bool {
	return d.ip4.IHL > 5 || d.ip6.Length == 0 || d.ip6.NextHeader == layers.IPProtocolIPv6HopByHop || len(d.found) == 0
}

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
	case layers.LinkTypeRaw, layers.LinkType(linkRawBSD), layers.LinkType(linkRawOpen):
		if len(data) > 0 && data[0]>>4 == 6 {
			return layers.LayerTypeIPv6
		}
		return layers.LayerTypeIPv4
	}
	return 0
}

func (d *peerDecoder) decode(first gopacket.LayerType, data []byte, info gopacket.CaptureInfo) (segment, kind) {
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
				seq: t.Seq, ack: t.Ack, syn: t.SYN, acks: t.ACK, fin: t.FIN, rst: t.RST, window: uint32(t.Window), shift: peerShift(t),
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

func peerShift(t *layers.TCP) uint8 {
	for _, o := range t.Options {
		if t.SYN && o.OptionType == layers.TCPOptionKindWindowScale && len(o.OptionData) == 1 {
			return min(o.OptionData[0], 14)
		}
	}
	return 0
}
