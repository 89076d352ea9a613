package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/core"
	"github.com/protocol-workbench/workbench/core/catalog"
)

// pluginHome gives a test a state directory and a folder of plugins of its own.
func pluginHome(t *testing.T) (own string) {
	t.Setenv("XDG_STATE_HOME", filepath.Join(t.TempDir(), "state"))
	t.Setenv("XDG_CONFIG_HOME", filepath.Join(t.TempDir(), "config"))
	return filepath.Join(os.Getenv("XDG_CONFIG_HOME"), "workbench", "plugins")
}

func writePlugin(t *testing.T, file, text string) string {
	t.Helper()
	os.MkdirAll(filepath.Dir(file), 0o755)
	if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
		t.Fatal(err)
	}
	return file
}

// madeUp is what a plugin says of itself, without being started.
func madeUp(_ context.Context, p catalog.Plugin, _ extraCalls) (core.Manifest, error) {
	text, err := os.ReadFile(p.Path)
	if err != nil || bytes.Contains(text, []byte("broken")) {
		return core.Manifest{}, errors.New("plugin " + p.Name + " does not start: it is broken")
	}
	m := core.Manifest{Name: p.Name, Title: "Made up", Version: "0.1", Summary: "In words.", Sends: "nothing", Input: core.InputLine}
	if bytes.Contains(text, []byte("liar")) {
		m.Name = "other"
	}
	return m, nil
}

// workbench runs a command and returns what it printed, its error too. It starts
// no plugin.
func workbench(t *testing.T, args ...string) string {
	t.Helper()
	return workbenchWith(t, madeUp, args...)
}

func workbenchWith(t *testing.T, describe describer, args ...string) string {
	t.Helper()
	var out bytes.Buffer
	root := &cobra.Command{Use: "workbench", SilenceErrors: true, SilenceUsage: true}
	root.AddCommand(newPluginCommand(describe))
	root.SetArgs(args)
	root.SetOut(&out)
	if err := root.ExecuteContext(t.Context()); err != nil {
		fmt.Fprintln(&out, "workbench:", err)
	}
	return out.String()
}

// says fails unless the output matches all the patterns.
func says(t *testing.T, out string, patterns ...string) {
	t.Helper()
	for _, p := range patterns {
		if !regexp.MustCompile(p).MatchString(out) {
			t.Errorf("%q is not in:\n%s", p, out)
		}
	}
}

func TestPluginInstallListRemove(t *testing.T) {
	pluginHome(t)
	dir := t.TempDir()
	file := writePlugin(t, filepath.Join(dir, "workbench-plugin-shout.sh"), "#!/bin/sh\n")
	says(t, workbench(t, "plugin", "install", file), `^Installed shout \(script\) from `+file+`, sum [0-9a-f]{12}\.\n`)
	says(t, workbench(t, "plugin", "list"), `http-line +built-in`, `shout +script +0\.1 +[0-9a-f]{12} +`+file)
	says(t, workbench(t, "plugin", "info", "shout"), `shout +Made up`, `sends +nothing`, `from +`+file, `sum +[0-9a-f]{64}`, `installed +20`)
	says(t, workbench(t, "plugin", "install", file), "it is the same file as before")

	writePlugin(t, file, "#!/bin/sh\n# new\n")
	changed := `its source changed since it was installed: its sum was [0-9a-f]{12}, now it is [0-9a-f]{12}; .*workbench plugin install ` + file
	says(t, workbench(t, "plugin", "list"), changed)
	says(t, workbench(t, "plugin", "info", "shout"), changed)
	says(t, workbench(t, "plugin", "install", file), `it replaces sum [0-9a-f]{12} from .* with sum [0-9a-f]{12}`)
	if out := workbench(t, "plugin", "list"); strings.Contains(out, "changed") {
		t.Errorf("still changed:\n%s", out)
	}
	plugins, problems := findPlugins(nil, slog.New(slog.DiscardHandler))
	if len(plugins) != 1 || len(problems) != 0 || !strings.HasPrefix(plugins[0].Path, os.Getenv("XDG_STATE_HOME")) {
		t.Errorf("found %+v, %v", plugins, problems)
	}
	spaced := writePlugin(t, filepath.Join(dir, "sp ace", "loud.star"), "a")
	says(t, workbench(t, "plugin", "install", spaced), "^Installed loud")
	writePlugin(t, spaced, "b")
	says(t, workbench(t, "plugin", "list"), "run: workbench plugin install '"+spaced+"'")
	workbench(t, "plugin", "remove", "loud")
	os.Remove(file)
	says(t, workbench(t, "plugin", "list"), "is gone or cannot be read; what was installed goes on")

	says(t, workbench(t, "plugin", "remove", "shout"), "^Removed shout")
	says(t, workbench(t, "plugin", "remove", "shout"), `there is no installed plugin "shout"`)
	says(t, workbench(t, "plugin", "info", "shout"), `there is no plugin "shout"; workbench plugin list`)
}

// The first of a name is found: --plugin-dir, the user's folder, installed.
func TestPluginPrecedence(t *testing.T) {
	own := pluginHome(t)
	dir, other := t.TempDir(), t.TempDir()
	for _, name := range []string{"a", "b", "c"} {
		says(t, workbench(t, "plugin", "install", writePlugin(t, filepath.Join(other, name+".star"), "installed")), "^Installed "+name)
	}
	for _, name := range []string{"a", "b", "raw"} {
		writePlugin(t, filepath.Join(own, name+".star"), "own")
	}
	writePlugin(t, filepath.Join(dir, "a.star"), "given")
	writePlugin(t, filepath.Join(dir, "workbench-plugin-bit"), "#!/bin/sh\n")
	os.Chmod(filepath.Join(dir, "workbench-plugin-bit"), 0o644)

	plugins, problems := findPlugins([]string{dir}, slog.New(slog.DiscardHandler))
	got := map[string]string{}
	for _, p := range plugins {
		text, _ := os.ReadFile(p.Path)
		got[p.Name] = string(text)
		if !strings.Contains(p.Path, p.Sum) {
			t.Errorf("%s runs from %s", p.Name, p.Path)
		}
	}
	if len(got) != 3 || got["a"] != "given" || got["b"] != "own" || got["c"] != "installed" {
		t.Errorf("found %v", got)
	}
	if len(problems) != 5 { // own a and raw, installed a and b, bit
		t.Errorf("problems: %v", problems)
	}
	out := workbench(t, "plugin", "list", "--plugin-dir", dir)
	says(t, out, "plugin raw: .* its name is taken by a built-in line mode", "plugin b: .* is installed and not used, its name is taken by .*; .*workbench plugin remove b",
		"plugin bit: .* has no run bit; run: chmod \\+x")
	says(t, workbench(t, "plugin", "info", "bit", "--plugin-dir", dir), "^workbench: plugin bit: .* has no run bit")
	var listed struct {
		Plugins  []catalog.Row
		Problems []map[string]string
	}
	if err := json.Unmarshal([]byte(workbench(t, "plugin", "list", "--json", "--plugin-dir", dir)), &listed); err != nil || len(listed.Plugins) != 3+len(builtin) || len(listed.Problems) != 5 {
		t.Errorf("%v, %+v", err, listed)
	}
}

// What cannot be run is called as the user knows it, not by its copy.
func TestPluginWithoutInterpreter(t *testing.T) {
	pluginHome(t)
	file := writePlugin(t, filepath.Join(t.TempDir(), "workbench-plugin-shout.lol"), "#!/usr/bin/env lolcode\n")
	says(t, workbenchWith(t, describeProcess, "plugin", "install", file), "^workbench: plugin shout: "+file+" cannot be used: run by lolcode, which was not found: install it, or")
}
