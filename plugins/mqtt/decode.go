package mqtt

import (
	"errors"

	"github.com/protocol-workbench/workbench/core/framing"
)

// Sizes of packets. The largest has a length of 256 MiB - 1.
const (
	maxKept   = 64 << 10 // bytes of a packet
	maxHeader = 5        // bytes of a fixed header: 1, and a length of at most 4
	maxPacket = maxHeader + 1<<28 - 1
)

// packet is one as it came.
type packet struct {
	from   int64  // where it begins in the flow
	size   int    // its bytes
	kept   []byte // the first of them
	header int    // bytes of its fixed header; 0 if its length is none
	broken bool   // the stream ended before it was whole
}

// decoder cuts one direction into packets. Its exported fields are its state.
type decoder struct {
	At   int64  // how many bytes of the flow have come
	Got  int    // of these, bytes of a packet that is not whole
	Held []byte // what is kept of them, or what is looked at for a packet after a gap
	Gap  bool   // where the next packet begins is not known
}

// header reads a fixed header: its bytes, and those of the whole packet. Both are 0 if more
// has to come. It is not ok if the length goes on after 4 bytes.
func header(data []byte) (head, size int, ok bool) {
	length := 0
	for i := 1; i < min(len(data), maxHeader); i++ {
		length |= int(data[i]&0x7f) << (7 * (i - 1))
		if data[i] < 0x80 {
			return i + 1, i + 1 + length, true
		}
	}
	return 0, 0, len(data) < maxHeader
}

// feed takes the next bytes, and calls whole with each packet. plausible is for the bytes
// after a gap.
func (d *decoder) feed(data []byte, plausible framing.Plausible, whole func(packet)) {
	d.At += int64(len(data))
	for len(data) > 0 {
		if d.Gap {
			if data = d.search(data, plausible); d.Gap {
				return
			}
		}
		if d.Got > 0 {
			data = d.more(data, whole)
			continue
		}
		head, size, ok := header(data)
		if from := d.At - int64(len(data)); !ok {
			whole(packet{from: from, size: maxHeader, kept: data[:maxHeader]})
			data, d.Gap = data[maxHeader:], true
		} else if size > 0 && size <= len(data) {
			whole(packet{from: from, size: size, kept: data[:min(size, maxKept)], header: head})
			data = data[size:]
		} else {
			d.Held, d.Got = append(d.Held[:0], data[:min(len(data), maxKept)]...), len(data)
			return
		}
	}
}

// more takes what comes of a packet that has begun, and returns the rest.
func (d *decoder) more(data []byte, whole func(packet)) []byte {
	head, size, ok := header(d.Held)
	for ; size == 0 && ok && len(data) > 0; data = data[1:] { // the fixed header, byte by byte
		d.Held = append(d.Held, data[0])
		d.Got++
		head, size, ok = header(d.Held)
	}
	if size == 0 && ok {
		return nil
	}
	p := packet{size: maxHeader, header: head}
	if ok {
		p.size = size
		n := min(len(data), size-d.Got)
		d.Held = append(d.Held, data[:min(n, maxKept-len(d.Held))]...)
		d.Got += n
		if data = data[n:]; d.Got < size {
			return nil
		}
	}
	p.from, p.kept = d.At-int64(len(data))-int64(d.Got), d.Held
	whole(p)
	d.Held, d.Got, d.Gap = d.Held[:0], 0, !ok
	return data
}

// errFound stops at the place that was looked for.
var errFound = errors.New("a packet begins here")

// search looks for the next packet, and returns what follows from there on if it is found.
func (d *decoder) search(data []byte, plausible framing.Plausible) []byte {
	all := append(d.Held, data...)
	begins := d.At - int64(len(all))
	s := framing.Stream{Cut: cut, Most: maxPacket, Plausible: plausible, Search: framing.Searching}
	s.Resume(begins, nil)
	at := int64(-1)
	s.Feed(all, func(found int64, _ []byte) error { // its errors are ours
		at = found
		return errFound
	})
	if at < 0 {
		at, _ = s.Held()
	}
	if s.Search == framing.Searching {
		d.Held = append(d.Held[:0], all[at-begins:]...)
		return nil
	}
	d.Held, d.Gap = nil, false
	return all[at-begins:]
}

// cut is a framing.Cut.
func cut(data []byte, _ int) (int, error) {
	_, size, ok := header(data)
	if !ok {
		return 0, errFound
	}
	return size, nil
}

// missed says that the next bytes of the flow were missed.
func (d *decoder) missed(n int64) {
	*d = decoder{At: d.At + n, Held: d.Held[:0], Gap: true}
}

// partial returns what has come of a packet that is not whole.
func (d *decoder) partial() (p packet, ok bool) {
	if d.Gap || d.Got == 0 {
		return p, false
	}
	p = packet{from: d.At - int64(d.Got), size: d.Got, kept: d.Held}
	p.header, _, _ = header(d.Held)
	return p, true
}

// ended calls whole with what has come of a packet that will never be whole.
func (d *decoder) ended(whole func(packet)) {
	p, ok := d.partial()
	if !ok {
		return
	}
	p.broken = true
	*d = decoder{At: d.At}
	whole(p)
}
