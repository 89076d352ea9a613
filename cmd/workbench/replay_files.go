package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/plainfile"
	"github.com/protocol-workbench/workbench/core/store"
)

const goldenSuffix = ".golden"

// transcriptFile is the file of a transcript. One that the user named may be a
// link or a pipe; one that was found, in a folder or in the store, may not.
type transcriptFile struct {
	path  string
	found bool
	copy  string // of what it was, which is read in its place; "": none
}

// open opens the file to be read.
func (f transcriptFile) open() (*os.File, error) {
	if f.copy != "" {
		return os.Open(f.copy)
	}
	return f.original()
}

func (f transcriptFile) original() (*os.File, error) {
	if f.found {
		return plainfile.Open(f.path)
	}
	return os.Open(f.path)
}

// recordedFile returns the file of a recorded transcript that is named by its
// ID, where there is no file of that name; else the file of that name.
func recordedFile(name string) transcriptFile {
	if _, err := os.Stat(name); err == nil || !store.ValidID(name) {
		return transcriptFile{path: name}
	}
	if file, err := (&recordings{}).file(name); err == nil {
		return file
	}
	return transcriptFile{path: name}
}

// findTranscripts returns the files that the paths name: files as they are,
// folders with all the goldens below them, sorted. Each stands there once.
func findTranscripts(paths []string) ([]transcriptFile, error) {
	var files []transcriptFile
	seen := map[string]bool{}
	add := func(path string, found bool) {
		if path = filepath.Clean(path); !seen[path] {
			seen[path] = true
			files = append(files, transcriptFile{path: path, found: found})
		}
	}
	for _, name := range paths {
		file := recordedFile(name)
		path := file.path
		info, err := os.Stat(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, fmt.Errorf("there is no file or folder %s", core.Printable(path))
		case err != nil:
			return nil, plainError(path, err)
		case !info.IsDir():
			add(path, file.found)
			continue
		}
		found := 0
		err = fs.WalkDir(os.DirFS(path), ".", func(name string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() && strings.HasSuffix(name, goldenSuffix) {
				found++
				add(filepath.Join(path, filepath.FromSlash(name)), true)
			}
			return err
		})
		if err != nil {
			return nil, plainError(path, err)
		}
		if found == 0 {
			return nil, fmt.Errorf("there are no transcripts in %s: their names end in %s", core.Printable(path), goldenSuffix)
		}
	}
	return files, nil
}

// readTranscript reads the file of a transcript, which has maxInMemory at most.
func readTranscript(file transcriptFile) ([]byte, error) {
	path := file.path
	f, err := file.open()
	if err != nil {
		return nil, plainError(path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, plainError(path, err)
	case info.IsDir():
		return nil, fmt.Errorf("%s is a folder; name a transcript", core.Printable(path))
	}
	return readWhole(path, f, info.Size())
}

// readWhole reads what has about so many bytes, of which it looks first whether
// they are too many.
func readWhole(name string, in io.Reader, about int64) ([]byte, error) {
	if about > maxInMemory {
		return nil, tooLarge(name, size(about+1<<20-1))
	}
	var all bytes.Buffer
	all.Grow(int(about) + bytes.MinRead) // else it is copied as it grows
	switch _, err := all.ReadFrom(io.LimitReader(in, maxInMemory+1)); {
	case err != nil:
		return nil, plainError(name, err)
	case all.Len() > maxInMemory:
		return nil, tooLarge(name, "more than "+size(maxInMemory))
	}
	return all.Bytes(), nil
}

func tooLarge(name, has string) error {
	return fmt.Errorf("%s has %s, and at most %s are read at once; cut it in parts, each of a transcript's with the lines above its first entry on top", core.Printable(name), has, size(maxInMemory))
}

// refuseRunning refuses to replace a file, if there is one, that a recorder
// still appends to: what it is told from then on would go nowhere. That has to
// be asked before the file is read, since its session may end meanwhile.
func refuseRunning(file transcriptFile) error {
	path := file.path
	if info, err := os.Stat(path); err != nil || !info.Mode().IsRegular() {
		return nil // whoever reads or writes it says what is wrong
	}
	f, err := file.original()
	if err != nil {
		return plainError(path, err)
	}
	defer f.Close()
	if store.Running(f) {
		return fmt.Errorf("the session of %s is still running, and what is yet to be recorded would be lost: wait until it has ended", core.Printable(path))
	}
	return nil
}

// writeTranscript replaces a file as one step: on an error it is as it was.
func writeTranscript(file transcriptFile, data []byte) (err error) {
	path := file.path
	defer func() {
		if err != nil {
			err = fmt.Errorf("%s could not be written, and is as it was: %w", core.Printable(path), err)
		}
	}()
	if !file.found {
		if path, err = filepath.EvalSymlinks(path); err != nil {
			return err
		}
	}
	info, err := os.Lstat(path)
	if err != nil {
		return err
	}
	if !info.Mode().IsRegular() {
		return errors.New("it is no regular file")
	}
	if file.copy != "" {
		was, err1 := os.ReadFile(file.copy)
		now, err2 := os.ReadFile(path)
		if err := errors.Join(err1, err2); err != nil || !bytes.Equal(was, now) {
			return errors.Join(err, errors.New("it was changed after it was read; try again"))
		}
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
	return fmt.Errorf("%s cannot be read: %w", core.Printable(path), err)
}
