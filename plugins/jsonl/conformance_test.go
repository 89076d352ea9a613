//go:build linux

package jsonl

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/protocol-workbench/workbench/core/conformance"
	"github.com/protocol-workbench/workbench/core/transcript"
	"github.com/protocol-workbench/workbench/core/wire"
)

// Each example keeps what every machine promises, and each golden bears
// crashes and checkpoints after every event. The generated sessions, 64 MiB and
// more through each interpreter, take minutes: they are for the long form.
func TestExamplesConform(t *testing.T) {
	paths, err := filepath.Glob(examples)
	if err != nil || len(paths) < 3 {
		t.Fatalf("%d examples: %v", len(paths), err)
	}
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			cmd := command(t, path)
			cmd.Stderr = os.Stderr
			d, child := begin(t, cmd)
			subject := conformance.Subject{
				Manifest: d.Manifest,
				Open:     func(context.Context) (*wire.Conn, error) { return wire.Pipe(d, quiet), nil },
				Memory:   func() (uint64, error) { return resident(child.cmd.Process.Pid) },
				Garbage:  32 << 20,
			}
			goldens, err := filepath.Glob(filepath.Join(filepath.Dir(path), "testdata", "*.golden"))
			if err != nil {
				t.Fatal(err)
			}
			for _, file := range goldens {
				data, err := os.ReadFile(file)
				if err != nil {
					t.Fatal(err)
				}
				tr, err := transcript.Parse(file, data)
				if err != nil {
					t.Fatal(err)
				}
				r, err := conformance.Golden(t.Context(), subject, file, tr)
				if err != nil {
					t.Fatal(err)
				}
				for _, f := range r.Findings {
					t.Error(f)
				}
			}
			if testing.Short() {
				return
			}
			findings, err := conformance.Run(t.Context(), subject, conformance.Checks(), func(r conformance.Result) {
				if r.Skipped != "" {
					t.Logf("%s: %s", r.Check, r.Skipped)
				}
			})
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range findings {
				t.Error(f)
			}
		})
	}
}

// resident returns the memory of a process, in bytes.
func resident(pid int) (uint64, error) {
	statm, err := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	if err != nil {
		return 0, err
	}
	var size, pages uint64
	_, err = fmt.Sscan(string(statm), &size, &pages)
	return pages * uint64(os.Getpagesize()), err
}
