package importer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/protocol-workbench/workbench/core/plainfile"
)

const suffix = ".transcript"

// Folder is where transcripts are written into files. It is made if it is not there.
type Folder string

// Import makes transcripts of a file, or of stdin if that is not nil: NAME.transcript
// of a text, NAME-0001.transcript and so on of a capture. It replaces no file. It sets
// o.Create.
func (f Folder) Import(ctx context.Context, o Options, file string, stdin io.Reader) (Report, error) {
	in, name, about := stdin, "stdin", int64(0)
	if stdin == nil {
		opened, err := os.Open(file)
		if err != nil {
			return Report{}, plainfile.Unreadable(file, err)
		}
		defer opened.Close()
		info, err := opened.Stat()
		if err != nil {
			return Report{}, plainfile.Unreadable(file, err)
		}
		if info.IsDir() {
			return Report{}, fmt.Errorf("%s is a folder: name a file", file)
		}
		base := strings.TrimSuffix(filepath.Base(file), ".gz")
		in, name, about = opened, strings.TrimSuffix(base, filepath.Ext(base)), info.Size()
	}
	o.Create = func(number int) (string, io.WriteCloser, error) {
		path := filepath.Join(string(f), name+suffix)
		if number > 0 {
			path = filepath.Join(string(f), fmt.Sprintf("%s-%04d%s", name, number, suffix))
		}
		out, err := f.create(path)
		return path, out, err
	}
	return o.Import(ctx, file, in, about)
}

// create makes a new file, and its folder.
func (f Folder) create(path string) (io.WriteCloser, error) {
	if err := os.MkdirAll(string(f), 0o700); err != nil {
		return nil, plainfile.Unwritable(string(f), err)
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return nil, fmt.Errorf("%s is there already: remove it, or name another folder with -o", path)
	}
	if err == nil {
		err = file.Close()
	}
	if err != nil {
		return nil, plainfile.Unwritable(path, err)
	}
	return appendFile(path), nil
}

// appendFile is a file that is open only while it is written to: a capture has
// more connections at a time than a process may have files.
type appendFile string

func (path appendFile) Write(p []byte) (int, error) {
	f, err := os.OpenFile(string(path), os.O_WRONLY|os.O_APPEND, 0)
	if err != nil {
		return 0, plainfile.Unwritable(string(path), err)
	}
	n, err := f.Write(p)
	if err = errors.Join(err, f.Close()); err != nil {
		return n, plainfile.Unwritable(string(path), err)
	}
	return n, nil
}

func (appendFile) Close() error { return nil }
