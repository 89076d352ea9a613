package catalog

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"time"
)

// A source may be written while it is read. It is read again until it is the
// same before and after, stillTries times at most.
const (
	stillTries = 20
	stillPause = 100 * time.Millisecond
	settled    = 30 * time.Millisecond // what was written this recently may be written on
)

// ErrUnsettled says that a file or folder was never the same before and after it
// was read.
var ErrUnsettled = errors.New("it changes all the time")

// BuildCopy is Build and Keep of a source that somebody may be writing: the
// plugin is built from, and is a copy of, what the source was at one time. The
// copy is below o.Into. A source that changes all the time is an ErrUnsettled.
func BuildCopy(ctx context.Context, source string, o BuildOptions) (Plugin, error) {
	var kept Plugin
	err := whenStill(ctx, source, func() error {
		before, _ := SourceSum(source)
		p, err := Build(ctx, source, o)
		if err == nil {
			kept, err = Keep(*p, o.Into)
		}
		if after, _ := SourceSum(source); after != before {
			err = ErrUnsettled
		}
		return err
	})
	return kept, err
}

// CopyFile copies a file that somebody may be writing to INTO/<sha256> and
// returns that path. A link is refused. The error is a *Problem, ErrUnsettled of
// one that changes all the time, or ctx's.
func CopyFile(ctx context.Context, file, into string) (path string, err error) {
	err = whenStill(ctx, file, func() error {
		sum, err := sumCopy(file)
		if err != nil {
			return unreadable("", file, err)
		}
		path = filepath.Join(into, sum)
		_, err = copyWhole(path, file, sum)
		return err
	})
	return path, err
}

// whenStill reads a path again until it stood still meanwhile. What a read says
// of one that did not, its error too, counts for nothing.
func whenStill(ctx context.Context, path string, read func() error) error {
	for range stillTries {
		before := look(path)
		if !before.recent() {
			err := read()
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
			if look(path) == before && !errors.Is(err, errChanged) && !errors.Is(err, ErrUnsettled) {
				return err
			}
		}
		select {
		case <-time.After(stillPause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return &Problem{Code: CodeChanging, Path: path, What: "changes all the time, so that no whole copy could be made", Next: "try again when nothing writes it", err: ErrUnsettled}
}

// glance is what tells that a file was written.
type glance struct {
	written time.Time
	size    int64
}

// look looks at the file that a path is, or that a source has; of Go code it
// sees nothing.
func look(path string) glance {
	if at, err := locate(path); err == nil && at.file != "" {
		path = at.file
	}
	info, err := os.Stat(path)
	if err != nil || info.IsDir() {
		return glance{}
	}
	return glance{info.ModTime(), info.Size()}
}

func (g glance) recent() bool {
	age := time.Since(g.written)
	return age >= 0 && age < settled
}

// Beside returns the names of the other plugins in the folder of a source that
// is a file: their goldens are in the same folder. A source that is a folder
// has none beside it.
func Beside(source string) []string {
	if info, err := os.Stat(source); err != nil || info.IsDir() {
		return nil
	}
	entries, _ := os.ReadDir(filepath.Dir(source))
	own, _, _ := nameOf(filepath.Base(source))
	var names []string
	for _, e := range entries {
		if name, _, ok := nameOf(e.Name()); ok && !e.IsDir() && name != own {
			names = append(names, name)
		}
	}
	return names
}
