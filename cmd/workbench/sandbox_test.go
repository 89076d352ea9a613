package main

import (
	"bytes"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/sandbox"
)

func TestSandboxFlag(t *testing.T) {
	var out, errs bytes.Buffer
	if code := run(t.Context(), []string{"serve", "--sandbox=on"}, &out, &errs); code == 0 {
		t.Error("it was taken")
	}
	if got := errs.String(); !strings.Contains(got, `"--sandbox" flag: must be strict, best-effort or off`) {
		t.Errorf("it says %q", got)
	}
}

func TestPrintSandbox(t *testing.T) {
	var out bytes.Buffer
	printSandbox(&out, []sandbox.Mechanism{
		{Name: sandbox.Landlock, Stops: "files", State: sandbox.Holds, Detail: "ABI 2"},
		{Name: sandbox.Seccomp, Stops: "calls", State: sandbox.Missing, Reason: "there is none"},
		{Name: sandbox.Limits, Stops: "much", State: sandbox.Unknown, Reason: "no answer"},
		{Name: sandbox.Cgroup, Stops: "more", State: sandbox.Missing, Optional: true, Reason: "not delegated"},
	})
	const want = "landlock           holds (ABI 2)\n                   stops files\n" +
		"seccomp            MISSING: there is none\n                   stops calls\n" +
		"limits             UNKNOWN: no answer\n                   stops much\n" +
		"cgroup             not here: not delegated\n                   stops more\n"
	if out.String() != want {
		t.Errorf("got\n%s", out.String())
	}
}
