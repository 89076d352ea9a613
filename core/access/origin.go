package access

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// originDomain is below localhost, which browsers take for this machine without asking
// anybody (RFC 6761, section 6.3).
const originDomain = ".localhost"

// OpenOrigin returns the name by which this account's browsers reach the page. It is
// kept in the folder, and made there at the first call: a name that no other program of
// this machine ever served, so that no browser has anything of another's for it, such as
// a service worker.
func OpenOrigin(folder string) (string, error) {
	path := filepath.Join(folder, "origin")
	data, err := readOrigin(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err := os.MkdirAll(folder, 0o700); err != nil {
			return "", err
		}
		name := "wb-" + strings.ToLower(rand.Text()[:10]) + originDomain
		if err := writeWith(path, []byte(name+"\n"), os.Link); err != nil && !errors.Is(err, fs.ErrExist) {
			return "", err
		}
		data, err = readOrigin(path)
	}
	if err != nil {
		return "", err
	}
	name := strings.TrimSpace(string(data))
	label, ok := strings.CutSuffix(name, originDomain)
	if !ok || !strings.HasPrefix(label, "wb-") || strings.Trim(label, "abcdefghijklmnopqrstuvwxyz0123456789-") != "" || len(label) > 63 {
		return "", fmt.Errorf("%s has no name of the page in it; remove it, and a new one is made", path)
	}
	return name, nil
}

func readOrigin(path string) ([]byte, error) {
	info, err := os.Stat(path) // opening a pipe would wait
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s is no regular file; remove it, and a new one is made", path)
	}
	return os.ReadFile(path)
}
