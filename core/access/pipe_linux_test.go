package access

import (
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// A named pipe in the place of a file is refused. To open it would wait for who writes.
func TestPipesAreRefused(t *testing.T) {
	for name, open := range map[string]func(path string) error{
		"users":  func(path string) error { _, err := OpenUsers(path); return err },
		"origin": func(path string) error { _, err := OpenOrigin(filepath.Dir(path)); return err },
		"token":  func(path string) error { _, err := OpenKey(filepath.Dir(path)); return err },
	} {
		path := filepath.Join(t.TempDir(), name)
		if err := syscall.Mkfifo(path, 0o600); err != nil {
			t.Fatal(err)
		}
		refused := make(chan error, 1)
		go func() { refused <- open(path) }()
		select {
		case err := <-refused:
			if err == nil || !strings.Contains(err.Error(), "is no regular file") {
				t.Errorf("%s: %v", name, err)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%s: it waits for the pipe", name)
		}
	}
}
