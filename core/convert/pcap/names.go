package pcap

import (
	"encoding/binary"
	"net/netip"
)

// The numbers of the pcapng blocks that this package itself writes or reads.
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockPacket    = 2 // obsolete, still in use
	blockSimple    = 3
	blockNames     = 4
	blockEnhanced  = 6
)

// nameBlock returns a Name Resolution block with one name, in little endian like
// pcapgo's output. Pcapgo reads such blocks but writes none.
func nameBlock(addr netip.Addr, name string) []byte {
	kind := uint16(1) // IPv4
	if addr.Is6() {
		kind = 2
	}
	record := append(addr.AsSlice(), name...)
	record = append(record, 0)
	le := binary.LittleEndian
	block := le.AppendUint32(nil, blockNames)
	block = le.AppendUint32(block, 0) // the length, below
	block = le.AppendUint16(block, kind)
	block = le.AppendUint16(block, uint16(len(record)))
	block = append(block, record...)
	for len(block)%4 != 0 {
		block = append(block, 0)
	}
	block = le.AppendUint32(block, 0) // end of the records
	length := uint32(len(block) + 4)
	le.PutUint32(block[4:], length)
	return le.AppendUint32(block, length)
}
