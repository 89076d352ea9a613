package pcap

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Bounds of what a capture may make Import hold.
const (
	maxPacket     = 256 << 10 // bytes of one packet, as libpcap's
	maxBlock      = 1 << 20   // bytes of one pcapng block
	maxInterfaces = 1024      // of one section
)

// nextGeneration reads pcapng (draft-ietf-opsawg-pcapng): of its blocks the sections'
// headers, the interfaces and the packets. It skips all others in the stream.
type nextGeneration struct {
	r          *bufio.Reader
	order      binary.ByteOrder
	interfaces []ngInterface // of the current section
	buf        []byte
}

// openNG reads the first section's header.
func openNG(in *bufio.Reader) (source, error) {
	g := &nextGeneration{r: in}
	if _, _, err := g.block(); err != nil {
		return nil, plain(err)
	}
	return g, nil
}

func (g *nextGeneration) next() (packet, error) {
	for {
		kind, block, err := g.block()
		if err != nil {
			return packet{}, plain(err)
		}
		switch kind {
		case blockInterface:
			one, err := g.describe(block)
			if err != nil {
				return packet{}, plain(err)
			}
			g.interfaces = append(g.interfaces, one)
		case blockSimple, blockEnhanced, blockPacket:
			p, err := g.packet(kind, block)
			return p, plain(err)
		}
	}
}

// block reads the next block that is one of those named above, checked and complete; it is
// valid until the next one. io.EOF is the capture's end, io.ErrUnexpectedEOF an end within
// a block.
func (g *nextGeneration) block() (kind uint32, block []byte, err error) {
	for {
		head, err := g.r.Peek(12)
		switch {
		case len(head) == 0 && err == io.EOF:
			return 0, nil, io.EOF
		case err == io.EOF:
			return 0, nil, io.ErrUnexpectedEOF
		case err != nil:
			return 0, nil, err
		}
		isSection := binary.LittleEndian.Uint32(head) == blockSection // the same in both byte orders
		if isSection {
			if err := g.section(head[8:]); err != nil {
				return 0, nil, err
			}
		}
		kind, length := g.order.Uint32(head), g.order.Uint32(head[4:])
		if length < 12 || length%4 != 0 {
			return 0, nil, fmt.Errorf("block of %d bytes", length)
		}
		least := leastOf(kind)
		switch {
		case least == 0:
			if err := g.skip(int64(length)); err != nil {
				return 0, nil, err
			}
			continue
		case kind == blockInterface && len(g.interfaces) == maxInterfaces:
			return 0, nil, fmt.Errorf("more than %d interfaces", maxInterfaces)
		case length > maxBlock:
			return 0, nil, fmt.Errorf("packet block of %d bytes", length)
		}
		block, err := g.take(int(length))
		switch {
		case err != nil:
			return 0, nil, err
		case len(block) < least:
			return 0, nil, fmt.Errorf("block of kind %d with %d bytes", kind, len(block))
		case isSection && !isVersion1(g.order, block):
			return 0, nil, errVersion
		}
		return kind, block, nil
	}
}

// leastOf returns how many bytes a block of a kind has at least, without a packet in it; 0
// for one that is skipped.
func leastOf(kind uint32) int {
	switch kind {
	case blockSection:
		return 28
	case blockInterface:
		return 20
	case blockSimple:
		return 16
	case blockEnhanced, blockPacket:
		return 32
	}
	return 0
}

var errVersion = errors.New("pcapng version is not supported; only 1.0 is")

// isVersion1 reports whether a section is in the format that is known: 1.0, which some
// write as 1.2 (draft-ietf-opsawg-pcapng, section 4.1).
func isVersion1(order binary.ByteOrder, section []byte) bool {
	minor := order.Uint16(section[14:])
	return order.Uint16(section[12:]) == 1 && (minor == 0 || minor == 2)
}

func (g *nextGeneration) section(magic []byte) error {
	const byteOrder uint32 = 0x1a2b3c4d
	switch byteOrder {
	case binary.LittleEndian.Uint32(magic):
		g.order = binary.LittleEndian
	case binary.BigEndian.Uint32(magic):
		g.order = binary.BigEndian
	default:
		return errors.New("section header without a byte order")
	}
	g.interfaces = g.interfaces[:0]
	return nil
}

func (g *nextGeneration) skip(n int64) error {
	_, err := io.CopyN(io.Discard, g.r, n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

func (g *nextGeneration) take(length int) ([]byte, error) {
	if cap(g.buf) < length {
		g.buf = make([]byte, length)
	}
	block := g.buf[:length]
	if _, err := io.ReadFull(g.r, block); err != nil { // never io.EOF: block has seen its beginning
		return nil, err
	}
	if again := g.order.Uint32(block[length-4:]); int(again) != length {
		return nil, fmt.Errorf("block of %d bytes, but of %d bytes at its end", length, again)
	}
	return block, nil
}

// packet reads a packet's block.
func (g *nextGeneration) packet(kind uint32, block []byte) (packet, error) {
	id, captured, length, from := 0, uint32(0), uint32(0), 28
	switch kind {
	case blockSimple: // of the first interface, without a time
		length, from = g.order.Uint32(block[8:]), 12
		captured = length
		if len(g.interfaces) > 0 && g.interfaces[0].snap != 0 {
			captured = min(captured, g.interfaces[0].snap)
		}
	case blockPacket:
		id, captured, length = int(g.order.Uint16(block[8:])), g.order.Uint32(block[20:]), g.order.Uint32(block[24:])
	default:
		id, captured, length = int(g.order.Uint32(block[8:])), g.order.Uint32(block[20:]), g.order.Uint32(block[24:])
	}
	switch {
	case id >= len(g.interfaces):
		return packet{}, fmt.Errorf("packet of interface %d, and its section has %d", id, len(g.interfaces))
	case captured > maxPacket || int(captured) > len(block)-4-from:
		return packet{}, fmt.Errorf("packet of %d bytes does not fit its block of %d", captured, len(block))
	}
	p := packet{link: g.interfaces[id].link, data: block[from : from+int(captured)], length: int(length)}
	if kind != blockSimple {
		p.at = g.interfaces[id].time(uint64(g.order.Uint32(block[12:]))<<32 | uint64(g.order.Uint32(block[16:])))
	}
	return p, nil
}
