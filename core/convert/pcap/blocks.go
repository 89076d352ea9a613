package pcap

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Bounds of what a capture may make us hold.
const (
	maxPacket     = 256 << 10 // bytes of one packet, as libpcap's
	maxBlock      = 1 << 20   // bytes of one pcapng block that is read
	maxInterfaces = 1024      // of one section
)

// blocks reads pcapng and hands on the blocks that tell packets, whole and
// checked: section headers, interfaces and packets. All others are skipped
// where they stand; pcapgo would keep names and secrets in memory, however
// many there are, and believe the lengths.
type blocks struct {
	r          *bufio.Reader
	order      binary.ByteOrder
	interfaces int
	block      []byte // what is left to hand on of the current block
	buf        []byte
	torn       bool // the input ended within a block; pcapgo may take that for the end
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

// next reads one block. io.EOF is the capture's end, io.ErrUnexpectedEOF an
// end within a block.
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
	if binary.LittleEndian.Uint32(head) == blockSection { // the same in both orders
		if err := b.section(head[8:]); err != nil {
			return err
		}
	}
	kind, length := b.order.Uint32(head), b.order.Uint32(head[4:])
	if length < 12 || length%4 != 0 {
		return fmt.Errorf("a block says that it is %d bytes long", length)
	}
	switch kind {
	case blockSection, blockEnhanced, blockPacket, blockSimple:
	case blockInterface:
		if b.interfaces++; b.interfaces > maxInterfaces {
			return fmt.Errorf("there are more than %d interfaces", maxInterfaces)
		}
	default:
		return b.skip(int64(length))
	}
	if length > maxBlock {
		return fmt.Errorf("a block of a packet says that it is %d bytes long", length)
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
		return errors.New("a section header has no byte order")
	}
	b.interfaces = 0
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
	if _, err := io.ReadFull(b.r, block); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return err
	}
	if again := b.order.Uint32(block[length-4:]); int(again) != length {
		return fmt.Errorf("a block says that it is %d bytes long, and at its end %d", length, again)
	}
	const fixed, end = 28, 4 // of packet blocks: before and behind the packet
	if kind == blockEnhanced || kind == blockPacket {
		if length < fixed+end {
			return fmt.Errorf("a packet's block is %d bytes long", length)
		}
		if captured := b.order.Uint32(block[20:]); captured > maxPacket || int(captured) > length-fixed-end {
			return fmt.Errorf("a packet of %d bytes does not fit its block of %d", captured, length)
		}
	}
	b.block = block
	return nil
}
