package framing

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// frames feeds the stream in pieces of so many bytes, and returns its frames with where
// they begin. After each piece the stream is made anew from its state.
func frames(cut Cut, most int, data string, size int) (all []string, err error) {
	s := &Stream{Cut: cut, Most: most}
	for len(data) > 0 {
		n := min(size, len(data))
		err := s.Feed([]byte(data[:n]), func(at int64, frame []byte) error {
			all = append(all, fmt.Sprintf("%d %s", at, frame))
			return nil
		})
		if err != nil {
			return all, err
		}
		data = data[n:]
		again := &Stream{Cut: cut, Most: most}
		if rest, err := again.Restore(append(s.State(nil), "rest"...)); err != nil || string(rest) != "rest" {
			return all, fmt.Errorf("restored to %q, %w", rest, err)
		}
		s = again
	}
	return all, nil
}

var cuts = map[string]struct {
	cut  Cut
	most int
	data string
	want []string
	err  string // with which it ends
}{
	"lines":               {Lines(), 0, "a\r\n\nbc\nde", []string{"0 a\r\n", "3 \n", "4 bc\n"}, ""},
	"a delimiter of two":  {After("\r\n"), 0, "a\r\r\nb\nc\r\n\r", []string{"0 a\r\r\n", "4 b\nc\r\n"}, ""},
	"a prefix":            {Prefixed(2, false, Rest), 0, "\x00\x02hi\x00\x00\x00\x03abc\x00", []string{"0 \x00\x02hi", "4 \x00\x00", "6 \x00\x03abc"}, ""},
	"little end first":    {Prefixed(2, true, Rest), 0, "\x01\x00a\x00\x01", []string{"0 \x01\x00a"}, ""},
	"it counts itself":    {Prefixed(1, false, Whole), 0, "\x03ab\x01", []string{"0 \x03ab", "3 \x01"}, ""},
	"less than itself":    {Prefixed(4, false, Whole), 0, "\x00\x00\x00\x04\x00\x00\x00\x03", []string{"0 \x00\x00\x00\x04"}, "its length alone has 4"},
	"too large a length":  {Prefixed(8, false, Rest), 0, "\xff\xff\xff\xff\xff\xff\xff\xff", nil, "longer than is taken"},
	"content":             {ContentLength(), 0, "Content-Length: 2\r\n\r\nhiA: b\ncontent-length:0\n\n\nX", []string{"0 Content-Length: 2\r\n\r\nhi", "23 A: b\ncontent-length:0\n\n", "46 \n"}, ""},
	"no number":           {ContentLength(), 0, "Content-Length: +2\r\n\r\n", nil, "no number of bytes"},
	"two numbers":         {ContentLength(), 0, "Content-Length: 2\nContent-Length: 3\n\n", nil, "different numbers"},
	"twice the same":      {ContentLength(), 0, "Content-Length: 1\nContent-Length: 1\n\nx", []string{"0 Content-Length: 1\nContent-Length: 1\n\nx"}, ""},
	"a number too large":  {ContentLength(), 0, "Content-Length: 99999999999999999999999999\n\nx", nil, "longer than is taken"},
	"as long as may be":   {Lines(), 4, "abc\nabc\n", []string{"0 abc\n", "4 abc\n"}, ""},
	"longer than may be":  {Lines(), 4, "abc\nabcd\n", []string{"0 abc\n"}, "longer than is taken"},
	"announced too long":  {Prefixed(1, false, Rest), 4, "\x03abc\x04abcd", []string{"0 \x03abc"}, "longer than is taken"},
	"a frame not yet all": {Prefixed(1, false, Rest), 0, "\x09abc", nil, ""},
}

// However a stream is cut, its frames are the same, at the same places.
func TestFrames(t *testing.T) {
	for name, c := range cuts {
		for size := 1; size <= len(c.data); size++ {
			got, err := frames(c.cut, c.most, c.data, size)
			if strings.Join(got, "|") != strings.Join(c.want, "|") {
				t.Errorf("%s, by %d: %q, want %q", name, size, got, c.want)
			}
			if (err != nil) != (c.err != "") || err != nil && !strings.Contains(err.Error(), c.err) {
				t.Errorf("%s, by %d: %v, want %q", name, size, err, c.err)
			}
		}
	}
}

func TestSkip(t *testing.T) {
	s := Stream{Cut: Lines()}
	var at []int64
	feed := func(data string) {
		if err := s.Feed([]byte(data), func(from int64, _ []byte) error { at = append(at, from); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	feed("one\ntw")
	if from, held := s.Held(); from != 4 || string(held) != "tw" {
		t.Errorf("%q from %d on is held", held, from)
	}
	s.Skip(10)
	feed("x\n")
	if fmt.Sprint(at) != "[0 16]" {
		t.Errorf("frames at %d", at)
	}
}

func TestErrors(t *testing.T) {
	s := Stream{Cut: Lines(), Most: 3}
	own := errors.New("own")
	if err := s.Feed([]byte("a\n"), func(int64, []byte) error { return own }); err != own {
		t.Error(err)
	}
	if err := s.Feed([]byte("abcd"), nil); !errors.Is(err, ErrTooLong) {
		t.Error(err)
	}
	for _, state := range [][]byte{nil, {0x80}, {1}, {1, 5, 'a'}, bytes.Repeat([]byte{0xff}, 12)} {
		if _, err := new(Stream).Restore(state); err == nil {
			t.Errorf("%x is a state", state)
		}
	}
}

// Frames that lie in one event whole are given on without a copy or an allocation.
func TestFeedAllocatesNothing(t *testing.T) {
	s := Stream{Cut: Lines()}
	data := bytes.Repeat([]byte("a line\n"), 100)
	frame := func(int64, []byte) error { return nil }
	if n := testing.AllocsPerRun(100, func() { s.Feed(data, frame) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzFrames(f *testing.F) {
	for _, c := range cuts {
		f.Add([]byte(c.data), 3)
	}
	all := []Cut{Lines(), After("\r\n"), Prefixed(2, false, Rest), Prefixed(4, true, Whole), ContentLength()}
	f.Fuzz(func(t *testing.T, data []byte, size int) {
		size = max(1, size%64)
		for i, cut := range all {
			whole, err := frames(cut, 1<<10, string(data), max(1, len(data)))
			pieces, cutErr := frames(cut, 1<<10, string(data), size)
			if strings.Join(whole, "|") != strings.Join(pieces, "|") || (err == nil) != (cutErr == nil) {
				t.Errorf("cut %d by %d: %q, %v; whole: %q, %v", i, size, pieces, cutErr, whole, err)
			}
		}
	})
}
