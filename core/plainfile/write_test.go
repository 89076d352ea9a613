package plainfile

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWriteIsOneStep(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "file")
	put := func(text string, err error) error {
		return Write(path, 0o640, func(w io.Writer) error {
			io.WriteString(w, text)
			return err
		})
	}
	holds := func(want string) {
		t.Helper()
		text, err := os.ReadFile(path)
		entries, _ := os.ReadDir(dir)
		if string(text) != want || err != nil || len(entries) != 1 {
			t.Errorf("%q, %v, beside %d files", text, err, len(entries)-1)
		}
	}
	if err := put("one", nil); err != nil {
		t.Error(err)
	}
	holds("one")
	mine := errors.New("mine")
	if err := put("two", mine); !errors.Is(err, mine) {
		t.Error(err)
	}
	holds("one")
	if err := put("three", nil); err != nil {
		t.Error(err)
	}
	holds("three")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o640 {
		t.Error(info.Mode(), err)
	}
}

func TestErrorsArePlain(t *testing.T) {
	_, err := os.Open(filepath.Join(t.TempDir(), "no\nwhere"))
	if err = Unreadable("no\nwhere", err); err.Error() != `no\nwhere cannot be read: no such file or directory` || !errors.Is(err, os.ErrNotExist) {
		t.Error(err)
	}
	err = Unwritable("x", os.Rename(filepath.Join(t.TempDir(), "a"), "b"))
	if !strings.HasPrefix(err.Error(), "x could not be written: no such file") {
		t.Error(err)
	}
}
