package framing

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// frames feeds the stream in pieces of so many bytes, and returns its frames with where
// they begin. After each piece the stream is made anew from its state.
// After the first gap bytes, if there is a gap, so many were missed.
func frames(cut Cut, most int, data string, size, gap, missed int) (all []string, err error) {
	s := &Stream{Cut: cut, Most: most, Plausible: words}
	for fed := 0; len(data) > 0; {
		n := min(size, len(data))
		if missed > 0 && fed <= gap {
			if fed == gap {
				s.Resync(int64(missed))
				missed = 0
			} else {
				n = min(n, gap-fed)
			}
		}
		fed += n
		err := s.Feed([]byte(data[:n]), func(at int64, frame []byte) error {
			all = append(all, fmt.Sprintf("%d %s", at, frame))
			return nil
		})
		if err != nil {
			return all, err
		}
		data = data[n:]
		again := &Stream{Cut: cut, Most: most, Plausible: words}
		if rest, err := again.Restore(append(s.State(nil), "rest"...)); err != nil || string(rest) != "rest" {
			return all, fmt.Errorf("restored to %q, %w", rest, err)
		}
		s = again
	}
	return all, nil
}

// words reports whether a frame whose length is one byte has small letters alone, and any.
func words(frame []byte, whole bool) bool {
	for _, c := range frame[1:] {
		if c < 'a' || c > 'z' {
			return false
		}
	}
	return len(frame) > 1 || !whole && frame[0] > 0
}

// frame is a case of testdata/frames.json, which the helpers for Starlark and for Python are
// held to as well. Its texts have a character for each byte.
type frame struct {
	Name      string
	Cut       string
	Delimiter string
	Size      int
	Order     string
	Counts    string
	Most      int
	Gap       int // where, if bytes were missed there, a place is sought
	Missed    int
	Data      string
	Frames    []string // each with where it begins
	Error     string   // with which it ends
}

func table(t testing.TB) (all []frame) {
	data, err := os.ReadFile("testdata/frames.json")
	if err == nil {
		err = json.Unmarshal(data, &all)
	}
	if err != nil || len(all) == 0 {
		t.Fatalf("%d cases: %v", len(all), err)
	}
	for i := range all {
		all[i].Data = octets(all[i].Data)
		for j := range all[i].Frames {
			all[i].Frames[j] = octets(all[i].Frames[j])
		}
	}
	return all
}

func octets(text string) string {
	var b []byte
	for _, r := range text {
		b = append(b, byte(r))
	}
	return string(b)
}

func (f *frame) cut(t testing.TB) Cut {
	switch f.Cut {
	case "lines":
		return Lines()
	case "after":
		return After(f.Delimiter)
	case "prefixed":
		counts := Rest
		if f.Counts == "whole" {
			counts = Whole
		}
		return Prefixed(f.Size, f.Order == "little", counts)
	case "content-length":
		return ContentLength()
	}
	t.Fatalf("%s: there is no cut %q", f.Name, f.Cut)
	return nil
}

// However a stream is cut, its frames are the same, at the same places.
func TestFrames(t *testing.T) {
	for _, c := range table(t) {
		for size := 1; size <= len(c.Data); size++ {
			got, err := frames(c.cut(t), c.Most, c.Data, size, c.Gap, c.Missed)
			if strings.Join(got, "|") != strings.Join(c.Frames, "|") {
				t.Errorf("%s, by %d: %q, want %q", c.Name, size, got, c.Frames)
			}
			if (err != nil) != (c.Error != "") || err != nil && !strings.Contains(err.Error(), c.Error) {
				t.Errorf("%s, by %d: %v, want %q", c.Name, size, err, c.Error)
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
	for _, state := range [][]byte{nil, {0x80}, {1}, {1, 5, 'a'}, {1, 1, 'a'}, {1, 1, 'a', 3}, bytes.Repeat([]byte{0xff}, 12)} {
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
	for _, c := range table(f) {
		f.Add([]byte(c.Data), 3, c.Gap)
	}
	all := []Cut{Lines(), After("\r\n"), Prefixed(2, false, Rest), Prefixed(4, true, Whole), ContentLength()}
	f.Fuzz(func(t *testing.T, data []byte, size, missed int) {
		size, missed = max(1, size%64), max(0, missed%64)
		for i, cut := range all {
			whole, err := frames(cut, 1<<10, string(data), max(1, len(data)), missed, missed)
			pieces, cutErr := frames(cut, 1<<10, string(data), size, missed, missed)
			if strings.Join(whole, "|") != strings.Join(pieces, "|") || (err == nil) != (cutErr == nil) {
				t.Errorf("cut %d by %d: %q, %v; whole: %q, %v", i, size, pieces, cutErr, whole, err)
			}
		}
	})
}
