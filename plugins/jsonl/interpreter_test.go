package jsonl

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// script writes an executable file.
func script(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o700); err != nil {
		t.Fatal(err)
	}
	return path
}

// The real interpreter runs without PATH, and is not a script.
func TestInterpreter(t *testing.T) {
	for first, print := range map[string]string{
		"#!/usr/bin/env python3":       "import sys; print('ok', sys.flags.utf8_mode)",
		"#!/usr/bin/env -S python3 -O": "import sys; print('ok', sys.flags.utf8_mode)",
		"#!/usr/bin/python3":           "import sys; print('ok', sys.flags.utf8_mode)",
		"#!/usr/bin/env node":          "console.log('ok 1')",
		"#!/bin/sh":                    "echo ok 1",
		"#! /usr/bin/env perl":         "print 'ok 1'",
	} {
		path := script(t, "plugin", first+"\n"+print+"\n")
		argv, read, err := Interpreter(path)
		if err != nil {
			t.Errorf("%s: %v", first, err)
			continue
		}
		if !filepath.IsAbs(argv[0]) || argv[len(argv)-1] != path || !slices.Contains(read, path) {
			t.Errorf("%s: %v, %v", first, argv, read)
		}
		cmd := exec.Command(argv[0], argv[1:]...)
		cmd.Env = []string{"LC_ALL=C"}
		if out, err := cmd.CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "ok 1" {
			t.Errorf("%s: %v: %q, %v", first, argv, out, err)
		}
		for _, p := range append(read, argv[0]) {
			if _, err := os.Stat(p); err != nil {
				t.Errorf("%s: %v", first, err)
			}
		}
		if head, _ := headOf(argv[0]); strings.HasPrefix(head, "#!") {
			t.Errorf("%s: %s is a script", first, argv[0])
		}
	}
}

func TestInterpreterOfBinary(t *testing.T) {
	argv, read, err := Interpreter(os.Args[0])
	if path, _ := filepath.Abs(os.Args[0]); err != nil || !slices.Equal(argv, []string{path}) || !slices.Equal(read, argv) {
		t.Errorf("%v, %v, %v", argv, read, err)
	}
}

// A virtual environment's packages are there: its own interpreter runs.
func TestInterpreterOfVenv(t *testing.T) {
	venv := filepath.Join(t.TempDir(), "venv")
	base, _, err := Interpreter(script(t, "plugin", "#!/usr/bin/env python3\n"))
	if err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(base[0], "-m", "venv", "--without-pip", venv).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	argv, read, err := Interpreter(script(t, "plugin", "#!"+venv+"/bin/python3\n"))
	if err != nil || filepath.Dir(argv[0]) != filepath.Join(venv, "bin") || !slices.Contains(read, venv) {
		t.Errorf("%v, %v, %v", argv, read, err)
	}
}

// A shim's offspring may keep the pipe open after the interpreter's answer.
func TestInterpreterBehindShim(t *testing.T) {
	real, _, err := Interpreter(script(t, "plugin", "#!/usr/bin/env python3\n"))
	if err != nil {
		t.Fatal(err)
	}
	shim := script(t, "python3", "#!/bin/sh\nsleep 2 &\nexec "+real[0]+" \"$@\"\n")
	argv, _, err := Interpreter(script(t, "plugin", "#!"+shim+"\n"))
	if err != nil || argv[0] != real[0] {
		t.Errorf("%v, %v; want %s", argv, err, real[0])
	}
}

func TestInterpreterErrors(t *testing.T) {
	fake := script(t, "ruby", "#!/bin/sh\nexec /usr/bin/ruby\n")
	hangs := script(t, "python3", "#!/bin/sh\nexit 3\n")
	locked := script(t, "plugin", "#!/bin/sh\n")
	if err := os.Chmod(locked, 0o600); err != nil {
		t.Fatal(err)
	}
	for path, words := range map[string]string{
		"/no/such/plugin":                          "no such file",
		t.TempDir():                                "not a regular file",
		locked:                                     "not executable: give it the run bit with chmod +x",
		script(t, "p", "print('hi')\n"):            "without a first line that says what runs it, such as #!/usr/bin/env python3",
		script(t, "p", "#!/usr/bin/env\n"):         "does not name an interpreter",
		script(t, "p", "#!\n"):                     "does not name an interpreter",
		script(t, "p", "#!/usr/bin/env lolcode\n"): "run by lolcode, which was not found: install it",
		script(t, "p", "#!/opt/no/python3\n"):      "run by /opt/no/python3, which was not found",
		script(t, "p", "#!"+fake+"\n"):             "is itself a script that starts the real one",
		script(t, "p", "#!"+hangs+"\n"):            "asked where its parts are: failed: exit status 3",
	} {
		if argv, _, err := Interpreter(path); err == nil || !strings.Contains(err.Error(), words) {
			t.Errorf("%s: %v, %v; want %q", path, argv, err, words)
		}
	}
}

// A folder as wide as a home is narrowed down.
func TestReadable(t *testing.T) {
	home := t.TempDir()
	t.Setenv("HOME", home)
	other := t.TempDir()
	got := readable("/usr/bin/python3", home, filepath.Dir(home), "/", other, filepath.Join(home, "x"), other)
	want := []string{filepath.Join(home, "lib"), filepath.Join(filepath.Dir(home), "lib"), other, filepath.Join(home, "x")}
	if !slices.Equal(got, want) {
		t.Errorf("%v\nwant %v", got, want)
	}
}

// An interpreter that takes long to start is asked again, with more patience,
// and an error says that it took long, or how it failed.
func TestSlowInterpreter(t *testing.T) {
	const once = time.Second
	dir := t.TempDir()
	slow := script(t, "slow", "#!/bin/sh\n[ -e "+dir+"/again ] || { > "+dir+"/again; sleep 100; }\necho /found\n")
	if got, err := ask([]time.Duration{once, time.Minute}, slow); err != nil || got[0] != "/found" {
		t.Errorf("%q, %v", got, err)
	}
	for text, words := range map[string]string{
		"sleep 100":           "asked where its parts are: no answer: 2 tries, the last of 1s",
		"kill -9 $$":          "asked where its parts are: failed: signal: killed",
		"echo no >&2; exit 3": `asked where its parts are: failed: exit status 3, saying "no"`,
	} {
		limits := []time.Duration{time.Minute}
		if text == "sleep 100" {
			limits = []time.Duration{once, once}
		}
		if _, err := ask(limits, script(t, "bad", "#!/bin/sh\n"+text+"\n")); err == nil || err.Error() != words {
			t.Errorf("%s: %v, want %s", text, err, words)
		}
	}
}
