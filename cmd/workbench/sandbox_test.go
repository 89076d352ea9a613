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
	if got := errs.String(); !strings.Contains(got, `"--sandbox" flag: it is strict, best-effort or off`) {
		t.Errorf("it says %q", got)
	}
}

func TestPrintSandbox(t *testing.T) {
	var out bytes.Buffer
	printSandbox(&out, []sandbox.Mechanism{
		{Name: sandbox.Landlock, Stops: "files", Detail: "ABI 2"},
		{Name: sandbox.Seccomp, Stops: "calls", Missing: "there is none"},
	})
	const want = "landlock           holds (ABI 2)\n                   stops files\n" +
		"seccomp            MISSING: there is none\n                   stops calls\n"
	if out.String() != want {
		t.Errorf("got\n%s", out.String())
	}
}
