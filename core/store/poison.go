package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/protocol-workbench/workbench/core/transcript"
)

// keptPoison is how many transcripts of poisonous events are kept; the oldest
// give way.
const keptPoison = 20

// KeepPoison writes a transcript that ends its plugin's process into a folder,
// which is made if need be, and returns its path. It holds what was said, so
// nobody but the user may read it. keptPoison of them stay.
func KeepPoison(dir string, t *transcript.Transcript) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	now := time.Now().UTC().Format("20060102T150405.000000")
	path := filepath.Join(dir, fmt.Sprintf("%s-%s.golden", now, t.Mode))
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600) // follows no link
	if err != nil {
		return "", err
	}
	_, err = file.Write(t.Append(nil))
	if err = errors.Join(err, file.Close()); err != nil {
		return "", err
	}
	kept, _ := filepath.Glob(filepath.Join(dir, "*.golden"))
	slices.Sort(kept)
	for len(kept) > keptPoison {
		os.Remove(kept[0])
		kept = kept[1:]
	}
	return path, nil
}
