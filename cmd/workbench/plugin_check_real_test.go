package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/plugincheck"
)

// checkPlugin runs workbench plugin test with a process of the plugin.
func checkPlugin(t *testing.T, args ...string) (code int, out string) {
	t.Helper()
	var both bytes.Buffer
	code = run(t.Context(), append([]string{"plugin", "test"}, args...), &both, &both)
	return code, both.String()
}

// star is a script of a mode whose machine sends lines with an end of its own.
func star(name, end string) string {
	return strings.Replace(strings.Replace(goodStar, `"shout"`, `"`+name+`"`, 1), "event.data", `event.data + b"`+end+`"`, 1)
}

func goldenOf(name, end string) string {
	return "workbench transcript v1\nmode " + name + "\n\n# said\n>> client text \"a\"\n<< server \"a" + end + "\"\n"
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// What is saved while a plugin is tested does not count: one copy is tested.
func TestPluginTestOfOneCopy(t *testing.T) {
	dir := t.TempDir()
	file := writePlugin(t, filepath.Join(dir, "one.star"), star("one", "!"))
	golden := writePlugin(t, filepath.Join(dir, "testdata", "a.golden"), goldenOf("one", "!"))
	savedMeanwhile := func(ctx context.Context, path string, calls extraCalls) (*plugincheck.Plugin, error) {
		u, err := openPluginProcess(ctx, path, calls)
		writePlugin(t, file, "oops(")
		writePlugin(t, golden, "oops")
		return u, err
	}
	checkPlugin := func(t *testing.T, args ...string) (code int, out string) {
		code, out, errs := execute(t, newPluginTestCommand(savedMeanwhile), args...)
		return code, out + errs
	}
	if code, out := checkPlugin(t, "--only", "goldens", "--only", "determinism", file); code != 0 || !strings.Contains(out, "1 golden and 1 check: 0 failed") {
		t.Errorf("exit %d\n%s", code, out)
	}
	writePlugin(t, file, star("one", "?"))
	writePlugin(t, golden, goldenOf("one", "!"))
	if code, out := checkPlugin(t, "--only", "goldens", "--update", file); code != 1 || !strings.Contains(out, "changed after it was read") || read(t, golden) != "oops" {
		t.Errorf("a golden that was saved meanwhile: exit %d, it holds %q\n%s", code, read(t, golden), out)
	}
}

// Each of several scripts in a folder has its own goldens, also one that does
// not parse below its header. One of no mode that is there is nobody's fault but
// its own.
func TestGoldensOfNeighbours(t *testing.T) {
	dir := t.TempDir()
	one := writePlugin(t, filepath.Join(dir, "one.star"), star("one", "!"))
	two := writePlugin(t, filepath.Join(dir, "two.star"), star("two", "?"))
	writePlugin(t, filepath.Join(dir, "testdata", "a.golden"), goldenOf("one", "!"))
	writePlugin(t, filepath.Join(dir, "testdata", "b.golden"), goldenOf("two", "?"))
	writePlugin(t, filepath.Join(dir, "testdata", "c.golden"), goldenOf("two", "?")+"oops\n")
	if code, out := checkPlugin(t, "--only", "goldens", one); code != 0 || !strings.Contains(out, "1 golden and 0 checks: 0 failed") {
		t.Errorf("one: exit %d\n%s", code, out)
	}
	if code, out := checkPlugin(t, "--only", "goldens", two); code != 2 || !strings.Contains(out, "2 goldens and 0 checks: 0 failed, 1 unusable") {
		t.Errorf("two: exit %d\n%s", code, out)
	}
	writePlugin(t, filepath.Join(dir, "testdata", "d.golden"), goldenOf("three", "?"))
	if code, out := checkPlugin(t, "--only", "goldens", one); code != 2 || !strings.Contains(out, "d.golden:2: expected the name of a line mode") {
		t.Errorf("with one of no mode: exit %d\n%s", code, out)
	}
	out := startDevelopment(t, one)
	if text := out.waits(t, `golden`); !strings.Contains(text, "d.golden") || strings.Contains(text, "b.golden") {
		t.Errorf("dev printed\n%s", text)
	}
}

func TestPluginTestUpdate(t *testing.T) {
	dir := t.TempDir()
	file := writePlugin(t, filepath.Join(dir, "one.star"), star("one", "!"))
	golden := writePlugin(t, filepath.Join(dir, "testdata", "a.golden"), goldenOf("one", "?"))
	torn := writePlugin(t, filepath.Join(dir, "testdata", "b.golden"), strings.TrimSuffix(goldenOf("one", "?"), "\n"))
	code, out := checkPlugin(t, "--only", "goldens", "--update", file)
	if code != 1 || read(t, golden) != goldenOf("one", "!") || !strings.Contains(out, "a.golden updated\n") || !strings.Contains(out, "not updated: the file has no newline at its end") {
		t.Errorf("exit %d, the golden holds\n%s\n%s", code, read(t, golden), out)
	}
	os.Remove(torn)
	if code, out := checkPlugin(t, "--only", "goldens", file); code != 0 {
		t.Errorf("afterwards: exit %d\n%s", code, out)
	}
}

func TestPluginTestChoice(t *testing.T) {
	file := writePlugin(t, filepath.Join(t.TempDir(), "one.star"), star("one", "!"))
	for _, c := range []struct {
		args []string
		code int
		want string
	}{
		{[]string{"--only", "options", "--only", "pass-through"}, 0, "0 goldens and 2 checks: 0 failed\n"},
		{[]string{"--quick"}, 0, "0 failed\nleft out by --quick: bounds, determinism, "},
		{[]string{"--quick", "--json"}, 0, `"skipped":"left out by --quick","outcome":"partly"`},
		{[]string{"--only", "ends"}, 2, "--only ends: there is no such check; there are: goldens, options, invalid input, "},
		{[]string{"--only", "bounds", "--quick"}, 2, "--quick and --only exclude each other"},
		{[]string{"--only", "bounds", "--update"}, 2, "add --only goldens"},
	} {
		if code, out := checkPlugin(t, append(c.args, file)...); code != c.code || !strings.Contains(out, c.want) {
			t.Errorf("%q: exit %d\n%s", c.args, code, out)
		}
	}
}
