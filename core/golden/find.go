package golden

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/catalog"
	"github.com/protocol-workbench/workbench/core/plainfile"
	"github.com/protocol-workbench/workbench/core/transcript"
)

// Suffix is how the name of a golden ends.
const Suffix = ".golden"

// Find returns the goldens in a folder and in those below it for which enter
// returns true (nil: none), in the order of their paths. The error is that of the
// first folder that could not be read; the goldens of the others come with it.
func Find(folder string, enter func(path string) bool) (files []File, err error) {
	root := folder + string(filepath.Separator) // it may be a link
	filepath.WalkDir(root, func(path string, d fs.DirEntry, problem error) error {
		switch {
		case problem != nil:
			if err == nil {
				err = plainfile.Unreadable(folder, problem)
			}
		case d.IsDir() && path != root && (enter == nil || !enter(path)):
			return filepath.SkipDir
		case !d.IsDir() && filepath.Ext(path) == Suffix:
			files = append(files, File{Path: filepath.Clean(path), Found: true})
		}
		return nil
	})
	return files, err
}

// Named returns the files that a user named: file turns a name into a file, and
// a folder stands for all the goldens below it. Each file is returned once.
func Named(paths []string, file func(name string) File) ([]File, error) {
	var files []File
	seen := map[string]bool{}
	add := func(f File) {
		if f.Path = filepath.Clean(f.Path); !seen[f.Path] {
			seen[f.Path] = true
			files = append(files, f)
		}
	}
	for _, name := range paths {
		f := file(name)
		info, err := os.Stat(f.Path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("there is no file or folder %s", core.Printable(f.Path))
		case err != nil:
			return nil, plainfile.Unreadable(f.Path, err)
		case !info.IsDir():
			add(f)
			continue
		}
		found, err := Find(f.Path, func(string) bool { return true })
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("there are no transcripts in %s: their names end in %s", core.Printable(f.Path), Suffix)
		}
		for _, f := range found {
			add(f)
		}
	}
	return files, nil
}

// Own returns those of the files that are not of another plugin in the folder of
// the source, which their mode tells. A file that cannot be read is the plugin's
// own, so that somebody hears of it.
func Own(source string, files []File) []File {
	beside := catalog.Beside(source)
	if len(beside) == 0 {
		return files
	}
	return slices.DeleteFunc(files, func(f File) bool {
		data, err := f.Read()
		return err == nil && slices.Contains(beside, transcript.HeaderMode(data))
	})
}
