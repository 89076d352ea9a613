package pcap

import (
	"fmt"
	"time"
)

// packet is one packet of a capture. Its data are valid until the next one is read.
type packet struct {
	link   linkType
	data   []byte
	length int // on the wire: more than its data if the capture cut it off
	at     time.Time
}

// linkType says what a packet begins with, by the numbers in files
// (https://www.tcpdump.org/linktypes.html).
type linkType uint16

// The link types that are read: those with IP in them that people capture.
const (
	linkNull     linkType = 0
	linkEthernet linkType = 1
	linkRawBSD   linkType = 12 // linkRaw in the files of some systems
	linkRawOpen  linkType = 14
	linkRaw      linkType = 101
	linkLoop     linkType = 108
	linkSLL      linkType = 113 // Linux cooked
	linkIPv4     linkType = 228
	linkIPv6     linkType = 229
	linkSLL2     linkType = 276
)

// String returns the number, and the name of one that is often met and not read.
func (l linkType) String() string {
	names := map[linkType]string{
		9: "PPP", 105: "IEEE 802.11", 127: "IEEE 802.11 with radiotap", 187: "Bluetooth", 189: "USB",
		195: "IEEE 802.15.4", 201: "Bluetooth", 220: "USB", 227: "CAN", 251: "Bluetooth LE", 253: "netlink", 266: "USB",
	}
	if name := names[l]; name != "" {
		return fmt.Sprintf("%d (%s)", uint16(l), name)
	}
	return fmt.Sprint(uint16(l))
}
