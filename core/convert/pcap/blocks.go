package pcap

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"time"
)

// Bounds of what a capture may make Import hold.
const (
	maxPacket     = 256 << 10 // bytes of one packet, as libpcap's
	maxBlock      = 1 << 20   // bytes of one pcapng block
	maxInterfaces = 1024      // of one section
)

// blocks reads pcapng and passes on the blocks needed for packets, complete and
// checked: section headers, interfaces and packets. It skips all others in the
// stream; pcapgo would keep any number of names and secrets in memory, and believe
// the lengths.
type blocks struct {
	r          *bufio.Reader
	order      binary.ByteOrder
	interfaces []ngInterface // of the current section
	at         time.Time     // of the packet in the current block; zero if unknown
	block      []byte        // the rest of the current block
	buf        []byte
	torn       bool // the input ended within a block, which pcapgo may take for the end
}

func (b *blocks) Read(p []byte) (int, error) {
	for len(b.block) == 0 {
		if err := b.next(); err != nil {
			b.torn = b.torn || err == io.ErrUnexpectedEOF
			return 0, err
		}
	}
	n := copy(p, b.block)
	b.block = b.block[n:]
	return n, nil
}

// next reads one block. io.EOF is the capture's end, io.ErrUnexpectedEOF an end
// within a block.
func (b *blocks) next() error {
	head, err := b.r.Peek(12)
	switch {
	case len(head) == 0 && err == io.EOF:
		return io.EOF
	case err == io.EOF:
		return io.ErrUnexpectedEOF
	case err != nil:
		return err
	}
	if binary.LittleEndian.Uint32(head) == blockSection { // the same in both byte orders
		if err := b.section(head[8:]); err != nil {
			return err
		}
	}
	kind, length := b.order.Uint32(head), b.order.Uint32(head[4:])
	if length < 12 || length%4 != 0 {
		return fmt.Errorf("block of %d bytes", length)
	}
	switch kind {
	case blockSection, blockEnhanced, blockPacket, blockSimple:
	case blockInterface:
		if len(b.interfaces) == maxInterfaces {
			return fmt.Errorf("more than %d interfaces", maxInterfaces)
		}
	default:
		return b.skip(int64(length))
	}
	if length > maxBlock {
		return fmt.Errorf("packet block of %d bytes", length)
	}
	return b.take(kind, int(length))
}

func (b *blocks) section(magic []byte) error {
	const byteOrder uint32 = 0x1a2b3c4d
	switch byteOrder {
	case binary.LittleEndian.Uint32(magic):
		b.order = binary.LittleEndian
	case binary.BigEndian.Uint32(magic):
		b.order = binary.BigEndian
	default:
		return errors.New("section header without a byte order")
	}
	b.interfaces = b.interfaces[:0]
	return nil
}

func (b *blocks) skip(n int64) error {
	_, err := io.CopyN(io.Discard, b.r, n)
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	return err
}

func (b *blocks) take(kind uint32, length int) error {
	if cap(b.buf) < length {
		b.buf = make([]byte, length)
	}
	block := b.buf[:length]
	if _, err := io.ReadFull(b.r, block); err != nil { // never io.EOF: next has seen its beginning
		return err
	}
	if again := b.order.Uint32(block[length-4:]); int(again) != length {
		return fmt.Errorf("block of %d bytes, but of %d bytes at its end", length, again)
	}
	if err := b.look(kind, block); err != nil {
		return err
	}
	b.block = block
	return nil
}

// look checks the lengths in a block and takes the times from it.
func (b *blocks) look(kind uint32, block []byte) error {
	least := 32 // bytes of a packet's block without the packet
	switch kind {
	case blockSection:
		least = 28
	case blockInterface:
		least = 20
	case blockSimple:
		least = 16
	}
	if len(block) < least {
		return fmt.Errorf("block of kind %d with %d bytes", kind, len(block))
	}
	var captured uint32
	b.at = time.Time{}
	switch kind {
	case blockSection:
		if b.order.Uint16(block[12:]) == 1 && b.order.Uint16(block[14:]) == 2 {
			b.order.PutUint16(block[14:], 0) // the same format (draft-ietf-opsawg-pcapng, section 4.1)
		}
	case blockInterface:
		one, err := b.describe(block)
		if err != nil {
			return err
		}
		b.interfaces = append(b.interfaces, one)
	case blockSimple:
		captured = b.order.Uint32(block[8:])
		if len(b.interfaces) > 0 && b.interfaces[0].snap != 0 {
			captured = min(captured, b.interfaces[0].snap)
		}
	case blockEnhanced, blockPacket:
		captured = b.order.Uint32(block[20:])
		id := int(b.order.Uint32(block[8:]))
		if kind == blockPacket {
			id = int(b.order.Uint16(block[8:]))
		}
		if id < len(b.interfaces) { // else pcapgo returns an error
			b.at = b.interfaces[id].time(uint64(b.order.Uint32(block[12:]))<<32 | uint64(b.order.Uint32(block[16:])))
		}
	}
	if captured > maxPacket || int(captured) > len(block)-least {
		return fmt.Errorf("packet of %d bytes does not fit its block of %d", captured, len(block))
	}
	return nil
}
