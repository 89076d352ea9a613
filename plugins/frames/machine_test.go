package frames

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/plugins/plugintest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestGoldens(t *testing.T) { plugintest.Goldens(t, Discipline(), "../../testdata/frames") }

func TestConformance(t *testing.T) { plugintest.Conformance(t, Discipline(), "../../testdata/frames") }

// open makes a machine with options that are not the defaults: name, value, name, value.
func open(t testing.TB, client core.ClientEnd, options ...string) *machine {
	t.Helper()
	m, err := Discipline().Open(core.Opening{Client: client, Watch: client == core.Stream, Options: with(options)}, new(core.Out))
	if err != nil {
		t.Fatal(err)
	}
	return m.(*machine)
}

func with(pairs []string) core.Options {
	all := core.Options{}
	for _, o := range options() {
		all[o.Name] = o.Default
	}
	for pair := range slices.Chunk(pairs, 2) {
		all[pair[0]] = pair[1]
	}
	return all
}

func server(s string) core.Event { return core.Event{Kind: core.ServerBytes, Data: []byte(s)} }
func client(s string) core.Event { return core.Event{Kind: core.ClientBytes, Data: []byte(s)} }
func typed(s string) core.Event  { return core.Event{Kind: core.ClientText, Data: []byte(s)} }

var serverEOF = core.Event{Kind: core.ServerEOF}

// framings are options for each way to build a frame.
var framings = map[string][]string{
	"u8":      {optionLength, "u8"},
	"u16":     {optionLength, "u16", optionChecksum, "crc16"},
	"u32le":   {optionLength, "u32le", optionCounts, "all", optionOffset, "3", optionChecksum, "crc32", optionCovers, "all"},
	"u64":     {optionLength, "u64", optionChecksum, "sum"},
	"varint":  {optionLength, "varint", optionPayload, payloadHex},
	"of all":  {optionLength, "varint", optionCounts, "all", optionChecksum, "crc8"},
	"lines":   {optionFraming, framingDelimiter, optionDelimiter, `\r\n`, optionChecksum, "lrc"},
	"fixed":   {optionFraming, framingFixed, optionSize, "5", optionChecksum, "ccitt"},
	"slip":    {optionFraming, framingSLIP, optionChecksum, "crc32le"},
	"cobs":    {optionFraming, framingCOBS, optionChecksum, "crc16"},
	"head":    {optionFraming, framingContentLength},
	"json":    {optionPayload, payloadJSON},
	"msgpack": {optionPayload, payloadMessagePack},
	"cbor":    {optionPayload, payloadCBOR},
	"fields":  {optionFields, "u16 id, i8 level, f32 x, text3 name, bytes rest", optionOffset, "2"},
	"modbus":  {optionPreset, "modbus-tcp"},
	"lsp":     {optionPreset, "lsp"},
}

// What a frame is made of comes out of it again, whatever it is.
func TestThereAndBack(t *testing.T) {
	for name, options := range framings {
		m := open(t, core.Messages, options...)
		for _, payload := range []string{"", "\x00", "a", "\xc0\xdb\xdc", "\x00\x00\x01", strings.Repeat("z", 253), strings.Repeat("z", 254), strings.Repeat("z", 255) + "\x00", strings.Repeat("\x00z", 300)} {
			if m.framing == framingFixed {
				payload = (payload + "\x00\xff\x00")[:3]
			}
			frame, err := m.wrap(nil, []byte(payload))
			switch {
			case m.modbus, m.framing == framingLength && m.size == 1 && len(payload) > 255 && err != nil:
				continue
			case err != nil:
				t.Errorf("%s: %v", name, err)
				continue
			}
			n, bad := m.measure(frame, 0)
			p := m.open(frame)
			if want := int64(len(frame)); n != want && m.framing != framingSLIP || bad != "" {
				t.Errorf("%s: %q is measured as %d, %s", name, frame, n, bad)
			}
			if m.framing == framingSLIP { // which begins with an end too
				p = m.open(frame[1:])
			}
			if string(p.payload) != payload || p.wrong+p.wrongSum != "" {
				t.Errorf("%s: %q came out of %q, %s %s", name, p.payload, payload, p.wrong, p.wrongSum)
			}
		}
	}
}

// The checksums of "123456789", as the catalogue of CRC algorithms gives them.
func TestChecksums(t *testing.T) {
	for name, want := range map[string]string{"sum": "dd", "lrc": "23", "crc8": "f4", "crc16": "374b", "ccitt": "29b1", "crc32": "cbf43926", "crc32le": "2639f4cb"} {
		if got := hex.EncodeToString(checksums[name].append(nil, []byte("123456789"))); got != want {
			t.Errorf("%s is %s, not %s", name, got, want)
		}
	}
}

func TestOptionsThatAreRefused(t *testing.T) {
	for _, c := range []struct {
		want  string
		pairs []string
	}{
		{"0 to 65536", []string{optionOffset, "-1"}},
		{"a kind and a name", []string{optionFields, "u16"}},
		{"no kind of field", []string{optionFields, "u7 x"}},
		{"no kind of field", []string{optionFields, "text0 x"}},
		{"no kind of field", []string{optionFields, "bytesle x"}},
		{"two fields x", []string{optionFields, "u8 x, u8 x"}},
		{"has to be the last", []string{optionFields, "text x, u8 y"}},
		{"no name", []string{optionFields, "u8 a.b"}},
		{"1 to 64", []string{optionFraming, framingDelimiter, optionDelimiter, ""}},
		{`\q`, []string{optionFraming, framingDelimiter, optionDelimiter, `\q`}},
		{"1 to 65536", []string{optionFraming, framingFixed, optionSize, "0"}},
		{"the checksum alone", []string{optionFraming, framingFixed, optionSize, "2", optionChecksum, "crc16"}},
	} {
		if _, err := newLayout(with(c.pairs)); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q: %v; expected %q", c.pairs, err, c.want)
		}
	}
}

// A frame that is announced too long, or never ends, is passed over and counted, in bounded
// memory, and the next one is read.
func TestLongFrames(t *testing.T) {
	for name, c := range map[string]struct {
		options     []string
		begin, end  string
		next, shown string
	}{
		"announced": {[]string{optionLength, "u32"}, "\x00\x10\x00\x00", "", "\x00\x00\x00\x02ab", "ab"},
		"delimiter": {[]string{optionFraming, framingDelimiter, optionDelimiter, `\r\n`}, "", "\r\n", "ab\r\n", "ab"},
		"slip":      {[]string{optionFraming, framingSLIP}, "", "\xc0", "ab\xc0", "ab"},
		"head":      {[]string{optionFraming, framingContentLength}, "Content-Length: 1048576\r\n\r\n", "", "Content-Length: 2\r\n\r\nab", "ab"},
	} {
		m := open(t, core.Messages, c.options...)
		got := plugintest.Answers(t, m, server(c.begin))
		for range 16 {
			if len(got) > 0 {
				t.Errorf("%s: %.80q before the end", name, got)
			}
			got = plugintest.Answers(t, m, server(strings.Repeat("x", 64<<10)))
			if state, err := m.Checkpoint(nil); err != nil || len(state) > core.MaxCheckpoint/2 {
				t.Fatalf("%s: a checkpoint of %d bytes, %v", name, len(state), err)
			}
		}
		got = append(got, plugintest.Answers(t, m, server(c.end+c.next))...)
		if size := fmt.Sprintf("a frame of %d bytes", len(c.begin)+(1<<20)+len(c.end)); len(got) != 4 || !strings.Contains(got[0], size) || got[2] != c.shown {
			t.Errorf("%s: %.120q; expected %s", name, got, size)
		}
	}
}

// Of the requests that nobody answers the last ones are kept.
func TestManyWaiting(t *testing.T) {
	m := open(t, core.Stream, optionPreset, "modbus-tcp")
	const all = maxWaiting + 10
	for range all {
		plugintest.Answers(t, m, client("\x00\x01\x00\x00\x00\x02\x01\x07"))
	}
	if len(m.Waiting) != maxWaiting || m.Waiting[0].From != 10*8 {
		t.Errorf("%d wait, the first from %d on", len(m.Waiting), m.Waiting[0].From)
	}
}

// After bytes that were missed, frames that are all equally long begin where they would have.
func TestFixedSizeAfterAGap(t *testing.T) {
	m := open(t, core.Stream, optionFraming, framingFixed, optionSize, "4")
	got := plugintest.Answers(t, m, server("abcde"), core.Event{Kind: core.ServerUnseen, Data: []byte("5")}, server("klmnop"))
	if len(got) != 2 || !strings.HasPrefix(got[0], `from-server 0-4 "abcd"`) || !strings.HasPrefix(got[1], `from-server 12-16 "mnop"`) {
		t.Errorf("%q", got)
	}
}

func TestRestoreRefuses(t *testing.T) {
	m := open(t, core.Messages, optionPreset, "modbus-tcp")
	plugintest.Answers(t, m, typed("1"), server("\x00\x01\x00"))
	state, err := m.Checkpoint(nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range [][2]string{
		{`"At":12`, `"At":-1`}, {`"Search":0`, `"Search":9`}, {`"Rest":0`, `"Rest":1`}, {`"Lost":false`, `"Lost":true`}, {`"From":0`, `"From":-1`}, {`{`, ``}, {`{`, `{"X":1,`},
		{`"Rest":0`, `"Long":{"From":0,"Left":0,"Begin":null},"Rest":0`},
	} {
		changed := strings.Replace(string(state), r[0], r[1], 1)
		if changed == string(state) {
			t.Errorf("the state has no %s: %s", r[0], state)
		}
		if open(t, core.Messages, optionPreset, "modbus-tcp").Restore([]byte(changed)) == nil {
			t.Errorf("a state with %s was restored", r[1])
		}
	}
}

// FuzzFrames has a machine watch what the fuzzer says, whole and in pieces, and restored from
// its checkpoint after each.
func FuzzFrames(f *testing.F) {
	names := slices.Sorted(maps.Keys(framings))
	for i := range names {
		f.Add([]byte("\x00\x05hello\x01\x02\x00\x00\x00\x06\x01\x03\x00\x00\x00\x01"), []byte("\x02ab\r\n\xc0\xdb\xdcContent-Length: 3\r\n\r\n[1]"), uint8(3), uint8(i), uint16(i%2)*7)
	}
	f.Fuzz(func(t *testing.T, asks, replies []byte, size, which uint8, missed uint16) {
		asks, replies = asks[:min(len(asks), core.MaxDecodedEvent)], replies[:min(len(replies), core.MaxDecodedEvent)]
		options := framings[names[int(which)%len(names)]]
		gap := core.Event{Kind: core.ServerUnseen, Data: fmt.Append(nil, missed)}
		whole := open(t, core.Stream, options...)
		want := plugintest.Answers(t, whole, client(string(asks)))
		if missed > 0 {
			want = append(want, plugintest.Answers(t, whole, gap)...)
		}
		want = append(want, plugintest.Answers(t, whole, server(string(replies)), serverEOF)...)
		var got []string
		m := open(t, core.Stream, options...)
		for i, data := range [2]string{string(asks), string(replies)} {
			if i == 1 && missed > 0 {
				got = append(got, plugintest.Answers(t, m, gap)...)
			}
			for of := [2]func(string) core.Event{client, server}[i]; len(data) > 0; {
				n := min(len(data), 1+int(size%32))
				got = append(got, plugintest.Answers(t, m, of(data[:n]))...)
				data = data[n:]
				state, err := m.Checkpoint(nil)
				if err != nil {
					t.Fatal(err)
				}
				m = open(t, core.Stream, options...)
				if err := m.Restore(state); err != nil {
					t.Fatalf("%v: %s", err, state)
				}
			}
		}
		got = append(got, plugintest.Answers(t, m, serverEOF)...)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("%v, whole and in pieces (-whole +pieces):\n%s", options, diff)
		}
	})
}

// FuzzMachine holds what is typed and answered to the promises of every machine.
func FuzzMachine(f *testing.F) {
	f.Add("hello", "\x00\x05hello", uint8(0))
	f.Add("read-coils address=1", "\x00\x01\x00\x00\x00\x03\x01\x83\x02", uint8(10))
	f.Add("{\"a\":[1,2.5]}", "\x01\xa1", uint8(1))
	f.Add("id=1 level=-1 x=2 name=abc rest=00", "\x00\x00\x00", uint8(4))
	names := slices.Sorted(maps.Keys(framings))
	f.Fuzz(func(t *testing.T, text, said string, which uint8) {
		if !utf8.ValidString(text) {
			t.Skip() // no client can send it
		}
		events := []core.Event{typed(text)}
		if said != "" {
			events = append(events, server(said))
		}
		options := map[string]string{}
		for pair := range slices.Chunk(framings[names[int(which)%len(names)]], 2) {
			options[pair[0]] = pair[1]
		}
		plugintest.Events(t, Discipline(), options, append(events, typed(text), serverEOF)...)
	})
}

// BenchmarkWatch has a machine watch frames of both sides.
func BenchmarkWatch(b *testing.B) {
	for name, c := range map[string]struct {
		options       []string
		asks, replies string
	}{
		"modbus": {framings["modbus"], "\x00\x01\x00\x00\x00\x06\x01\x03\x00\x00\x00\x02", "\x00\x01\x00\x00\x00\x07\x01\x03\x04\x00\x0a\x01\x02"},
		"large":  {framings["u8"][:0], "\x0f\xff" + strings.Repeat("x", 0xfff), "\x00\x02ok"},
		"slip":   {framings["slip"][:2], strings.Repeat("x", 1000) + "\xc0", "ok\xc0"},
	} {
		b.Run(name, func(b *testing.B) {
			m, out := open(b, core.Stream, c.options...), core.Out{}
			asks, replies := client(strings.Repeat(c.asks, 16)), server(strings.Repeat(c.replies, 16))
			b.SetBytes(int64(len(asks.Data) + len(replies.Data)))
			b.ReportAllocs()
			for b.Loop() {
				out.Reset()
				m.Handle(asks, &out)
				m.Handle(replies, &out)
			}
			if out.Len() != 32 {
				b.Fatalf("%d messages", out.Len())
			}
			b.ReportMetric(float64(32*b.N)/b.Elapsed().Seconds(), "messages/s")
		})
	}
}
