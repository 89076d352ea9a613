package pcap

import (
	"os/exec"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// program returns the path of a program that a test needs, from the named Debian
// package.
func program(t *testing.T, name, debian string) string {
	t.Helper()
	for _, n := range []string{name, "/usr/sbin/" + name} {
		if path, err := exec.LookPath(n); err == nil {
			return path
		}
	}
	t.Fatalf("this test needs %s: apt-get install %s", name, debian)
	return ""
}
