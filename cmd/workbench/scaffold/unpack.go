package scaffold

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// unpack writes the carried source into a folder below keep that is named after its
// sum, and returns that folder. A folder that is there already is left as it is: the
// go.mod of every plugin made with that source names it. It appears whole or not at all,
// and its files may not be written to, so that nobody mends the SDK by mistake.
func unpack(carried fs.FS, keep string) (string, error) {
	sum := sha256.New()
	files := map[string][]byte{}
	err := fs.WalkDir(carried, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, "_test.go") {
			return err
		}
		text, err := fs.ReadFile(carried, name)
		files[name] = text
		fmt.Fprintf(sum, "%s %d\n%s", name, len(text), text)
		return err
	})
	if err != nil {
		return "", err
	}
	folder := filepath.Join(keep, hex.EncodeToString(sum.Sum(nil))[:12])
	if isSDK(folder) {
		return folder, nil
	}
	if err := os.MkdirAll(keep, 0o700); err != nil {
		return "", err
	}
	partial, err := os.MkdirTemp(keep, ".new-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(partial)
	for name, text := range files {
		if err := create(filepath.Join(partial, filepath.FromSlash(name)), string(text), 0o444); err != nil {
			return "", err
		}
	}
	err = os.Rename(partial, folder)
	if err != nil && isSDK(folder) { // another plugin new was quicker
		return folder, nil
	}
	return folder, err
}
