package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/cmd/workbench/command"
	"github.com/protocol-workbench/workbench/core/replay"
)

const (
	walk = "workbench transcript v1\nmode http-line\n\n# a comment\n>> client text \"hi\"\n<< server \"hi\\r\\n\"\n" +
		">> server \"a\\r\\n\"\n<< client text \"a\"\n>> server eof\n"
	wrong     = "workbench transcript v1\nmode http-line\n\n# a comment\n>> client text \"hi\"\n<< server \"ho\\r\\n\"\n"
	corrected = "workbench transcript v1\nmode http-line\n\n# a comment\n>> client text \"hi\"\n<< server \"hi\\r\\n\"\n"
)

// inThisProcess replays through the built-in modes without a process.
var inThisProcess = replayEnv{Open: func(ctx context.Context, o replayOptions) (*replayModes, error) {
	o.inProcess = true
	return openForReplay(ctx, o)
}}

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

func replayWith(t *testing.T, env replayEnv, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	cmd := newReplayCommand(env)
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

func TestReplay(t *testing.T) {
	for _, tt := range []struct {
		name   string
		files  map[string]string
		args   []string
		code   int
		stdout string
		stderr string
	}{
		{"same", map[string]string{"a.golden": walk, "sub/b.golden": walk, "c.txt": "no transcript"},
			[]string{"."}, 0, "2 transcripts, 2 same\n", ""},
		{"a file of any name, once", map[string]string{"c.txt": walk}, []string{"c.txt", "./c.txt"}, 0, "1 transcript, 1 same\n", ""},
		{"recut", map[string]string{"a.golden": walk}, []string{"--recut", "5", "a.golden"}, 0, "1 transcript, 1 same (8 replays)\n", ""},
		{"recut without random cuts", map[string]string{"a.golden": walk}, []string{"--recut", "0", "a.golden"}, 0, "1 transcript, 1 same (3 replays)\n", ""},
		{"different", map[string]string{"a.golden": walk, "b.golden": wrong}, []string{"."}, 1,
			"b.golden: different\n  >> client text \"hi\"\n- << server \"ho\\r\\n\"\n+ << server \"hi\\r\\n\"\n2 transcripts, 1 same, 1 different\n", ""},
		{"another mode", map[string]string{"a.golden": walk}, []string{"--mode", "echo-quit", "a.golden"}, 1,
			"a.golden: different\n  >> client text \"hi\"\n- << server \"hi\\r\\n\"\n+ << server \"hi\"\n  >> server \"a\\r\\n\"\n" +
				"- << client text \"a\"\n+ << timer mismatch 100ms\n  >> server eof\n" +
				"+ << client text \"a\\r\\n\"\n+ << note \"the reply differs from what was sent; what was outstanding is forgotten\"\n1 transcript, 0 same, 1 different\n", ""},
		{"unusable", map[string]string{"a.golden": "workbench transcript v1\nmode http-line\n\n>> client\n", "b.golden": wrong, "c.golden": walk},
			[]string{"."}, 2, "3 transcripts, 1 same, 1 different, 1 unusable\n", "a.golden:4: expected client text"},
		{"unknown mode in a file", map[string]string{"a.golden": "workbench transcript v1\nmode telnet\n"}, []string{"."}, 2, "",
			"a.golden:2: expected the name of a line mode that there is; \"telnet\" is none\n"},
		{"bad option", map[string]string{"a.golden": "workbench transcript v1\nmode http-line\noption eol \"x\"\n"}, []string{"."}, 2, "",
			"a.golden:3: expected an option that the mode takes: "},
		{"cut off", map[string]string{"a.golden": walk[:len(walk)-1]}, []string{"."}, 0, "1 transcript, 1 same\n",
			"a.golden: warning: no newline at the end of the file, so it may have been cut off: "},
		{"cut off, strictly", map[string]string{"a.golden": walk[:len(walk)-1]}, []string{"--strict", "."}, 2, "1 transcript, 0 same, 1 unusable\n",
			"a.golden:9: expected a newline at the end of the file\n"},
		{"a merge conflict", map[string]string{"a.golden": "workbench transcript v1\r\nmode http-line\r\n\r\n<<<<<<< HEAD\r\n>> client text \"a\"\r\n=======\r\n>>>>>>> other\r\n"}, []string{"."}, 2, "",
			"a.golden:4: expected a transcript without conflicts; a merge has left its marker \"<<<<<<< HEAD\" here"},
		{"no such form", nil, []string{"--report", "html", "x"}, 2, "", "--report html: it must be junit, tap, github\n"},
		{"two forms", nil, []string{"--report", "tap", "--json", "x"}, 2, "", "--report and --json exclude each other"},
		{"unknown mode", map[string]string{"a.golden": walk}, []string{"--mode", "telnet", "."}, 2, "",
			"--mode telnet: there is no such line mode; workbench modes lists them\n"},
		{"missing file", nil, []string{"nowhere.golden"}, 2, "", "there is no file or folder nowhere.golden\n"},
		{"empty folder", map[string]string{"d/a.txt": ""}, []string{"d"}, 2, "", "there are no transcripts in d: their names end in .golden\n"},
		{"no path", nil, []string{}, 2, "", "replay what? Name transcripts or folders"},
		{"a bad flag", nil, []string{"--bogus"}, 2, "", "unknown flag: --bogus\n"},
		{"seed without recut", nil, []string{"--seed", "3", "x"}, 2, "", "--seed is for random cuts"},
		{"negative recut", nil, []string{"--recut", "-3", "x"}, 2, "", "--recut -3: it must be 0 or more\n"},
		{"update and mode", nil, []string{"--update", "--mode", "raw", "x"}, 2, "", "--update and --mode exclude each other"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			code, stdout, stderr := replayRun(t, tt.files, tt.args...)
			if code != tt.code {
				t.Errorf("exit code %d, want %d", code, tt.code)
			}
			if !strings.HasSuffix(stdout, tt.stdout) {
				t.Errorf("stdout:\n%s\nwant:\n%s", stdout, tt.stdout)
			}
			if !strings.HasPrefix(stderr, tt.stderr) || tt.stderr == "" && stderr != "" {
				t.Errorf("stderr: %s\n  want: %s", stderr, tt.stderr)
			}
		})
	}
}

func TestReplayUpdate(t *testing.T) {
	code, stdout, _ := replayRun(t, map[string]string{"a.golden": wrong, "b.golden": walk, "cut.golden": wrong + ">> client closed"}, "--update", ".")
	if code != exitDifferent || !strings.HasPrefix(stdout, "a.golden: updated\n") ||
		!strings.Contains(stdout, "cut.golden: not updated: the file has no newline at its end") ||
		!strings.HasSuffix(stdout, "3 transcripts, 1 same, 1 updated, 1 different\n") {
		t.Errorf("exit code %d\n%s", code, stdout)
	}
	for name, want := range map[string]string{"a.golden": corrected, "b.golden": walk, "cut.golden": wrong + ">> client closed"} {
		if got, err := os.ReadFile(name); err != nil || string(got) != want {
			t.Errorf("%s: %v\n%s", name, err, got)
		}
	}
	if entries, _ := os.ReadDir("."); len(entries) != 3 {
		t.Errorf("left behind: %v", entries)
	}
	if code, stdout, _ := replayAgain(t, "--recut", "2", "a.golden"); code != 0 {
		t.Errorf("after the update:\n%s", stdout)
	}
}

func TestReplayJSON(t *testing.T) {
	code, stdout, stderr := replayRun(t, map[string]string{"a.golden": walk, "b.golden": wrong, "c.golden": "x\n"}, "--json", "--recut", "1", ".")
	if code != exitUnusable || stderr != "" {
		t.Errorf("exit code %d, stderr %q", code, stderr)
	}
	var got []replayReport
	for line := range strings.Lines(stdout) {
		var r replayReport
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		got = append(got, r)
	}
	if len(got) != 3 {
		t.Fatalf("%d lines:\n%s", len(got), stdout)
	}
	if r := got[0]; !r.OK || r.Result != resultSame || r.Mode != "http-line" || r.Replays != 4 {
		t.Errorf("same: %+v", r)
	}
	if r := got[1]; r.OK || r.Line != 6 || r.Result != resultDifferent || !strings.Contains(r.Difference, `- << server "ho\r\n"`) {
		t.Errorf("different: %+v", r)
	}
	if r := got[2]; r.OK || r.Result != resultUnusable || r.Line != 1 || !strings.HasPrefix(r.Error, "expected ") {
		t.Errorf("unusable: %+v", r)
	}
}

// What a random cut finds can be repeated by what is printed.
func TestReplayTellsTheSeed(t *testing.T) {
	seed := uint64(9)
	r := replayReport{File: "a.golden", Result: resultDifferent, Cut: "at random", Seed: &seed, Where: &replay.Finding{Line: 7, Words: "a run of 9 bytes, cut after 3"}}
	want := "a.golden: different when the server's bytes are cut at random with seed 9; to repeat it: workbench replay --recut 1 --seed 9 a.golden\n" +
		"a.golden:7: a run of 9 bytes, cut after 3\n"
	if got := r.text(); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
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
		if code != exitUnusable || stderr != "" {
			t.Errorf("%s: exit code %d, %s", form, code, stderr)
		}
		for _, w := range want {
			if !strings.Contains(stdout, w) {
				t.Errorf("%s: no\n%s\nin\n%s", form, w, stdout)
			}
		}
	}
}

// A mode that is there and cannot be used is not said to be none.
func TestReplayTellsWhyAModeCannotBeUsed(t *testing.T) {
	slow := "workbench transcript v1\nmode slow\n"
	t.Setenv("XDG_STATE_HOME", t.TempDir())
	t.Setenv("XDG_CONFIG_HOME", t.TempDir())
	for what, script := range map[string]string{"does not start": "this is no script", "ends at once": "load(\"nothing\")\n"} {
		files := map[string]string{"a.golden": slow, "plugins/slow.star": script}
		for _, args := range [][]string{{"a.golden"}, {"--mode", "slow", "a.golden"}} {
			t.Chdir(t.TempDir())
			for name, text := range files {
				os.MkdirAll(filepath.Dir(name), 0o755)
				if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			code, stdout, stderr := replayWith(t, replayEnv{Open: openForReplay}, append(args, "--plugin-dir", "plugins")...)
			if code != exitUnusable || strings.Contains(stderr, "none") || strings.Contains(stderr, "no such") || !strings.Contains(stderr, "slow") || !strings.Contains(stderr, "cannot start") {
				t.Errorf("%s, %v: exit code %d\n%s%s", what, args, code, stdout, stderr)
			}
		}
	}
}
