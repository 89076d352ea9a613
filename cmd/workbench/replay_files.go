package main

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/protocol-workbench/workbench/core/store"
)

// maxTranscript bounds a file in bytes; all of it is in memory while it is
// replayed.
const maxTranscript = 256 << 20

const goldenSuffix = ".golden"

// recordedFile returns the file of a recorded transcript that is named by its
// ID, where there is no file of that name; any other name it returns as it is.
func recordedFile(name string) string {
	if _, err := os.Stat(name); err == nil || !store.ValidID(name) {
		return name
	}
	if path, err := (&recordings{}).path(name); err == nil {
		return path
	}
	return name
}

// findTranscripts returns the files that the paths name: files as they are,
// folders with all the goldens below them, sorted. Each stands there once.
func findTranscripts(paths []string) ([]string, error) {
	var files []string
	seen := map[string]bool{}
	add := func(file string) {
		if file = filepath.Clean(file); !seen[file] {
			seen[file] = true
			files = append(files, file)
		}
	}
	for _, path := range paths {
		path = recordedFile(path)
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("there is no file or folder %s", path)
		case err != nil:
			return nil, plainError(path, err)
		case !info.IsDir():
			add(path)
			continue
		}
		found := 0
		err = fs.WalkDir(os.DirFS(path), ".", func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(name, goldenSuffix) {
				found++
				add(filepath.Join(path, filepath.FromSlash(name)))
			}
			return err
		})
		if err != nil {
			return nil, plainError(path, err)
		}
		if found == 0 {
			return nil, fmt.Errorf("there are no transcripts in %s: their names end in %s", path, goldenSuffix)
		}
	}
	return files, nil
}

func readTranscript(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, plainError(path, err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxTranscript+1))
	switch {
	case err != nil:
		return nil, plainError(path, err)
	case len(data) > maxTranscript:
		return nil, fmt.Errorf("%s is larger than %d MiB, which is the most that is replayed", path, maxTranscript>>20)
	}
	return data, nil
}

// writeTranscript replaces a file as one step: on an error it is as it was.
func writeTranscript(path string, data []byte) (err error) {
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s could not be written, and is as it was: %w", path, err)
		}
	}()
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return err
	}
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is no regular file")
	}
	f, err := os.CreateTemp(filepath.Dir(path), ".update-*")
	if err != nil {
		return err
	}
	defer os.Remove(f.Name()) // when it was not renamed
	_, err = f.Write(data)
	if err = errors.Join(err, f.Chmod(info.Mode().Perm()), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

// plainError says what is wrong with a path without the name of a system call.
func plainError(path string, err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		err = e.Err
	}
	return fmt.Errorf("%s can not be read: %w", path, err)
}
