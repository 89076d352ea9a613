package pcap

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"
)

// inFragments cuts a record of plain IP into fragments of 8 bytes.
func inFragments(record []byte, v6 bool, id byte) (all [][]byte) {
	size := 20
	if v6 {
		size = 40
	}
	packet := record[16:]
	for at := size; at < len(packet); at += 8 {
		end := min(at+8, len(packet))
		head := slices.Clone(packet[:size])
		more := end < len(packet)
		if v6 {
			place := uint16(at - size)
			if more {
				place |= 1
			}
			head = append(head, head[6], 0, byte(place>>8), byte(place), 0, 0, 0, id)
			head[6] = 44
			binary.BigEndian.PutUint16(head[4:], uint16(8+end-at))
		} else {
			place := uint16(at-size) / 8
			if more {
				place |= 0x2000
			}
			binary.BigEndian.PutUint16(head[2:], uint16(size+end-at))
			binary.BigEndian.PutUint16(head[4:], uint16(id))
			binary.BigEndian.PutUint16(head[6:], place)
		}
		all = append(all, inRecord(record, append(head, packet[at:end]...)))
	}
	return all
}

// inRecord returns a record as the given one, of another packet.
func inRecord(record, packet []byte) []byte {
	head := slices.Clone(record[:16])
	binary.LittleEndian.PutUint32(head[8:], uint32(len(packet)))
	binary.LittleEndian.PutUint32(head[12:], uint32(len(packet)))
	return append(head, packet...)
}

func TestFragments(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for _, v6 := range []bool{false, true} {
		w := newWire(t, layers.LinkTypeRaw)
		w.v6 = v6
		w.hello()
		header, packets := records(w.out.Bytes())
		for name, c := range map[string]struct {
			change func(parts [][]byte) [][]byte
			lost   bool
		}{
			"in order":  {change: func(parts [][]byte) [][]byte { return parts }},
			"backwards": {change: func(parts [][]byte) [][]byte { slices.Reverse(parts); return parts }},
			"any order, twice": {change: func(parts [][]byte) [][]byte {
				parts = append(parts, parts...)
				last := parts[len(parts)-1] // which makes it whole only once
				parts = slices.DeleteFunc(parts, func(one []byte) bool { return bytes.Equal(one, last) })
				r.Shuffle(len(parts), func(i, j int) { parts[i], parts[j] = parts[j], parts[i] })
				return append(parts, last)
			}},
			"one is lost": {lost: true, change: func(parts [][]byte) [][]byte { return slices.Delete(parts, 1, 2) }},
			"one is cut off": {lost: true, change: func(parts [][]byte) [][]byte {
				parts[1] = parts[1][:len(parts[1])-1]
				binary.LittleEndian.PutUint32(parts[1][8:], uint32(len(parts[1])-16))
				return parts
			}},
			"over a minute apart": {lost: true, change: func(parts [][]byte) [][]byte {
				for _, one := range parts[1:] {
					binary.LittleEndian.PutUint32(one, binary.LittleEndian.Uint32(one)+61)
				}
				return parts
			}},
		} {
			capture := slices.Clone(header)
			for i, packet := range packets {
				capture = append(capture, bytes.Join(c.change(inFragments(packet, v6, byte(i+1))), nil)...)
			}
			texts, report, err := imported(bytes.NewReader(capture))
			switch {
			case err != nil:
				t.Error(name, v6, err)
			case c.lost && (len(texts) != 0 || report.Fragments == 0):
				t.Errorf("%s, IPv6 %v: %q, %+v", name, v6, texts, report)
			case !c.lost && (len(texts) != 1 || entriesOf(t, texts[0]) != helloEntries || report.Fragments != 0 && name != "any order, twice"):
				t.Errorf("%s, IPv6 %v: %q, %+v", name, v6, texts, report)
			}
		}
	}
}

// A packet whose fragments overlap is dropped, also where they have as many bytes as it.
func TestOverlappingFragments(t *testing.T) {
	for _, order := range [][]int{{0, 1, 2}, {1, 0, 2}, {2, 0, 1}, {2, 1, 0}} {
		parts := []part{{more: true, data: make([]byte, 16)}, {at: 8, more: true, data: make([]byte, 8)}, {at: 24, data: make([]byte, 8)}}
		var f fragments
		for _, i := range order {
			if whole, _, _ := f.add(parts[i], time.Time{}); whole != nil {
				t.Errorf("%v: %d bytes", order, len(whole))
			}
		}
	}
}

// However many packets come in fragments, a bounded number is kept, the newest.
func TestManyFragments(t *testing.T) {
	var f fragments
	id := func(n uint32) packetID { return packetID{src: netip.IPv6Unspecified(), id: n} }
	for n := range uint32(2 * maxInParts) {
		f.add(part{of: id(n), more: true, data: make([]byte, 8)}, time.Time{})
	}
	if len(f.open) != maxInParts || len(f.order) != maxInParts {
		t.Errorf("%d, %d are kept", len(f.open), len(f.order))
	}
	for n, want := range map[uint32]int{0: 0, 2*maxInParts - 1: 16} {
		if whole, _, _ := f.add(part{of: id(n), at: 8, data: make([]byte, 8)}, time.Time{}); len(whole) != want {
			t.Errorf("packet %d: %d bytes", n, len(whole))
		}
	}
	for n := range maxParts + 1 {
		f.add(part{of: id(7), at: 8 * n, more: true, data: make([]byte, 8)}, time.Time{})
	}
	if f.open[id(7)] != nil {
		t.Error("a packet of too many fragments is kept")
	}
}
