//go:build linux

package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// patience is how long to wait for any one condition. It is generous: a loaded machine
// is not a defect.
const patience = 2 * time.Minute

// The programs under test, and the workbench that most tests share.
var (
	workbenchBinary string
	echoBinary      string
	shared          *workbench
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(suite{m}) }

// suite is the tests with what they share; goleak looks once all of it is gone.
type suite struct{ tests *testing.M }

func (s suite) Run() int {
	dir, err := os.MkdirTemp("", "e2e")
	if err != nil {
		return complain(err)
	}
	defer os.RemoveAll(dir)
	if err := build(dir); err != nil {
		return complain(err)
	}
	// Every program that is started keeps its files here.
	os.Setenv("XDG_STATE_HOME", filepath.Join(dir, "state"))
	os.Setenv("XDG_CONFIG_HOME", filepath.Join(dir, "config"))
	if authority, err = newAuthority(filepath.Join(dir, "authority.pem")); err != nil {
		return complain(err)
	}
	if shared, err = launch(); err != nil {
		return complain(err)
	}
	code := s.tests.Run()
	if chromium.stop != nil {
		if err := chromium.stop(); err != nil {
			return complain(err)
		}
	}
	shared.signal(syscall.SIGTERM)
	if err := shared.stopped(0); err != nil {
		return complain(fmt.Errorf("the shared workbench: %w", err))
	}
	return code
}

func complain(err error) int {
	fmt.Fprintln(os.Stderr, "e2e:", err)
	return 1
}

func build(dir string) error {
	workbenchBinary, echoBinary = filepath.Join(dir, "workbench"), filepath.Join(dir, "echo")
	packages := []string{"./cmd/workbench", "./cmd/echo"}
	if other := os.Getenv("WORKBENCH_BINARY"); other != "" {
		workbenchBinary, packages = other, packages[1:]
	}
	cmd := exec.Command("go", append([]string{"build", "-o", dir + "/"}, packages...)...)
	cmd.Dir = ".."
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("go build: %w\n%s", err, out)
	}
	return nil
}

// eventually waits until ok.
func eventually(t testing.TB, what string, ok func() bool) {
	t.Helper()
	if !within(patience, ok) {
		t.Fatalf("waited %v in vain for: %s", patience, what)
	}
}

func within(limit time.Duration, ok func() bool) bool {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for late := time.After(limit); ; {
		if ok() {
			return true
		}
		select {
		case <-tick.C:
		case <-late:
			return ok()
		}
	}
}
