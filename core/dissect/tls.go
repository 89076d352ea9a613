package dissect

import (
	"io"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// isTLS reports whether a connection's transcript begins with TLS, in the bytes of the side
// that speaks first.
func isTLS(text io.Reader) (bool, error) {
	var blocks store.Decoder
	var head []byte
	var speaks core.Side // first
	for block, err := range store.Blocks(text, nil) {
		if err != nil {
			return false, err
		}
		entries, err := blocks.Entries("the connection", block)
		if err != nil {
			return false, err
		}
		for _, e := range entries {
			if e.Dir != transcript.Event || !e.Event.Kind.IsBytes() {
				continue
			}
			if side := e.Event.Kind.Side(); len(head) == 0 {
				speaks = side
			} else if side != speaks {
				return false, nil
			}
			if head = append(head, e.Event.Data[:min(recordHead, len(e.Event.Data))]...); len(head) >= recordHead {
				return beginsRecord(head), nil
			}
		}
	}
	return false, nil
}

const (
	recordHead = 5             // bytes before a record's content
	maxRecord  = 1<<14 + 1<<11 // bytes of it (RFC 5246, section 6.2.3)
)

// beginsRecord reports whether the first bytes of a record of TLS (RFC 8446, section 5.1)
// stand at the start, or those of the older hello that is compatible with SSL 2 (RFC 5246,
// appendix E.2).
func beginsRecord(b []byte) bool {
	const changeCipherSpec, applicationData, major, clientHello = 20, 23, 3, 1
	length := int(b[3])<<8 | int(b[4])
	record := changeCipherSpec <= b[0] && b[0] <= applicationData && b[1] == major && b[2] <= 4 && 0 < length && length <= maxRecord
	hello := b[0]&0x80 != 0 && b[2] == clientHello && b[3] == major && b[4] <= 4
	return record || hello
}
