package main

import (
	"bytes"
	"path/filepath"
	"strings"
	"testing"
)

func TestAllowSyscallErrors(t *testing.T) {
	pluginHome(t)
	for value, words := range map[string]string{
		"memfd_create":   "as in shout:memfd_create",
		":memfd_create":  "as in shout:memfd_create",
		"raw:":           `this system has no system call ""`,
		"raw:no_such":    `this system has no system call "no_such"`,
		"raw:SYS_SOCKET": `this system has no system call "SYS_SOCKET"`,
	} {
		fails(t, value, words)
	}
	fails(t, "nobody:acct", "--allow-syscall nobody:acct: there is no line mode nobody")
}

func fails(t *testing.T, value, words string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(t.Context(), []string{"serve", "--listen", "127.0.0.1:0", "--echo-listen", "off", "--no-record", "--allow-syscall", value}, &out, &errs)
	if code == 0 || !strings.Contains(errs.String(), words) {
		t.Errorf("%q: exit code %d: %s", value, code, errs.String())
	}
}

// A program that makes a call which the sandbox refuses is told which, and runs
// once that is allowed.
func TestAllowSyscall(t *testing.T) {
	pluginHome(t)
	file := writePlugin(t, filepath.Join(t.TempDir(), "workbench-plugin-odd"), `#!/usr/bin/env python3
import json, os, sys
os.memfd_create("x")
print(json.dumps({"workbench": 1, "manifest": {"name": "odd", "title": "It is odd", "input": "line"}}), flush=True)
sys.stdin.read()
`)
	refused := workbenchWith(t, describeProcess, "plugin", "info", file)
	says(t, refused, "it called memfd_create, which the sandbox refuses", "--allow-syscall odd:memfd_create")
	if strings.Contains(refused, "It is odd") {
		t.Error("it ran all the same")
	}
	says(t, workbenchWith(t, describeProcess, "plugin", "info", "--allow-syscall", "odd:memfd_create", file), "It is odd")
	says(t, workbenchWith(t, describeProcess, "plugin", "info", "--allow-syscall", "other:memfd_create", file), "there is no line mode other")
}
