package transcript

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/protocol-workbench/workbench/core"
)

func TestQuoteAsAPersonExpects(t *testing.T) {
	for in, want := range map[string]string{
		"":                     ``,
		"GET / HTTP/1.0\r\n":   `GET / HTTP/1.0\r\n`,
		"tab\there":            `tab\there`,
		`"C:\"`:                `\"C:\\\"`,
		"it's":                 `it's`,
		"\x00\a\b\v\f\x1b\x7f": `\x00\x07\x08\x0b\x0c\x1b\x7f`,
		"grün €5 😀 漢字":         `grün €5 😀 漢字`,
		"\xff\xfe":             `\xff\xfe`,
		"\xe2\x82":             `\xe2\x82`, // a euro sign cut short
		"\xed\xa0\x80":         `\xed\xa0\x80`,
		"\ufffd":               "\ufffd", // a real one is not an invalid byte
		"a\u00a0b\u0085":       `a\u00a0b\u0085`,
		"\ufeff\u2028\u202e":   `\ufeff\u2028\u202e`,
		"\U000e0001":           `\U000e0001`,
		"\U0010ffff":           `\U0010ffff`,
	} {
		if got := string(appendQuoted(nil, []byte(in))); got != want {
			t.Errorf("%q is quoted %s, not %s", in, got, want)
		}
	}
}

// Every byte and every rune, against strconv both ways.
func TestQuoteAgainstStrconv(t *testing.T) {
	check := func(in string) {
		t.Helper()
		quoted := `"` + string(appendQuoted(nil, []byte(in))) + `"`
		if back, err := strconv.Unquote(quoted); err != nil || back != in {
			t.Fatalf("%q is quoted %s, which strconv reads as %q, %v", in, quoted, back, err)
		}
		if back, err := unquote(nil, quoted, len(in)); err != nil || string(back) != in {
			t.Fatalf("%q is quoted %s, which reads back as %q, %v", in, quoted, back, err)
		}
		if back, err := unquote(nil, strconv.Quote(in), len(in)); err != nil || string(back) != in {
			t.Fatalf("strconv's %q reads back as %q, %v", in, back, err)
		}
	}
	for c := range 256 {
		check(string([]byte{byte(c)}))
		check(string([]byte{'a', byte(c), 0xe2, byte(c), 'b'}))
	}
	for r := rune(0); r <= utf8.MaxRune; r++ {
		if utf8.ValidRune(r) {
			check(string(r))
		}
	}
}

func TestPayloadIsBroken(t *testing.T) {
	for _, c := range []struct {
		name, in string
		want     []int // bytes on each line
	}{
		{"empty", "", []int{0}},
		{"ends with a line end", "ab\ncd\n", []int{3, 3}},
		{"only line ends", "\n\n", []int{1, 1}},
		{"CR alone does not break", "a\rb", []int{3}},
		{"4 KiB exactly", strings.Repeat("x", 4096), []int{4096}},
		{"a byte more", strings.Repeat("x", 4097), []int{4096, 1}},
		{"a line end right after", strings.Repeat("x", 4096) + "\nb", []int{4096, 1, 1}},
		{"a rune of two bytes over the edge", strings.Repeat("x", 4095) + "é!", []int{4095, 3}},
		{"a rune of four bytes over the edge", strings.Repeat("x", 4093) + "😀", []int{4093, 4}},
		{"a rune up to the edge", strings.Repeat("x", 4092) + "😀y", []int{4096, 1}},
		{"no runes at all", strings.Repeat("\x80", 5000), []int{4096, 904}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []int
			for rest := []byte(c.in); ; {
				n := piece(rest)
				got = append(got, n)
				if rest = rest[n:]; len(rest) == 0 {
					break
				}
			}
			if len(got) != len(c.want) {
				t.Fatalf("pieces %v, want %v", got, c.want)
			}
			for i := range got {
				if got[i] != c.want[i] {
					t.Fatalf("pieces %v, want %v", got, c.want)
				}
			}
			text := appendPayload([]byte(">> server "), 0, []byte(c.in))
			if strings.Count(string(text), "\n") != len(c.want)-1 || len(c.in) > 0 && bytes.HasSuffix(text, []byte(`""`)) {
				t.Errorf("printed\n%s", text)
			}
		})
	}
}

func TestRemarksStayOnTheirLine(t *testing.T) {
	e := Entry{Dir: Remark, Remark: "a\r\nb\x00\xff\tc é", Comments: []string{"", "two\nlines", "#as it was"}}
	want := "\n# two\\x0alines\n#as it was\n-- a\\x0d\\x0ab\\x00\\xff\tc é\n"
	if got := string(AppendEntry(nil, &e)); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func FuzzQuote(f *testing.F) {
	for _, s := range []string{"", "a\r\nb\n", "\x00\xff\"\\", "é😀\u2028", strings.Repeat("é", 3000)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		quoted := `"` + string(appendQuoted(nil, data)) + `"`
		back, err := strconv.Unquote(quoted)
		if err != nil || back != string(data) {
			t.Fatalf("%q is quoted %s, which strconv reads as %q, %v", data, quoted, back, err)
		}
		if len(data) > core.MaxEventPayload {
			return
		}
		e := event(core.ServerBytes, string(data))
		tr, err := Parse("file", AppendEntry([]byte(magic+"\nmode raw\n"), &e))
		if err != nil || len(tr.Entries) != 1 || !Equal(&tr.Entries[0], &e) {
			t.Fatalf("%q is not read back: %v", data, err)
		}
	})
}

// jsonEntry is how a program that reads the JSON would declare it.
type jsonEntry struct {
	N     *uint64  `json:"n"`
	T     *float64 `json:"t"`
	Dir   string   `json:"dir"`
	Side  string   `json:"side"`
	Kind  string   `json:"kind"`
	Name  string   `json:"name"`
	After string   `json:"after"`
	Text  *string  `json:"text"`
	B64   *string  `json:"b64"`
}

func FuzzJSON(f *testing.F) {
	f.Add(uint8(5), []byte("a\r\n\x00\u2028<>&"), int64(510_000_000))
	f.Add(uint8(10), []byte("\xff"), int64(-1))
	f.Fuzz(func(t *testing.T, kind uint8, data []byte, at int64) {
		entries := []Entry{{Dir: Remark, Remark: string(data)}}
		if k := core.EventKind(kind); k.Valid() && k != core.TimerFired {
			entries = append(entries, event(k, string(data)))
		}
		if k := core.ActionKind(kind); k.Valid() && k != core.SetTimer && k != core.StopTimer {
			entries = append(entries, action(k, string(data)))
		}
		for _, e := range entries {
			e.Timed, e.Time = true, 0
			if at > 0 {
				e.Time = 1000 * (time.Duration(at) / 1000)
			}
			out := AppendJSON(nil, &e)
			var got jsonEntry
			if err := json.Unmarshal(out, &got); err != nil {
				t.Fatalf("%s: %v", out, err)
			}
			if got.Dir != e.Dir.String() || got.Kind == "" || got.T == nil {
				t.Fatalf("%s", out)
			}
			if diff := *got.T - e.Time.Seconds(); diff > 1e-6 || diff < -1e-6 {
				t.Fatalf("%v became %s", e.Time, out)
			}
			if e.Dir == Remark {
				if *got.Text != strings.ToValidUTF8(string(data), "\uFFFD") || got.N != nil {
					t.Fatalf("%q became %s", data, out)
				}
				continue
			}
			if formOf(&e).arg != quoted {
				continue
			}
			back := []byte{}
			switch {
			case got.Text != nil && got.B64 == nil:
				back = []byte(*got.Text)
			case got.B64 != nil && !utf8.Valid(data):
				back, _ = base64.StdEncoding.DecodeString(*got.B64)
			}
			if *got.N != 12 || !bytes.Equal(back, data) {
				t.Fatalf("%q became %s", data, out)
			}
		}
	})
}
