package pcap

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gopacket/gopacket/layers"
)

// Packets within others are not decoded, but reported.
func TestTunnels(t *testing.T) {
	w := newWire(t, layers.LinkTypeEthernet)
	w.hello()
	for _, packet := range []string{
		"\x88\x64\x11\x00\x00\x01\x00\x02\x00\x21", // PPPoE
		"\x88\x47\x00\x01\x01\xff",                 // MPLS
		"\x08\x06\x00\x01\x08\x00",                 // ARP is not a tunnel
	} {
		w.packet([]byte(strings.Repeat("\x02", 12) + packet + strings.Repeat("\x00", 40)))
	}
	_, report, err := imported(bytes.NewReader(w.out.Bytes()))
	if err != nil || report.Tunnelled != 2 {
		t.Errorf("%+v, %v", report, err)
	}
}

// An unreadable TCP header is reported.
func TestDamagedHeaders(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		w := newWire(t, layers.LinkTypeRaw)
		w.v6 = v6
		w.hello()
		capture := w.out.Bytes()
		header, packets := records(capture)
		capture = append([]byte(nil), header...)
		for n, r := range packets {
			if offset := 16 + 20 + 12; n == 3 {
				if v6 {
					offset += 20
				}
				r[offset] = 0x30 // three words of a header, which has five
			}
			capture = append(capture, r...)
		}
		_, report, err := imported(bytes.NewReader(capture))
		if err != nil || report.Damaged != 1 {
			t.Errorf("IPv6 %v: %+v, %v", v6, report, err)
		}
	}
}
