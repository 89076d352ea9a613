package pcap

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/gopacket/gopacket"
	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// ErrNoCapture says that the input is neither pcap nor pcapng.
var ErrNoCapture = errors.New("not a capture: expected pcap or pcapng, which tcpdump -w and Wireshark write, gzipped or not")

// source reads the packets of a capture of any form.
type source interface {
	// next returns the next packet, valid until the next call, and its link type.
	// io.EOF is the end, io.ErrUnexpectedEOF an end within a packet.
	next() (data []byte, info gopacket.CaptureInfo, link layers.LinkType, err error)
}

// IsCapture reports whether a file that begins with head, 4 bytes or more, may be
// a capture.
func IsCapture(head []byte) bool {
	if len(head) < 4 {
		return false
	}
	if isGzip(head) {
		return true
	}
	return binary.LittleEndian.Uint32(head) == blockSection || classicOrder(head) != nil
}

func isGzip(head []byte) bool { return head[0] == 0x1f && head[1] == 0x8b }

func open(r io.Reader) (source, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	head, err := in.Peek(4)
	if err == nil && isGzip(head) {
		zip, err := gzip.NewReader(in)
		if err != nil {
			return nil, fmt.Errorf("read gzip: %w", err)
		}
		in = bufio.NewReaderSize(zip, 64<<10)
		if head, err = in.Peek(4); err == nil && isGzip(head) {
			return nil, ErrNoCapture // gzipped twice
		}
	}
	switch {
	case len(head) == 0 && (err == nil || err == io.EOF):
		return nil, errors.New("empty capture")
	case len(head) < 4 && err != nil && err != io.EOF:
		return nil, err
	case !IsCapture(head):
		return nil, ErrNoCapture
	case binary.LittleEndian.Uint32(head) == blockSection:
		return openNG(in)
	}
	return openClassic(in)
}

// plain returns ends of input unchanged, for the caller to report, and adds
// context to pcapgo's errors.
func plain(err error) error {
	if err == nil || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return fmt.Errorf("the capture is damaged: %w", err)
}

type nextGeneration struct {
	*pcapgo.NgReader
	blocks *blocks
}

func openNG(in *bufio.Reader) (source, error) {
	b := &blocks{r: in}
	r, err := pcapgo.NewNgReader(b, pcapgo.NgReaderOptions{WantMixedLinkType: true})
	if err == pcapgo.ErrNgVersionMismatch {
		return nil, errors.New("pcapng version is not supported; only 1.0 is")
	}
	if err != nil {
		return nil, plain(err)
	}
	return &nextGeneration{r, b}, nil
}

func (g *nextGeneration) next() ([]byte, gopacket.CaptureInfo, layers.LinkType, error) {
	data, info, err := g.ZeroCopyReadPacketData()
	switch {
	case err == io.EOF && g.blocks.torn:
		return nil, info, 0, io.ErrUnexpectedEOF
	case err != nil:
		return nil, info, 0, plain(err)
	}
	info.Timestamp = g.blocks.at // each read of blocks ends with its block: the current one is this packet's
	return data, info, info.AncillaryData[0].(layers.LinkType), nil
}
