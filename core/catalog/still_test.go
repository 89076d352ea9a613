package catalog

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// A file that is written while it is read is read again, until it stood still;
// one that was written just now is left to be finished first.
func TestWhenStill(t *testing.T) {
	file := filepath.Join(t.TempDir(), "x.golden")
	write := func(text string) {
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("begin")
	var reads []string
	err := whenStill(t.Context(), file, func() error {
		text, _ := os.ReadFile(file)
		reads = append(reads, string(text))
		if look(file).recent() {
			t.Error("it was read although it was written just now")
		}
		switch len(reads) {
		case 1:
			write("begin, mid")
			return errors.New("half of it does not parse")
		case 2:
			write("begin, middle, end")
			return errChanged
		}
		return nil
	})
	if err != nil || len(reads) != 3 || reads[2] != "begin, middle, end" {
		t.Errorf("it read %q, %v", reads, err)
	}
	n := 0
	err = whenStill(t.Context(), file, func() error {
		n++
		write(strings.Repeat("x", n))
		return nil
	})
	if !errors.Is(err, ErrUnsettled) || !strings.Contains(err.Error(), file) || n > stillTries {
		t.Errorf("one that is written all the time, after %d reads: %v", n, err)
	}
}

// The copies are what was there, and stay it.
func TestCopies(t *testing.T) {
	dir, into := t.TempDir(), t.TempDir()
	star, golden := filepath.Join(dir, "x.star"), filepath.Join(dir, "x.golden")
	for _, file := range []string{star, golden} {
		os.WriteFile(file, []byte("# one"), 0o600)
	}
	p, err1 := BuildCopy(t.Context(), star, BuildOptions{Into: into})
	path, err2 := CopyFile(t.Context(), golden, into)
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}
	for _, file := range []string{star, golden} {
		os.WriteFile(file, []byte("# two"), 0o600)
	}
	for _, copied := range []string{p.Path, path} {
		if text, _ := os.ReadFile(copied); string(text) != "# one" {
			t.Errorf("%s holds %q", copied, text)
		}
	}
	if p.Source != star {
		t.Errorf("its source is %s", p.Source)
	}
	os.Symlink(golden, golden+"2")
	if _, err := CopyFile(t.Context(), golden+"2", into); err == nil {
		t.Error("a link was copied")
	}
}

func TestBeside(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"a.star", "b.star", "workbench-plugin-c.py", "notes.txt"} {
		os.WriteFile(filepath.Join(dir, name), nil, 0o600)
	}
	if got := Beside(filepath.Join(dir, "b.star")); !slices.Equal(got, []string{"a", "c"}) {
		t.Errorf("beside b are %q", got)
	}
	if got := Beside(dir); got != nil {
		t.Errorf("beside the folder are %q", got)
	}
}
