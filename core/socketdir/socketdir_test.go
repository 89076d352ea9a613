//go:build linux

package socketdir

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestSweep(t *testing.T) {
	base := t.TempDir()
	live, err := Open(base, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer live.Remove()
	make := func(name, file string) string {
		path := filepath.Join(base, name)
		if err := os.Mkdir(path, 0o700); err != nil {
			t.Fatal(err)
		}
		if file != "" {
			if err := os.WriteFile(filepath.Join(path, file), nil, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return path
	}
	// Our parent's number stands for one that came to be used again.
	abandoned := make(fmt.Sprintf("workbench-%d-aaaa", os.Getppid()), lockName)
	empty := make("workbench-2147483646-bbbb", "")
	beginning := make(fmt.Sprintf("workbench-%d-cccc", os.Getppid()), "")
	foreign := make("workbench-notes", lockName)

	second, err := Open(base, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer second.Remove()
	if second.Path == live.Path {
		t.Errorf("both hosts have %s", live.Path)
	}
	for path, want := range map[string]bool{abandoned: false, empty: false, beginning: true, foreign: true, live.Path: true} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// Hosts that start at the same time do not sweep each other away.
func TestSweepRace(t *testing.T) {
	base := t.TempDir()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			d, err := Open(base, 0)
			if err != nil {
				t.Error(err)
				return
			}
			defer d.Remove()
			sweep(base)
			if !isStill(d.lock) {
				t.Errorf("%s was swept away", d.Path)
			}
		})
	}
	all.Wait()
	if left, _ := os.ReadDir(base); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}
