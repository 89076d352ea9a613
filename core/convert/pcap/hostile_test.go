package pcap

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/gopacket/gopacket/layers"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

func TestNoCapture(t *testing.T) {
	w := newWire(t, layers.LinkTypeEthernet)
	for text, want := range map[string]string{
		"":                             "empty capture",
		"GET":                          "not a capture",
		"workbench transcript v1\n":    "not a capture",
		"\x1f\x8bnot gzip":             "gzip",
		w.out.String()[:10]:            "capture ends within its header",
		"\x0a\x0d\x0d\x0a":             "capture ends within its header",
		"\x0a\x0d\x0d\x0a____________": "byte order",
	} {
		if _, _, err := imported(strings.NewReader(text)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

// A capture may end anywhere: everything before the end is read, and the end is
// reported.
func TestTruncated(t *testing.T) {
	classic := newWire(t, layers.LinkTypeRaw)
	classic.hello()
	r := varied(3)
	for _, capture := range [][]byte{classic.out.Bytes(), written(t, &r.t)} {
		whole := 0
		every := 1
		if testing.Short() {
			every = 4
		}
		for n := 0; n < len(capture); n += every {
			texts, report, err := imported(bytes.NewReader(capture[:n]))
			switch {
			case err != nil && n > 200:
				t.Fatalf("cut at %d: %v", n, err)
			case err == nil && !report.Truncated:
				whole++ // between two packets
			}
			for _, text := range texts {
				parsed(t, []byte(text))
			}
		}
		if _, report, _ := imported(bytes.NewReader(capture)); whole == 0 || int64(whole) > report.Packets+3 {
			t.Errorf("%d of %d lengths counted as complete, with %d packets", whole, len(capture), report.Packets)
		}
	}
}

// zeros is a file of zeros that takes no disk space.
type zeros struct{ left int64 }

func (z *zeros) Read(p []byte) (int, error) {
	if z.left == 0 {
		return 0, io.EOF
	}
	n := min(int64(len(p)), z.left)
	clear(p[:n])
	z.left -= n
	return int(n), nil
}

// Wrong lengths, and gigabytes of zeros, cost no memory.
func TestHostile(t *testing.T) {
	le := binary.LittleEndian
	header := newWire(t, layers.LinkTypeRaw).out.Bytes()
	packet := func(captured, length uint32) []byte {
		p := append([]byte{}, header...)
		p = le.AppendUint64(p, 0)
		return le.AppendUint32(le.AppendUint32(p, captured), length)
	}
	snapless := slices.Clone(packet(1<<30, 1<<30))
	le.PutUint32(snapless[16:], 1<<31)
	section := written(t, &transcript.Transcript{Mode: "raw"})
	section = section[:le.Uint32(section[4:])]
	block := func(kind, length uint32, body ...uint32) []byte {
		b := le.AppendUint32(le.AppendUint32(slices.Clone(section), kind), length)
		for _, word := range body {
			b = le.AppendUint32(b, word)
		}
		return b
	}
	var bomb bytes.Buffer
	z := gzip.NewWriter(&bomb)
	io.Copy(z, io.MultiReader(bytes.NewReader(header), &zeros{1 << 24}))
	z.Close()
	const gib = 1 << 30
	read := int64(gib / 64) // of what is not refused at once
	if testing.Short() {
		read = gib / 512
	}
	for _, c := range []struct {
		name  string
		begin []byte
		zeros int64  // so many of them follow
		want  string // in the error; "" for none
	}{
		{"zeros after a header", header, read, ""},
		{"a packet of 1 GiB", packet(1<<30, 1<<30), gib, "damaged"},
		{"and a snap length of 2 GiB", snapless, gib, "damaged"},
		{"a packet longer than it was", packet(100, 10), read, ""},
		{"a block of 4 GiB", block(blockEnhanced, 0xfffffffc), gib, "damaged"},
		{"a block of 4 GiB that is skipped", block(99, 0xfffffffc), gib, ""},
		{"a block of nothing", block(blockEnhanced, 0), gib, "damaged"},
		{"a packet larger than its block", block(blockEnhanced, 40, 0, 0, 0, 1000, 1000, 0, 0, 40), gib, "damaged"},
		{"a packet without an interface", block(blockEnhanced, 32, 7, 0, 0, 0, 0, 32), gib, "damaged"},
		{"a section of 4 GiB", append(slices.Clone(section[:4]), "\xfc\xff\xff\xff\x4d\x3c\x2b\x1a"...), gib, "damaged"},
		{"a gzip bomb", bomb.Bytes(), 0, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, report, err := imported(io.MultiReader(bytes.NewReader(c.begin), &zeros{c.zeros}))
			runtime.ReadMemStats(&after)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%v, %+v", err, report)
			}
			// 12 MiB are usual; the race detector on a busy machine takes more.
			if used := after.Sys - before.Sys; used > 256<<20 {
				t.Errorf("it took %d MiB", used>>20)
			}
		})
	}
}

// A peer that leaves gaps everywhere stays within the bounds, and nothing received is
// dropped.
func TestGapsAreBounded(t *testing.T) {
	c := &connection{Connection: Connection{Client: netip.MustParseAddrPort("10.0.0.1:9"), Server: netip.MustParseAddrPort("10.0.0.2:1")}}
	data := make([]byte, 1000)
	for i := range uint32(10_000) {
		c.take(&segment{src: c.Server, dst: c.Client, seq: 1 + 2000*i, payload: data, length: len(data)})
		if c.held() > maxAhead {
			t.Fatalf("%d bytes are held", c.held())
		}
	}
	c.finish("")
	if c.Received != 10_000*1000 || c.Lost != 9_999*1000 {
		t.Errorf("%d bytes, %d lost", c.Received, c.Lost)
	}
}

// With more connections than are followed, the one silent for longest is set aside,
// at most MaxTranscripts are written, and memory stays bounded.
func TestManyConnections(t *testing.T) {
	i := importer{table: map[pair]*connection{}, Options: Options{Mode: "raw", Create: func(Connection) (io.WriteCloser, error) { return &nowhere{}, nil }}}
	i.order.older, i.order.newer = &i.order, &i.order
	server := netip.MustParseAddrPort("10.0.0.2:1")
	for n := range uint32(MaxOpen + MaxTranscripts + 10) {
		client := netip.AddrPortFrom(netip.AddrFrom4([4]byte{11, byte(n >> 16), byte(n >> 8), byte(n)}), 9)
		if err := i.segment(&segment{src: client, dst: server, seq: 1, payload: []byte("x"), length: 1}); err != nil {
			t.Fatal(err)
		}
		if len(i.table) > MaxOpen {
			t.Fatalf("%d are open", len(i.table))
		}
	}
	if err := i.finish(); err != nil {
		t.Fatal(err)
	}
	if len(i.report.Written) != MaxTranscripts || i.report.LeftOut != MaxOpen+10 || i.held != 0 || i.text != 0 {
		t.Errorf("%d written, %d left out, %d and %d bytes held", len(i.report.Written), i.report.LeftOut, i.held, i.text)
	}
}

// A clock that jumps by centuries leaves a transcript that parses.
func TestClock(t *testing.T) {
	w := newWire(t, layers.LinkTypeRaw)
	shake(w)
	w.at = time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
	w.s("A", 500, 100, "late")
	w.at = time.Date(1971, 1, 1, 0, 0, 0, 0, time.UTC)
	w.c("FA", 100, 504, "early")
	if _, text := one(t, w.out.Bytes()); !strings.Contains(text, "999999999.000 >> server \"late\"\n0.000 >> client binary \"early\"\n") {
		t.Error(text)
	}
}

func TestCancelled(t *testing.T) {
	w := newWire(t, layers.LinkTypeRaw)
	w.hello()
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Import(ctx, bytes.NewReader(w.out.Bytes()), Options{Mode: "raw"}); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestCreateFails(t *testing.T) {
	w := newWire(t, layers.LinkTypeRaw)
	w.hello()
	full := fmt.Errorf("the disk is full")
	_, err := Import(context.Background(), bytes.NewReader(w.out.Bytes()), Options{Mode: "raw", Create: func(Connection) (io.WriteCloser, error) { return nil, full }})
	if err == nil || !strings.Contains(err.Error(), full.Error()) {
		t.Error(err)
	}
}

// Whatever the input, an import ends, and what it writes are transcripts with nothing
// after the session's end.
func fuzzImport(t *testing.T, data []byte) {
	texts, _, _ := imported(bytes.NewReader(data))
	for _, text := range texts {
		tr := parsed(t, []byte(text))
		for i, e := range tr.Entries {
			if ends := e.Event.Kind == core.ClientClosed || e.Event.Kind == core.ServerEOF || e.Event.Kind == core.ServerFailed; ends {
				for _, after := range tr.Entries[i+1:] {
					if after.Dir == transcript.Event {
						t.Fatalf("an event after the end:\n%s", text)
					}
				}
			}
		}
	}
}

func FuzzPcap(f *testing.F) {
	w := newWire(&testing.T{}, layers.LinkTypeRaw)
	w.hello()
	f.Add(w.out.Bytes())
	w = newWire(&testing.T{}, layers.LinkTypeEthernet)
	w.v6 = true
	w.hello()
	f.Add(w.out.Bytes())
	f.Fuzz(fuzzImport)
}

func FuzzPcapNG(f *testing.F) {
	for _, n := range []int{1, 2, 3, 6} {
		r := varied(n)
		var out bytes.Buffer
		Write(&out, &r.t)
		if out.Len() < 20_000 {
			f.Add(out.Bytes())
		}
	}
	f.Fuzz(fuzzImport)
}
