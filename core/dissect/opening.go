package dissect

import (
	"io"
	"iter"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/store"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// crossed returns the events of a connection's transcript that have bytes.
func crossed(text io.Reader) iter.Seq2[core.Event, error] {
	return func(yield func(core.Event, error) bool) {
		var blocks store.Decoder
		for block, err := range store.Blocks(text, nil) {
			var entries []transcript.Entry
			if err == nil {
				entries, err = blocks.Entries("the connection", block)
			}
			if err != nil {
				yield(core.Event{}, err)
				return
			}
			for _, e := range entries {
				if e.Dir == transcript.Event && e.Event.Kind.IsBytes() && !yield(e.Event, nil) {
					return
				}
			}
		}
	}
}

// greeting returns how the server's stream begins, as far as the text has it.
func greeting(text io.Reader) (first []byte) {
	for ev, err := range crossed(text) {
		if err != nil || len(first) >= core.MaxGreeting {
			break
		}
		if ev.Kind.Side() == core.Server {
			first = append(first, ev.Data[:min(core.MaxGreeting, len(ev.Data))]...)
		}
	}
	return first
}

// isTLS reports whether a connection begins with TLS, in the bytes of the side that speaks
// first.
func isTLS(text io.Reader) (bool, error) {
	var head []byte
	var speaks core.Side // first
	for ev, err := range crossed(text) {
		if err != nil {
			return false, err
		}
		if side := ev.Kind.Side(); len(head) == 0 {
			speaks = side
		} else if side != speaks {
			return false, nil
		}
		if head = append(head, ev.Data[:min(recordHead, len(ev.Data))]...); len(head) >= recordHead {
			return beginsRecord(head), nil
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
