package pcap

import (
	"bufio"
	"encoding/binary"
	"io"
	"net/netip"
	"time"
)

// The numbers of the pcapng blocks that are written or read.
const (
	blockSection   = 0x0a0d0d0a
	blockInterface = 1
	blockPacket    = 2 // obsolete, still in use
	blockSimple    = 3
	blockNames     = 4
	blockEnhanced  = 6
	blockSecrets   = 10
)

// Options of blocks.
const (
	optionEnd         = 0
	optionComment     = 1
	optionName        = 2 // of an interface
	optionDescription = 3
	optionApplication = 4 // of a section
	optionResolution  = 9 // of an interface's times
	optionOffset      = 14
)

// ngWriter writes pcapng (draft-ietf-opsawg-pcapng) in little endian: first a section and
// its interface, last flush.
type ngWriter struct {
	w   *bufio.Writer
	buf []byte // the block that is made
}

func newNGWriter(w io.Writer) *ngWriter { return &ngWriter{w: bufio.NewWriter(w)} }

func (w *ngWriter) flush() error { return w.w.Flush() }

func (w *ngWriter) begin(kind uint32) {
	w.buf = binary.LittleEndian.AppendUint32(w.buf[:0], kind)
	w.uint32(0) // the length, at the end
}

func (w *ngWriter) uint16(n uint16) { w.buf = binary.LittleEndian.AppendUint16(w.buf, n) }
func (w *ngWriter) uint32(n uint32) { w.buf = binary.LittleEndian.AppendUint32(w.buf, n) }

// padded adds data up to a multiple of four bytes.
func (w *ngWriter) padded(data string) {
	w.buf = append(w.buf, data...)
	for len(w.buf)%4 != 0 {
		w.buf = append(w.buf, 0)
	}
}

func (w *ngWriter) option(code uint16, value string) {
	w.uint16(code)
	w.uint16(uint16(len(value)))
	w.padded(value)
}

// end writes the block. Errors stay: flush returns the first one too.
func (w *ngWriter) end() error {
	length := uint32(len(w.buf) + 4)
	w.uint32(length)
	binary.LittleEndian.PutUint32(w.buf[4:], length)
	_, err := w.w.Write(w.buf)
	return err
}

// section writes a section's header with a comment.
func (w *ngWriter) section(comment string) error {
	w.begin(blockSection)
	w.uint32(0x1a2b3c4d) // which tells the byte order
	w.uint16(1)
	w.uint16(0)
	w.uint32(0xffffffff) // its length is not said
	w.uint32(0xffffffff)
	w.option(optionApplication, "workbench")
	w.option(optionComment, comment)
	w.option(optionEnd, "")
	return w.end()
}

// ethernet writes an interface whose packets have times in nanoseconds.
func (w *ngWriter) ethernet(name, description string) error {
	w.begin(blockInterface)
	w.uint16(uint16(linkEthernet))
	w.uint16(0)
	w.uint32(0) // packets are whole
	w.option(optionName, name)
	w.option(optionDescription, description)
	w.option(optionResolution, "\x09")
	w.option(optionEnd, "")
	return w.end()
}

// name writes a block that says what an address is called.
func (w *ngWriter) name(addr netip.Addr, name string) error {
	kind := uint16(1) // IPv4
	if addr.Is6() {
		kind = 2
	}
	record := string(addr.AsSlice()) + name + "\x00"
	w.begin(blockNames)
	w.option(kind, record)
	w.option(optionEnd, "")
	return w.end()
}

// secrets writes lines of a key log, as NSS writes it.
func (w *ngWriter) secrets(lines []byte) error {
	w.begin(blockSecrets)
	w.uint32(0x544c534b)
	w.uint32(uint32(len(lines)))
	w.padded(string(lines))
	return w.end()
}

func (w *ngWriter) packet(at time.Time, data []byte, comments []string) error {
	nanoseconds := uint64(at.UnixNano())
	w.begin(blockEnhanced)
	w.uint32(0) // the interface
	w.uint32(uint32(nanoseconds >> 32))
	w.uint32(uint32(nanoseconds))
	w.uint32(uint32(len(data)))
	w.uint32(uint32(len(data)))
	w.buf = append(w.buf, data...)
	w.padded("")
	for _, c := range comments {
		w.option(optionComment, c)
	}
	if len(comments) > 0 {
		w.option(optionEnd, "")
	}
	return w.end()
}
