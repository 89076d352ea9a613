package dns

import (
	"encoding/binary"
)

// Sizes of messages.
const (
	headerSize = 12
	maxMessage = 1<<16 - 1 // as the length before it can say
	maxTrusted = 4 << 10   // after bytes that were missed
)

// decoder cuts one direction into messages.
type decoder struct {
	stream bool  // each begins with its length, and comes cut anywhere
	At     int64 // how many bytes of the flow have come
	Gap    bool  // bytes of the stream were missed, and no message has come since that can be trusted
	Held   []byte
}

// frame is a message's bytes as they came: of a stream with the length before them.
type frame struct {
	bytes  []byte
	from   int64 // in the flow
	stream bool
	broken bool // the stream ended before it was whole
}

// feed takes the next bytes, and calls whole with each message.
func (d *decoder) feed(data []byte, whole func(frame)) {
	d.At += int64(len(data))
	if !d.stream {
		whole(frame{bytes: data, from: d.At - int64(len(data))})
		return
	}
	rest := data
	if len(d.Held) > 0 {
		d.Held = append(d.Held, data...)
		rest = d.Held
	}
	before := len(rest)
	for len(rest) >= 2 {
		n := 2 + int(binary.BigEndian.Uint16(rest))
		if d.Gap {
			at, found := trusted(rest)
			if rest = rest[at:]; !found {
				break
			}
			d.Gap = false
			continue
		}
		if len(rest) < n {
			break
		}
		whole(frame{bytes: rest[:n], from: d.At - int64(len(rest)), stream: true})
		rest = rest[n:]
	}
	if len(rest) < before || len(d.Held) == 0 {
		d.Held = append(d.Held[:0], rest...)
	}
	if len(d.Held) == 0 && cap(d.Held) > 4<<10 {
		d.Held = nil
	}
}

// missed says that the next bytes of the flow were missed.
func (d *decoder) missed(n int64) {
	d.At += n
	d.Held, d.Gap = d.Held[:0], d.stream
}

// ended calls whole with what has come of a message that will never be whole.
func (d *decoder) ended(whole func(frame)) {
	if len(d.Held) > 0 && !d.Gap {
		whole(frame{bytes: d.Held, from: d.At - int64(len(d.Held)), stream: true, broken: true})
	}
	d.Held = nil
}

// trusted looks in what follows a gap for a message in which everything fits together. It
// returns how many bytes come before what may be one, and whether it is.
func trusted(data []byte) (at int, found bool) {
	for ; at+2+headerSize <= len(data); at++ {
		n := int(binary.BigEndian.Uint16(data[at:]))
		head := data[at+2:]
		if n < headerSize || n > maxTrusted || !likely(head) {
			continue
		}
		if len(head) < n { // the rest will tell
			return at, false
		}
		if fits(head[:n]) {
			return at, true
		}
	}
	return at, false
}

// likely reports whether a header is one as most messages have it.
func likely(head []byte) bool {
	opcode, questions := head[2]>>3&15, binary.BigEndian.Uint16(head[4:])
	return (opcode == 0 || opcode == 4 || opcode == 5) && head[3]&0x40 == 0 && head[3]&15 <= 10 && questions == 1
}

// fits reports whether a message has as many records as its header says, and nothing else.
func fits(data []byte) bool {
	at := headerSize
	for s := range sections {
		for range binary.BigEndian.Uint16(data[4+2*s:]) {
			end, wrong := skipName(data, at)
			fixed := 4
			if s > 0 {
				fixed = 10
			}
			if at = end + fixed; wrong != 0 || at > len(data) {
				return false
			}
			if s > 0 {
				if at += int(binary.BigEndian.Uint16(data[at-2:])); at > len(data) {
					return false
				}
			}
		}
	}
	return at == len(data)
}
