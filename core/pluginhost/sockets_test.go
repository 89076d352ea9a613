//go:build linux

package pluginhost

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestSweep(t *testing.T) {
	base := shortDir(t)
	live, err := openSocketDir(base)
	if err != nil {
		t.Fatal(err)
	}
	defer live.remove()
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

	second, err := openSocketDir(base)
	if err != nil {
		t.Fatal(err)
	}
	defer second.remove()
	if second.path == live.path {
		t.Errorf("both hosts have %s", live.path)
	}
	for path, want := range map[string]bool{abandoned: false, empty: false, beginning: true, foreign: true, live.path: true} {
		if _, err := os.Stat(path); (err == nil) != want {
			t.Errorf("%s: %v", path, err)
		}
	}
}

// Hosts that start at the same time do not sweep each other away.
func TestSweepRace(t *testing.T) {
	base := shortDir(t)
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			d, err := openSocketDir(base)
			if err != nil {
				t.Error(err)
				return
			}
			defer d.remove()
			sweep(base)
			if !isStill(d.lock) {
				t.Errorf("%s was swept away", d.path)
			}
		})
	}
	all.Wait()
	if left, _ := os.ReadDir(base); len(left) > 0 {
		t.Errorf("%v is left", left)
	}
}
