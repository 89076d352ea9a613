package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/cobra"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core/golden"
)

const (
	walk = "workbench transcript v1\nmode http-line\n\n# a comment\n>> client text \"hi\"\n<< server \"hi\\r\\n\"\n" +
		">> server \"a\\r\\n\"\n<< client text \"a\"\n>> server eof\n"
	wrong     = "workbench transcript v1\nmode http-line\n\n# a comment\n>> client text \"hi\"\n<< server \"ho\\r\\n\"\n"
	corrected = "workbench transcript v1\nmode http-line\n\n# a comment\n>> client text \"hi\"\n<< server \"hi\\r\\n\"\n"
)

// inThisProcess replays through the built-in modes without a process.
func inThisProcess(ctx context.Context, o replayOptions) (golden.Modes, func(), error) {
	o.inProcess = true
	return openForReplay(ctx, o)
}

// replayRun runs the command in a new folder with the given files in it.
func replayRun(t *testing.T, files map[string]string, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	t.Chdir(t.TempDir())
	for name, text := range files {
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return replayAgain(t, args...)
}

func replayAgain(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return replayWith(t, inThisProcess, args...)
}

func replayWith(t *testing.T, open openModes, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return execute(t, newReplayCommand(open), args...)
}

// execute runs a command whose errors all have an exit code.
func execute(t *testing.T, cmd *cobra.Command, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd.SilenceErrors, cmd.SilenceUsage = true, true
	cmd.SetArgs(args)
	var out, errOut bytes.Buffer
	cmd.SetOut(&out)
	cmd.SetErr(&errOut)
	err := cmd.ExecuteContext(t.Context())
	var exit *command.Exit
	if errors.As(err, &exit) {
		code = exit.Code
		if exit.Err != nil {
			errOut.WriteString(exit.Err.Error() + "\n")
		}
	} else if err != nil {
		t.Fatalf("an error without a code: %v", err)
	}
	return code, out.String(), errOut.String()
}

// An update keeps the form of a file, and never makes a failure the golden.
func TestReplayUpdateKeepsForm(t *testing.T) {
	windows := func(text string) string { return "\uFEFF" + strings.ReplaceAll(text, "\n", "\r\n") }
	if code, stdout, stderr := replayRun(t, map[string]string{"a.golden": windows(wrong)}, "--update", "a.golden"); code != 0 {
		t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
	}
	if got, _ := os.ReadFile("a.golden"); string(got) != windows(corrected) {
		t.Errorf("%q", got)
	}
}

func TestReplayReports(t *testing.T) {
	files := map[string]string{"a.golden": walk, "b, 100%.golden": wrong, "c.golden": "workbench transcript v1\nmode no<>such\n", "d#.golden": corrected[:len(corrected)-1]}
	for form, want := range map[string][]string{
		"tap": {"TAP version 14\n1..4\nok 1 - a.golden\nnot ok 2 - b, 100%.golden\n  ---\n  message: \"different\"\n  file: \"b, 100%.golden\"\n  line: 6\n  details: \"b, 100%.golden: different\\n",
			"not ok 3 - c.golden\n  ---\n  message: \"unusable: expected mode NAME", "ok 4 - d\\#.golden\n  ---\n  warning: \"no newline at the end"},
		"github": {"::error file=b%2C 100%25.golden,line=6,title=replay%3A different::b, 100%25.golden: different%0A  >> client text \"hi\"%0A- <<",
			"\n::error file=c.golden,line=2,title=replay%3A unusable::expected mode NAME", "\n::warning file=d#.golden::no newline at the end", "\n4 transcripts, 2 same, 1 different, 1 unusable\n"},
		"junit": {`<?xml version="1.0" encoding="UTF-8"?>` + "\n<testsuites>\n", `<testsuite name="workbench replay" tests="4" failures="1" errors="1">`,
			`<testcase classname="replay.http-line" name="a.golden" file="a.golden"></testcase>`, `name="b, 100%.golden" file="b, 100%.golden" line="6">`, `<failure message="different">b, 100%.golden: different&#xA;`,
			`<error message="unusable: expected mode NAME`, "</testsuites>\n"},
	} {
		code, stdout, stderr := replayRun(t, files, "--report", form, ".")
		if code != command.Unusable || stderr != "" {
			t.Errorf("%s: exit code %d, %s", form, code, stderr)
		}
		for _, w := range want {
			if !strings.Contains(stdout, w) {
				t.Errorf("%s: no\n%s\nin\n%s", form, w, stdout)
			}
		}
	}
}
