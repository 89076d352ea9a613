package spool

import (
	"bytes"
	"io"
	"os"
	"testing"
)

// A text is read as it was written, however long it is, and leaves no file.
func TestSpool(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	for _, size := range []int{0, 10, maxHeld, maxHeld + 1, 3*maxHeld + 7} {
		var s Spool
		want := bytes.Repeat([]byte("0123456789"), size/10+1)[:size]
		for at := 0; at < size; at += 70_001 {
			if _, err := s.Write(want[at:min(size, at+70_001)]); err != nil {
				t.Fatal(err)
			}
		}
		r, err := s.Reader()
		if err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if got, err := io.ReadAll(r); !bytes.Equal(got, want) || err != nil {
				t.Errorf("%d bytes: read %d, %v", size, len(got), err)
			}
			if _, err := r.Seek(0, io.SeekStart); err != nil {
				t.Fatal(err)
			}
		}
		if isInFile := s.file != nil; isInFile != (size > maxHeld) {
			t.Errorf("%d bytes are in a file: %v", size, isInFile)
		}
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	}
	if left, err := os.ReadDir(os.TempDir()); len(left) > 0 || err != nil {
		t.Errorf("files are left: %v, %v", left, err)
	}
}
