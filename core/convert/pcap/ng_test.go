package pcap

import (
	"bytes"
	"encoding/binary"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"
	"github.com/gopacket/gopacket/pcapgo"
)

// ngBlock returns a pcapng block in little endian.
func ngBlock(kind uint32, body []byte) []byte {
	le := binary.LittleEndian
	for len(body)%4 != 0 {
		body = append(body, 0)
	}
	length := uint32(len(body) + 12)
	block := le.AppendUint32(le.AppendUint32(nil, kind), length)
	return le.AppendUint32(append(block, body...), length)
}

// ngSection returns a section with one interface with these options, and the packets
// of hello in it, in the blocks that block makes.
func ngSection(t *testing.T, minor uint16, options []byte, block func(n int, packet []byte) []byte) []byte {
	t.Helper()
	le := binary.LittleEndian
	w := newWire(t, layers.LinkTypeRaw)
	w.hello()
	section := le.AppendUint32(nil, 0x1a2b3c4d)
	section = le.AppendUint16(le.AppendUint16(section, 1), minor)
	out := ngBlock(blockSection, le.AppendUint64(section, ^uint64(0)))
	out = append(out, ngBlock(blockInterface, append([]byte{101, 0, 0, 0, 0, 0, 0, 0}, options...))...)
	r, err := pcapgo.NewReader(&w.out)
	if err != nil {
		t.Fatal(err)
	}
	for n := 0; ; n++ {
		data, _, err := r.ReadPacketData()
		if err != nil {
			return out
		}
		out = append(out, block(n, data)...)
	}
}

// enhanced makes packet n of an Enhanced Packet Block, n steps after start.
func enhanced(start, step uint64) func(int, []byte) []byte {
	le := binary.LittleEndian
	return func(n int, packet []byte) []byte {
		at := start + uint64(n)*step
		body := le.AppendUint32(le.AppendUint32(make([]byte, 4), uint32(at>>32)), uint32(at))
		body = le.AppendUint32(le.AppendUint32(body, uint32(len(packet))), uint32(len(packet)))
		return ngBlock(blockEnhanced, append(body, packet...))
	}
}

// The times of a pcapng, in every unit that an interface may have.
func TestResolutions(t *testing.T) {
	const second = 1_600_000_000
	offset := binary.LittleEndian.AppendUint64([]byte{14, 0, 8, 0}, second)
	for _, c := range []struct {
		name        string
		options     []byte
		start, step uint64
		begin       string
		fourth      string // the time of the first event
	}{
		{"microseconds by default", nil, second * 1e6, 250_000, "2020-09-13T12:26:40.000000Z", "0.750"},
		{"seconds", []byte{9, 0, 1, 0, 0, 0, 0, 0}, second, 1, "2020-09-13T12:26:40.000000Z", "3.000"},
		{"seconds, as a power of two", []byte{9, 0, 1, 0, 0x80, 0, 0, 0}, second, 1, "2020-09-13T12:26:40.000000Z", "3.000"},
		{"nanoseconds", []byte{9, 0, 1, 0, 9, 0, 0, 0}, second*1e9 + 123_456_789, 1_000_000, "2020-09-13T12:26:40.123456Z", "0.003"},
		{"10^-12", []byte{9, 0, 1, 0, 12, 0, 0, 0}, 1_600_000 * 1e12, 1e9, "1970-01-19T12:26:40.000000Z", "0.003"},
		{"2^-10", []byte{9, 0, 1, 0, 0x8a, 0, 0, 0}, second<<10 | 1023, 1, "2020-09-13T12:26:40.999023Z", "0.002929"},
		{"2^-20", []byte{9, 0, 1, 0, 0x94, 0, 0, 0}, second<<20 | 1<<19, 1 << 18, "2020-09-13T12:26:40.500000Z", "0.750"},
		{"2^-30", []byte{9, 0, 1, 0, 0x9e, 0, 0, 0}, second<<30 | 1<<28, 1 << 27, "2020-09-13T12:26:40.250000Z", "0.375"},
		{"2^-32", []byte{9, 0, 1, 0, 0xa0, 0, 0, 0}, second<<32 | 0xffffffff, 1 << 32, "2020-09-13T12:26:40.999999Z", "3.000"},
		{"2^-63", []byte{9, 0, 1, 0, 0xbf, 0, 0, 0}, 1 << 62, 1 << 60, "1970-01-01T00:00:00.500000Z", "0.375"},
		{"an offset", offset, 5_250_000, 1000, "2020-09-13T12:26:45.250000Z", "0.003"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, text := one(t, ngSection(t, 0, c.options, enhanced(c.start, c.step)))
			if !strings.Contains(text, "# begun "+c.begin+"\n") || !strings.Contains(text, "\n"+c.fourth+" >> server \"220 hi") {
				t.Error(text)
			}
			if entriesOf(t, text) != helloEntries {
				t.Error(text)
			}
		})
	}
	at := ngInterface{perSecond: 1 << 30}.time(second<<30 | 1<<28)
	if want := time.Unix(second, 250_000_000); !at.Equal(want) {
		t.Errorf("%v, want %v", at, want)
	}
	for _, tooHigh := range []byte{0x80 | 64, 20} {
		_, _, err := imported(bytes.NewReader(ngSection(t, 0, []byte{9, 0, 1, 0, tooHigh, 0, 0, 0}, enhanced(0, 1))))
		if err == nil || !strings.Contains(err.Error(), "resolution") {
			t.Errorf("resolution %#x: %v", tooHigh, err)
		}
	}
}

// Version 1.2 is 1.0 by another name.
func TestSectionVersions(t *testing.T) {
	_, text := one(t, ngSection(t, 2, nil, enhanced(0, 1)))
	if entriesOf(t, text) != helloEntries {
		t.Error(text)
	}
	_, _, err := imported(bytes.NewReader(ngSection(t, 3, nil, enhanced(0, 1))))
	if err == nil || !strings.Contains(err.Error(), "version") {
		t.Error(err)
	}
}

// Simple Packet Blocks have no time, and none is made up.
func TestNoTimes(t *testing.T) {
	simple := func(_ int, packet []byte) []byte {
		return ngBlock(blockSimple, append(binary.LittleEndian.AppendUint32(nil, uint32(len(packet))), packet...))
	}
	_, text := one(t, ngSection(t, 0, nil, simple))
	const want = `workbench transcript v1
# imported from test: connection 1, from 10.0.0.1:40000
# the capture does not tell when it began
mode raw
target "10.0.0.2:25"

<< pass-through client
<< pass-through server
` + helloEntries
	if text != want {
		t.Errorf("got\n%s", text)
	}
	lies := func(_ int, packet []byte) []byte {
		return ngBlock(blockSimple, append(binary.LittleEndian.AppendUint32(nil, uint32(len(packet)+5)), packet...))
	}
	if _, _, err := imported(bytes.NewReader(ngSection(t, 0, nil, lies))); err == nil || !strings.Contains(err.Error(), "does not fit its block") {
		t.Error(err)
	}
}
