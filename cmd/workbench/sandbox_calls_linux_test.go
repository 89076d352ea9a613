package main

import (
	"path/filepath"
	"strings"
	"testing"
)

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
