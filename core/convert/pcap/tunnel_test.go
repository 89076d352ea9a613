package pcap

import (
	"bytes"
	"strings"
	"testing"

	"github.com/gopacket/gopacket/layers"
)

// Packets within others are not looked into, and are told of.
func TestTunnels(t *testing.T) {
	w := newWire(t, layers.LinkTypeEthernet)
	w.hello()
	for _, packet := range []string{
		"\x88\x64\x11\x00\x00\x01\x00\x02\x00\x21", // PPPoE
		"\x88\x47\x00\x01\x01\xff",                 // MPLS
		"\x08\x06\x00\x01\x08\x00",                 // ARP is no tunnel
	} {
		w.packet([]byte(strings.Repeat("\x02", 12) + packet + strings.Repeat("\x00", 40)))
	}
	_, report, err := imported(bytes.NewReader(w.out.Bytes()))
	if err != nil || report.Tunnelled != 2 || report.Other != 3 {
		t.Errorf("%+v, %v", report, err)
	}
}
