package main

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/spf13/cobra"
)

// TestScript runs the scripts of testdata/script, each in a folder and a home
// of its own, with the test binary as workbench. Besides what testscript has,
// they use exits, each and await.
//
// A process with the race detector starts three times as slowly. The short form runs with
// it only the scripts that have something in the background, and the others, most of
// whose commands do one thing after the other, with a build of its own.
func TestScript(t *testing.T) {
	t.Parallel()
	repo, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := exec.Command("go", "env", "GOCACHE", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	caches := strings.Split(string(cache), "\n")
	const scripts = "testdata/script"
	plain := "" // the folder of the build without the race detector
	if testing.Short() {
		plain = t.TempDir()
		if out, err := exec.Command("go", "build", "-buildvcs=false", "-o", plain, ".").CombinedOutput(); err != nil {
			t.Fatalf("go build: %v\n%s", err, out)
		}
	}
	testscript.Run(t, testscript.Params{
		Dir:                 scripts,
		RequireExplicitExec: true,
		Cmds:                map[string]func(*testscript.TestScript, bool, []string){"exits": exits, "each": each, "await": await},
		Setup: func(env *testscript.Env) error {
			name := strings.TrimPrefix(filepath.Base(env.WorkDir), "script-")
			text, err := os.ReadFile(filepath.Join(scripts, name+".txtar"))
			if err != nil {
				return err
			}
			if plain != "" && !background.Match(text) {
				env.Setenv("PATH", plain+string(filepath.ListSeparator)+env.Getenv("PATH"))
			}
			env.Setenv("GORACE", "atexit_sleep_ms=0 "+os.Getenv("GORACE")) // the race detector's exit waits a second
			env.Setenv("GOLDENS", filepath.Join(repo, "testdata"))
			env.Setenv("SDK", repo)
			env.Setenv("GOCACHE", caches[0])
			env.Setenv("GOMODCACHE", caches[1])
			env.Setenv("XDG_STATE_HOME", filepath.Join(env.WorkDir, "state"))
			env.Setenv("XDG_CONFIG_HOME", filepath.Join(env.WorkDir, "config"))
			return nil
		},
	})
}

// background matches a line of a script that starts something in the background.
var background = regexp.MustCompile(`(?m)&\w*&?$`)

// exits CODE program args… runs a program that must end with CODE.
func exits(script *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) < 2 {
		script.Fatalf("usage: exits CODE program [args...]")
	}
	want, err := strconv.Atoi(args[0])
	script.Check(err)
	got := 0
	err = script.Exec(args[1], args[2:]...)
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		got = exit.ExitCode()
	} else {
		script.Check(err)
	}
	if got != want {
		script.Fatalf("%q ended with exit code %d, not %d", args[1:], got, want)
	}
}

// each REGEXP args… runs every command of workbench with args, which must (or
// must not) succeed; what each prints must match.
func each(script *testscript.TestScript, negated bool, args []string) {
	if len(args) < 1 {
		script.Fatalf("usage: each REGEXP [args...]")
	}
	want, err := regexp.Compile(args[0])
	script.Check(err)
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		path := strings.Fields(c.CommandPath())
		err := script.Exec(path[0], append(path[1:], args[1:]...)...)
		printed := script.ReadFile("stdout") + script.ReadFile("stderr")
		if (err != nil) != negated || !want.MatchString(printed) {
			script.Fatalf("%s %q: %v; want %s", c.CommandPath(), args[1:], err, want)
		}
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(newRoot())
}

// await FILE REGEXP waits until the file, which a program in the background
// writes, matches; $found is then its first group.
func await(script *testscript.TestScript, negated bool, args []string) {
	if negated || len(args) != 2 {
		script.Fatalf("usage: await FILE REGEXP")
	}
	want, err := regexp.Compile("(?m)" + args[1])
	script.Check(err)
	for late := time.Now().Add(time.Minute); ; time.Sleep(5 * time.Millisecond) {
		text, err := os.ReadFile(script.MkAbs(args[0]))
		if found := want.FindSubmatch(text); len(found) > 1 {
			script.Setenv("found", string(found[1]))
			return
		}
		if time.Now().After(late) {
			script.Fatalf("%s never matched %s: %v\n%s", args[0], args[1], err, text)
		}
	}
}
