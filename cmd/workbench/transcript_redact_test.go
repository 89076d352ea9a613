package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/store"
)

// The recorder has the file open: were it replaced, what the session says from
// then on would be in no file. So it is not, by whatever name it goes.
func TestARunningRecordingIsNotReplaced(t *testing.T) {
	c := transcriptCLI{t, t.TempDir()}
	folder, err := store.OpenFolder(c.dir)
	if err != nil {
		t.Fatal(err)
	}
	defer folder.Close()
	id := store.NewID(time.Now(), "s1", "http-line")
	w, err := folder.Create(id)
	if err != nil {
		t.Fatal(err)
	}
	const before = "workbench transcript v1\nmode http-line\n\n>> client text \"secret\"\n<< server \"other\\r\\n\"\n"
	io.WriteString(w, before)
	path, elsewhere := filepath.Join(c.dir, id+".transcript"), t.TempDir()
	file := func(name string) string { return filepath.Join(elsewhere, name) }
	os.WriteFile(file("copy"), []byte(before), 0o600)
	if err := os.Symlink(path, file("symlink")); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(path, file("link")); err != nil {
		t.Fatal(err)
	}
	for _, args := range [][]string{{id}, {path}, {file("symlink")}, {file("link")}, {file("copy"), "-o", path}} {
		code, _, errs := c.run(append([]string{"redact", "--match", "secret"}, args...)...)
		if code != 1 || !strings.Contains(errs, "is still running") || !strings.Contains(errs, "wait until it has ended, or name another file with -o OUT") {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
	if code, _, errs := replayAgain(t, "--update", path); code != 2 || !strings.Contains(errs, "is still running") {
		t.Errorf("replay --update: %d %s", code, errs)
	}
	if text, _ := os.ReadFile(path); string(text) != before {
		t.Errorf("it was changed:\n%s", text)
	}

	for _, args := range [][]string{{path, "-o", file("out")}, {path, "-o", "-"}, {file("copy")}} {
		if code, _, errs := c.run(append([]string{"redact", "--match", "secret"}, args...)...); code != 0 {
			t.Errorf("%v: %d %s", args, code, errs)
		}
	}
	w.Close()
	if code, _, errs := c.run("redact", "--match", "secret", path); code != 0 {
		t.Errorf("once it has ended: %d %s", code, errs)
	}
}

// What cannot be replaced by '*' is told, and nothing is written.
func TestTranscriptRedactLeavesNoSecret(t *testing.T) {
	const start = "workbench transcript v1\nmode raw\n"
	const entries = "\n<< pass-through client\n<< pass-through server\n"
	for name, test := range map[string]struct{ text, match, want string }{
		"the header": {start + "\n# secret\noption a \"the secret\"\ntarget \"secret:1\"\nstate \"secret\"\n\n>> server \"secret\"\n", "secret",
			"FILE:5: option a\nFILE:6: the target\nFILE:7: the state"},
		"rules": {start + entries + "~~ until \"secret\"\n>> server \"a secret\"\n~~ match \"[a-z]+|secret\\r\\n\"\n>> server \"b\\r\\n\"\n", "secret",
			"FILE:6: a rule\nFILE:8: a rule"},
		"a rule, and nothing else": {start + entries + "~~ match \"b|secret\"\n>> server \"b\"\n", "secret", "FILE:6: a rule"},
		"a rule that does not fit": {start + entries + "~~ match \"pass [a-z]+\\r\\n\"\n>> server \"pass secret\\r\\n\"\n", "pass (s.*)\r",
			"FILE:6: expected a rule that finds something in the bytes below it which no rule above it has taken"},
		"a captured name": {start + entries + "~~ match \"id=(?P<id>[0-9*]+)\\n\"\n>> server \"id=42\\n\"\n~~ use id\n<< server \"get 42\"\n", "id=([0-9]+)",
			"FILE:8: expected the bytes that id had captured, \"**\", somewhere in the bytes below"},
	} {
		file := filepath.Join(t.TempDir(), "walk.golden")
		os.WriteFile(file, []byte(test.text), 0o600)
		c := transcriptCLI{t, t.TempDir()}
		code, out, errs := c.run("redact", "--match", test.match, file)
		got := strings.ReplaceAll(errs, file, "FILE")
		if code != 1 || out != "" || !strings.HasPrefix(got, "nothing was written") || !strings.HasSuffix(got, ":\n"+test.want) {
			t.Errorf("%s: %d %s%s", name, code, out, got)
		}
		if text, _ := os.ReadFile(file); string(text) != test.text {
			t.Errorf("%s: it was changed:\n%s", name, text)
		}
	}

	// A rule that fits the '*' is no obstacle.
	file := filepath.Join(t.TempDir(), "walk.golden")
	os.WriteFile(file, []byte(start+entries+"~~ match \"pass [^\\r]+\\r\\n\"\n# a secret\n>> server \"pass secret\\r\\n\"\n"), 0o600)
	c := transcriptCLI{t, t.TempDir()}
	code, _, errs := c.run("redact", "--match", "secret", file)
	const want = start + entries + "~~ match \"pass [^\\r]+\\r\\n\"\n# a ******\n>> server \"pass ******\\r\\n\"\n"
	if text, _ := os.ReadFile(file); code != 0 || string(text) != want {
		t.Errorf("%d %s\n%s", code, errs, text)
	}
}

func TestTranscriptRedactIsInterrupted(t *testing.T) {
	c := transcriptCLI{t, t.TempDir()}
	file := filepath.Join(t.TempDir(), "walk.golden")
	text := "workbench transcript v1\nmode raw\n\n" + strings.Repeat(">> client binary \""+strings.Repeat("a", 200_000)+"\"\n", 10)
	os.WriteFile(file, []byte(text), 0o600)
	for _, args := range [][]string{{"redact", "--match", strings.Repeat("(?:[ab]?){1000}", 4) + "c", file}, {"rules", file, file}} {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		ended := make(chan error, 1)
		go func() {
			root := newTranscriptCommand()
			root.SilenceErrors, root.SilenceUsage = true, true
			root.SetArgs(append([]string{"--transcripts", c.dir}, args...))
			root.SetOut(io.Discard)
			root.SetErr(io.Discard)
			ended <- root.ExecuteContext(ctx)
		}()
		select {
		case err := <-ended:
			if err == nil || !strings.HasSuffix(err.Error(), "the search was interrupted") {
				t.Errorf("%s: %v", args[0], err)
			}
		case <-time.After(30 * time.Second):
			t.Fatalf("%s goes on", args[0])
		}
	}
	if now, _ := os.ReadFile(file); string(now) != text {
		t.Error("it was changed")
	}
}

func TestTranscriptRedactRefusesALargeExpression(t *testing.T) {
	c := transcriptCLI{t, t.TempDir()}
	code, _, errs := c.run("redact", "--match", strings.Repeat("(?:[ab]?){1000}", 60)+"b", "walk.golden")
	if code != 1 || !strings.HasPrefix(errs, "--match: expression too large") || !strings.Contains(errs, "fewer or smaller repetitions") {
		t.Errorf("%d %s", code, errs)
	}
}
