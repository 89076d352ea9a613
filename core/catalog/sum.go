package catalog

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"strings"

	"github.com/protocol-workbench/workbench/core/plainfile"
)

// SourceSum returns the SHA-256 of a source, in hex: of the file, for a folder
// that of the script or executable in it, and for Go code one over its files.
// Those are all files in the folder and below it, by name and content, but for
// tests (_test.go, testdata), *.md, executables, and what begins with "." or
// "_": nothing is built to find out whether a build is due. Modules that the
// code requires are not looked at.
//
// An error is a *Problem, or says what could not be read.
func SourceSum(source string) (string, error) {
	p, err := locate(source)
	if err != nil {
		return "", err
	}
	if p.file != "" {
		return sumFile(p.file)
	}
	return sumFolder(p.source)
}

// sumFile is the sum of a source's file, which may be a link to it.
func sumFile(file string) (string, error) {
	file, err := filepath.EvalSymlinks(file)
	if err != nil {
		return "", err
	}
	return sumCopy(file)
}

// sumCopy is the sum of a file that we keep, where no link has any business.
func sumCopy(file string) (string, error) {
	f, err := plainfile.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", err
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// sumFolder is the sum of a list that has a line for each file, with its sum
// and its path, in WalkDir's order.
func sumFolder(folder string) (string, error) {
	h := sha256.New()
	err := filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || path == folder {
			return err
		}
		name := e.Name()
		if name[0] == '.' || name[0] == '_' || e.IsDir() && name == testdata {
			if e.IsDir() {
				return filepath.SkipDir
			}
			return nil
		}
		if !e.Type().IsRegular() || strings.HasSuffix(name, "_test.go") || strings.HasSuffix(name, ".md") {
			return nil
		}
		if info, err := e.Info(); err != nil || info.Mode()&0o111 != 0 {
			return err
		}
		sum, err := sumFile(path)
		if err != nil {
			return err
		}
		inside, err := filepath.Rel(folder, path)
		fmt.Fprintf(h, "%s %q\n", sum, filepath.ToSlash(inside))
		return err
	})
	if err != nil {
		return "", fmt.Errorf("the source cannot be read: %w", err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
