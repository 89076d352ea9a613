package main

import (
	"bufio"
	"bytes"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/cmd/workbench/confined"
)

// initialised returns which packages are while this program runs with the arguments.
func initialised(t *testing.T, args ...string) (packages []string) {
	t.Helper()
	cmd := exec.Command("/proc/self/exe", args...)
	cmd.Env = []string{"GODEBUG=inittrace=1"}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	for lines := bufio.NewScanner(bytes.NewReader(out)); lines.Scan(); {
		if f := strings.Fields(lines.Text()); len(f) > 1 && f[0] == "init" {
			packages = append(packages, f[1])
		}
	}
	return packages
}

// The sandbox's step does not wait for packages that are large and not its own.
func TestStepIsEarly(t *testing.T) {
	every := initialised(t, "-test.list=^$")
	before := initialised(t, confined.Command, "--without=user-namespace", "--", "/bin/true")
	for _, large := range []string{
		"google.golang.org/protobuf/types/descriptorpb", "google.golang.org/grpc", "net/http",
		"github.com/prometheus/client_golang/prometheus", "github.com/spf13/cobra",
	} {
		if !slices.Contains(every, large) {
			t.Errorf("%s is not initialised at all", large)
		}
		if slices.Contains(before, large) {
			t.Errorf("%s is initialised before the step", large)
		}
	}
}
