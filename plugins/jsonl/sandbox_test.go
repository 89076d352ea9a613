//go:build linux

package jsonl

import (
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/sandbox"
)

func probed(t *testing.T) *sandbox.Sandbox {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	box, err := sandbox.Probe(t.Context(), sandbox.Config{Mode: sandbox.BestEffort, Path: self, Args: []string{"sandbox-exec"}, Memory: sandbox.DefaultMemory})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("missing: %v", box.Missing())
	return box
}

// Each example runs in a sandbox with what Interpreter says that it has to
// read, its interpreter being wherever this system has it.
func TestExamplesInSandbox(t *testing.T) {
	box := probed(t)
	eachExample(t, func(t *testing.T, path string, _ core.Discipline) {
		cmd := command(t, path)
		_, read, err := Interpreter(path)
		if err != nil {
			t.Fatal(err)
		}
		var stderr strings.Builder
		cmd.Stderr = &stderr
		if _, err := box.Hold(cmd, sandbox.Grant{Read: read}); err != nil {
			t.Fatal(err)
		}
		d, child, err := start(t.Context(), cmd, busy())
		if err != nil {
			t.Fatalf("%v %s", err, stderr.String())
		}
		defer child.Kill()
		if got, err := open(t, d).feed("48 69"); err != nil || len(got) != 1 || !strings.HasPrefix(got[0], "server ") {
			t.Errorf("%q, %v", got, err)
		}
	})
	// It holds: a file that was not granted cannot be read.
	secret := t.TempDir() + "/secret"
	if err := os.WriteFile(secret, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := python(t, "open('"+secret+"')", "hello()", "time.sleep(100)")
	_, read, err := Interpreter(cmd.Args[len(cmd.Args)-1])
	if err != nil {
		t.Fatal(err)
	}
	if _, err := box.Hold(cmd, sandbox.Grant{Read: read}); err != nil {
		t.Fatal(err)
	}
	if _, child, err := start(t.Context(), cmd, busy()); err == nil {
		child.Kill()
		t.Error(errors.New("it read what it may not"))
	}
}
