package pcap

import (
	"bufio"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrNoCapture says that the input is neither pcap nor pcapng.
var ErrNoCapture = errors.New("not a capture: expected pcap or pcapng, which tcpdump -w and Wireshark write, gzipped or not")

// source reads the packets of a capture of any form.
type source interface {
	// next returns the next packet. io.EOF is the end, io.ErrUnexpectedEOF an end within
	// a packet.
	next() (packet, error)
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

// plain returns ends of input unchanged, for the caller to report, and adds context to
// errors of the format.
func plain(err error) error {
	if err == nil || err == errVersion || errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return err
	}
	return fmt.Errorf("the capture is damaged: %w", err)
}
