package store

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/transcript"
)

const sample = `workbench transcript v1
mode http-line
option eol "crlf"
target "example.com:80"

0.000 -- recorded 2026-01-02T15:04:05Z, session s1
0.000 << timer idle 2s
1.000 >> client text "GET /"
1.000 << server "GET /\r\n"
# a comment
1.500 >> server "HTTP/1.0 200 OK\r\n"
                "\r\n"
2.000 >> timer idle
2.000 << note "idle"
2.500 -- ended: done
`

// decode decodes a text that comes in reads of r.
func decode(r io.Reader) ([]transcript.Entry, *transcript.Transcript, error) {
	var d Decoder
	var all []transcript.Entry
	for block, err := range Blocks(r, nil) {
		if err != nil {
			return nil, nil, err
		}
		entries, err := d.Entries("x", bytes.Clone(block))
		if err != nil {
			return nil, nil, err
		}
		all = append(all, entries...)
	}
	return all, d.Header, nil
}

func TestEntriesOfBlocksAreThoseOfTheWhole(t *testing.T) {
	long := sample + strings.Repeat("3.000 >> server \"more\\r\\n\"\n                \"and more\"\n3.000 << client text \"more\"\n", 5000)
	ruled := sample + strings.Repeat("# one\n\n# two\n~~ any 0 1\n~~ any 1 2\n3.000 >> server \"more\\r\\n\"\n", 5000)
	silent := strings.Replace(long, "\n\n", "\nquiet 200ms\n\n", 1) + "4.000 >> server quiet\n"
	if silent == long+"4.000 >> server quiet\n" {
		t.Fatal("the sample has another header")
	}
	for name, text := range map[string]string{"short": sample, "long": long, "cut off": long[:len(long)-7], "silence in a later block": silent, "rules": ruled, "no blank line": strings.Replace(long, "\n\n", "\n", 1)} {
		want, err := transcript.Parse("x", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		for how, r := range map[string]io.Reader{"whole": strings.NewReader(text), "halves": iotest.HalfReader(strings.NewReader(text))} {
			got, header, err := decode(r)
			if err != nil {
				t.Fatal(err)
			}
			sameEntries(t, name+", "+how, want.Entries, got)
			if header == nil || header.Mode != "http-line" || header.Target != "example.com:80" || len(header.Options) != 1 {
				t.Errorf("the header is %+v", header)
			}
		}
	}
}

func sameEntries(t *testing.T, name string, want, got []transcript.Entry) {
	t.Helper()
	if diff := transcript.Diff(want, got); diff != "" || len(want) != len(got) {
		t.Fatalf("%s: %d entries, want %d\n%.2000s", name, len(got), len(want), diff)
	}
	for i := range want {
		if want[i].N != got[i].N || want[i].Time != got[i].Time {
			t.Fatalf("%s: entry %d has n %d at %v, want %d at %v", name, i, got[i].N, got[i].Time, want[i].N, want[i].Time)
		}
	}
}

func TestAnErrorNamesItsLine(t *testing.T) {
	text := sample + strings.Repeat("3.000 >> server \"more\"\n", 10_000) + "nonsense\n"
	_, _, err := decode(strings.NewReader(text))
	var bad *transcript.SyntaxError
	if !errors.As(err, &bad) || bad.Line != 10_016 {
		t.Errorf("got %v", err)
	}
}

// A file that never ends an entry is refused before it is all in memory.
func TestAnEntryWithoutEndIsRefused(t *testing.T) {
	read := 0
	endless := readerFunc(func(p []byte) (int, error) {
		read += len(p)
		return copy(p, bytes.Repeat([]byte(" "), len(p))), nil
	})
	_, _, err := decode(io.MultiReader(strings.NewReader(sample), endless))
	if !errors.Is(err, errEntryTooLong) || read > 2*maxEntryText {
		t.Errorf("%v after %d bytes", err, read)
	}
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestTheLongestEntryIsNoLongerThanItsBound(t *testing.T) {
	data := bytes.Repeat([]byte("\n"), core.MaxActionPayload)
	e := transcript.Entry{Dir: transcript.Action, Timed: true, Time: 999_999_999e9, Action: core.Action{Kind: core.SendBinary, Data: data}}
	if n := len(transcript.AppendEntry(nil, &e)); n > maxEntryText {
		t.Errorf("%d bytes", n)
	}
}

func TestGolden(t *testing.T) {
	const head = "workbench transcript v1\nmode http-line\noption eol \"crlf\"\ntarget \"example.com:80\"\n\n"
	const rest = ">> server \"HTTP/1.0 200 OK\\r\\n\"\n          \"\\r\\n\"\n"
	const begin = "<< timer idle 2s\n>> client text \"GET /\"\n<< server \"GET /\\r\\n\"\n"
	for text, want := range map[string]string{
		strings.Replace(sample, "example.com:80\"\n", "example.com:80\"\ntls verify \"none\"\n", 1): head + begin + rest + ">> timer idle\n<< note \"idle\"\n",
		sample: head + begin + rest + ">> timer idle\n<< note \"idle\"\n",
		// The answer to the timer may not be there whole.
		sample[:strings.Index(sample, "2.500")-2]: head + begin + rest,
	} {
		parsed, err := transcript.Parse("x", []byte(text))
		if err != nil {
			t.Fatal(err)
		}
		Golden(parsed)
		if got := string(parsed.Append(nil)); got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
	}
}

// Whatever the text is, and however it is cut, the entries are the same.
func FuzzDecoder(f *testing.F) {
	f.Add([]byte(sample), uint16(100))
	f.Add([]byte(strings.ReplaceAll(sample, "\n", "\r\n")), uint16(7))
	f.Fuzz(func(t *testing.T, text []byte, cut uint16) {
		whole, err := transcript.Parse("x", text)
		var d Decoder
		var got []transcript.Entry
		for len(text) > 0 {
			n := min(len(text), int(cut)+1)
			if n < len(text) {
				n = lastEntry(text[:n])
			}
			if n == 0 {
				n = len(text)
			}
			entries, err := d.Entries("x", text[:n])
			if err != nil {
				return // refused, if not always as the whole is
			}
			got, text = append(got, entries...), text[n:]
		}
		// A torn end may be read as more than it is worth: a timer that nothing
		// set is refused by the whole alone.
		if err == nil && d.Header != nil && !whole.CutOff {
			sameEntries(t, "blocks", whole.Entries, got)
		}
	})
}

func FuzzDescribe(f *testing.F) {
	id := NewID(time.Date(2026, 1, 2, 15, 4, 5, 0, time.UTC), "s1", "raw")
	f.Add([]byte(sample))
	f.Add([]byte("workbench transcript v1\n\n\n\n1 -- ended"))
	f.Fuzz(func(t *testing.T, text []byte) {
		info, err := Describe(id, bytes.NewReader(text), int64(len(text)))
		if err == nil && (info.ID != id || info.Size != int64(len(text)) || info.Running) {
			t.Errorf("%+v", info)
		}
	})
}
