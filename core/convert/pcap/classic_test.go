package pcap

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gopacket/gopacket/layers"
)

// records splits a little-endian pcap into its header and its packets with theirs.
func records(capture []byte) (header []byte, records [][]byte) {
	header, capture = capture[:24], capture[24:]
	for len(capture) > 0 {
		n := 16 + binary.LittleEndian.Uint32(capture[8:])
		records, capture = append(records, capture[:n]), capture[n:]
	}
	return header, records
}

// Whatever libpcap and Wireshark read is read here, even if it is not a correct
// pcap.
func TestPcapVariants(t *testing.T) {
	le := binary.LittleEndian
	longer := func(n int) func(r []byte) []byte {
		return func(r []byte) []byte { return slices.Insert(r, 16, bytes.Repeat([]byte{9}, n)...) }
	}
	swapped := func(r []byte) []byte {
		for _, at := range []int{0, 4, 8, 12} {
			slices.Reverse(r[at : at+4])
		}
		return r
	}
	same := func(r []byte) []byte { return r }
	setMagic := func(magic uint32) func(h []byte) { return func(h []byte) { le.PutUint32(h, magic) } }
	setMinor := func(minor uint16) func(h []byte) { return func(h []byte) { le.PutUint16(h[6:], minor) } }
	for _, c := range []struct {
		name   string
		header func(h []byte)
		record func(r []byte) []byte
	}{
		{"minor version 3", setMinor(3), same},
		{"minor version 5", setMinor(5), same},
		{"minor version 2, whose lengths are in the other order", setMinor(2), func(r []byte) []byte {
			le.PutUint32(r[8:], le.Uint32(r[12:])+7)
			return append(append(slices.Clone(r[:8]), slices.Concat(r[8:12], r[12:16])...), r[16:]...)
		}},
		{"minor version 3, whose lengths may be in the other order", setMinor(3), func(r []byte) []byte {
			le.PutUint32(r[8:], le.Uint32(r[8:])+7)
			return r
		}},
		{"longer than it was", setMinor(4), func(r []byte) []byte { le.PutUint32(r[12:], le.Uint32(r[12:])-4); return r }},
		{"nanoseconds", setMagic(magicNano), func(r []byte) []byte { le.PutUint32(r[4:], le.Uint32(r[4:])*1000); return r }},
		{"big endian", func(h []byte) {
			for _, field := range []int{0, 4, 6, 8, 12, 16, 20} {
				end := field + 4
				if field == 4 || field == 6 {
					end = field + 2
				}
				slices.Reverse(h[field:end])
			}
		}, swapped},
		{"a link type with flags", func(h []byte) { h[23] = 0x24 }, same},
		{"Red Hat 6.1", setMinor(4), longer(8)},
		{"Nokia", setMinor(4), longer(4)},
		{"modified", setMagic(magicModified), longer(8)},
		{"SuSE 6.3", setMagic(magicModified), longer(12)},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWire(t, layers.LinkTypeEthernet)
			w.hello()
			capture, packets := records(w.out.Bytes())
			c.header(capture)
			capture = slices.Clone(capture)
			for _, r := range packets {
				capture = append(capture, c.record(slices.Clone(r))...)
			}
			if !IsCapture(capture) {
				t.Error("IsCapture = false")
			}
			if _, text := one(t, capture); entriesOf(t, text) != helloEntries || !strings.Contains(text, "\n0.003 >> server") {
				t.Error(text)
			}
		})
	}
	w := newWire(t, layers.LinkTypeEthernet)
	capture := w.out.Bytes()
	capture[4] = 3
	if _, _, err := imported(bytes.NewReader(capture)); err == nil || !strings.Contains(err.Error(), "version 3.4") {
		t.Error(err)
	}
}

// The variants as Wireshark writes them.
func TestVariantsOfEditcap(t *testing.T) {
	editcap := program(t, "editcap", "wireshark-common")
	w := newWire(t, layers.LinkTypeEthernet)
	w.hello()
	dir := t.TempDir()
	in := filepath.Join(dir, "in")
	if err := os.WriteFile(in, w.out.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, form := range []string{"pcap", "nsecpcap", "modpcap", "nokiapcap", "rh6_1pcap", "suse6_3pcap", "pcapng"} {
		out := filepath.Join(dir, form)
		if words, err := exec.Command(editcap, "-F", form, in, out).CombinedOutput(); err != nil {
			t.Fatalf("editcap -F %s: %v: %s", form, err, words)
		}
		capture, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		if _, text := one(t, capture); entriesOf(t, text) != helloEntries {
			t.Errorf("%s:\n%s", form, text)
		}
	}
}

// Lengths in an IP header count up to that of the frame.
func TestLengthsOverTheFrame(t *testing.T) {
	for _, v6 := range []bool{false, true} {
		w := newWire(t, layers.LinkTypeRaw)
		w.v6 = v6
		w.hello()
		capture, packets := records(w.out.Bytes())
		capture = slices.Clone(capture)
		for n, r := range packets {
			at := 16 + 2
			if v6 {
				at = 16 + 4
			}
			if n == 1 || n == 4 {
				binary.BigEndian.PutUint16(r[at:], 4148)
			}
			capture = append(capture, r...)
		}
		if _, text := one(t, capture); entriesOf(t, text) != helloEntries {
			t.Errorf("IPv6 %v:\n%s", v6, text)
		}
	}
}

// A fragment that is a complete packet is read (RFC 6946); others are counted.
func TestAtomicFragments(t *testing.T) {
	w := newWire(t, layers.LinkTypeRaw)
	w.v6 = true
	w.hello()
	header, packets := records(w.out.Bytes())
	for _, more := range []byte{0, 1} {
		capture := slices.Clone(header)
		for _, r := range packets {
			r = slices.Insert(slices.Clone(r), 16+40, 6, 0, 0, more, 0, 0, 0, 1)
			r[16+6] = 44
			binary.BigEndian.PutUint16(r[16+4:], binary.BigEndian.Uint16(r[16+4:])+8)
			binary.LittleEndian.PutUint32(r[8:], uint32(len(r)-16))
			binary.LittleEndian.PutUint32(r[12:], uint32(len(r)-16))
			capture = append(capture, r...)
		}
		texts, report, err := imported(bytes.NewReader(capture))
		switch {
		case err != nil:
			t.Error(err)
		case more == 1 && report.Fragments != int64(len(packets)):
			t.Errorf("%+v", report)
		case more == 0 && (len(texts) != 1 || entriesOf(t, texts[0]) != helloEntries):
			t.Error(texts, report)
		}
	}
}
