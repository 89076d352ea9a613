package pcap

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"time"
)

// The magic numbers of pcap files, in the files' own byte order.
const (
	magicMicro    = 0xa1b2c3d4
	magicNano     = 0xa1b23c4d
	magicModified = 0xa1b2cd34 // by A. Kuznetzov's patch: longer headers
)

// classic reads pcap (draft-ietf-opsawg-pcap) and its variants. Like libpcap it reads older
// minor versions, and packets longer than their original length.
type classic struct {
	r     *bufio.Reader
	order binary.ByteOrder
	unit  int64 // nanoseconds of a time's fraction
	minor uint16
	link  linkType
	head  []byte // of a packet
	buf   []byte
}

func classicOrder(magic []byte) binary.ByteOrder {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		switch order.Uint32(magic) {
		case magicMicro, magicNano, magicModified:
			return order
		}
	}
	return nil
}

func openClassic(r *bufio.Reader) (source, error) {
	var header [24]byte
	if _, err := io.ReadFull(r, header[:]); err != nil {
		return nil, err
	}
	c := &classic{r: r, order: classicOrder(header[:]), unit: 1000}
	major := c.order.Uint16(header[4:])
	c.minor = c.order.Uint16(header[6:])
	if major != 2 {
		return nil, fmt.Errorf("pcap version %d.%d is not supported; version 2 is", major, c.minor)
	}
	c.link = linkType(c.order.Uint32(header[20:])) // the bits above 16 are other flags
	// Some systems wrote longer packet headers: Red Hat 6.1 and Nokia without a
	// magic number of their own, SuSE 6.3 with that of the patch. The shorter
	// header comes first: where a longer header is taken for a shorter one, seconds
	// are in the place of a fraction, or of a length.
	sizes := []int{16, 20, 24}
	switch c.order.Uint32(header[:]) {
	case magicNano:
		c.unit, sizes = 1, sizes[:1]
	case magicModified:
		sizes = []int{24, 28}
	}
	size := sizes[0]
	if c.second(size) == isNone {
		for _, other := range sizes[1:] {
			if c.second(other) == isSound {
				size = other
				break
			}
		}
	}
	c.head = make([]byte, size)
	return c, nil
}

// What is at the place of the second packet's header.
type verdict uint8

const (
	isUnknown verdict = iota // it does not exist, or is too far away to look at
	isSound
	isNone
)

// second looks at the place of the second packet's header if headers have size
// bytes.
func (c *classic) second(size int) verdict {
	at := 0
	for range 2 {
		head, err := c.r.Peek(at + 16)
		if err != nil {
			return isUnknown
		}
		captured, _ := c.lengths(head[at:])
		if fraction := c.order.Uint32(head[at+4:]); captured > maxPacket || int64(fraction)*c.unit >= 1e9 {
			return isNone
		}
		at += size + int(captured)
	}
	return isSound
}

// lengths returns a packet's length in the capture and its original one. Their
// order differs between versions, as libpcap knows.
func (c *classic) lengths(head []byte) (captured, original uint32) {
	captured, original = c.order.Uint32(head[8:]), c.order.Uint32(head[12:])
	if c.minor < 3 || c.minor == 3 && captured > original {
		return original, captured
	}
	return captured, original
}

func (c *classic) next() (packet, error) {
	if _, err := io.ReadFull(c.r, c.head); err != nil {
		return packet{}, plain(err)
	}
	captured, original := c.lengths(c.head)
	if captured > maxPacket {
		return packet{}, fmt.Errorf("the capture is damaged: packet of %d bytes", captured)
	}
	if cap(c.buf) < int(captured) {
		c.buf = make([]byte, captured)
	}
	data := c.buf[:captured]
	if _, err := io.ReadFull(c.r, data); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return packet{}, plain(err)
	}
	at := time.Unix(int64(c.order.Uint32(c.head)), int64(c.order.Uint32(c.head[4:]))*c.unit).UTC()
	return packet{c.link, data, int(original), at}, nil
}
