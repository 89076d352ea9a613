package guide_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"go.uber.org/goleak"
)

const module = "github.com/protocol-workbench/workbench"

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// newModule makes a folder in which the pages' code is built against this
// checkout, without a network: it requires what the checkout requires.
func newModule(t *testing.T) string {
	t.Helper()
	checkout, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	gomod, err := os.ReadFile(filepath.Join(checkout, "go.mod"))
	if err != nil {
		t.Fatal(err)
	}
	sums, err := os.ReadFile(filepath.Join(checkout, "go.sum"))
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Replace(string(gomod), "module "+module, "module guide", 1) +
		fmt.Sprintf("\nrequire %s v0.0.0\n\nreplace %s => %q\n", module, module, checkout)
	dir := t.TempDir()
	write(t, dir, map[string]string{"go.mod": text, "go.sum": string(sums)})
	return dir
}

// write writes files into a folder.
func write(t *testing.T, dir string, files map[string]string) {
	t.Helper()
	for name, text := range files {
		file := filepath.Join(dir, name)
		os.MkdirAll(filepath.Dir(file), 0o755)
		if err := os.WriteFile(file, []byte(text), 0o755); err != nil {
			t.Fatal(err)
		}
	}
}

// workbench builds the command, once, and returns its folder.
var workbench = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "guide-*")
	if err != nil {
		return "", err
	}
	if out, err := exec.Command("go", "build", "-o", dir, module+"/cmd/workbench").CombinedOutput(); err != nil {
		return dir, fmt.Errorf("%w\n%s", err, out)
	}
	return dir, nil
})

// offline is an environment for the go command.
func offline(more ...string) []string {
	return append(append(os.Environ(), "GOPROXY=off", "GOWORK=off", "GOFLAGS=-mod=mod"), more...)
}

// step is the plugin that a page has built up to some point.
type step struct {
	name    string
	files   map[string]string
	scripts []block
}

// steps returns a page's steps as they are when they end, and gives each
// console block the files as they are where it stands.
func steps(t *testing.T, page string, console func(b block, files map[string]string)) (all []step) {
	t.Helper()
	files := map[string]string{}
	for _, b := range blocks(t, page) {
		if b.step != "" && (len(all) == 0 || all[len(all)-1].name != b.step) {
			all = append(all, step{name: b.step})
		}
		switch {
		case b.mark == "not run":
		case b.lang == "console":
			console(b, maps.Clone(files))
		case b.file != "" && page != "never.md":
			files[b.file] = b.text
			all[len(all)-1].files = maps.Clone(files)
		case b.lang == "transcript" && len(all) == 0:
			all = append(all, step{name: "nothing", scripts: []block{b}}) // of the step that follows
		case b.lang == "transcript":
			all[len(all)-1].scripts = append(all[len(all)-1].scripts, b)
		}
	}
	return all
}

// TestSteps builds each step of the guide and runs its tests, and the scripts
// that stand in its text.
func TestSteps(t *testing.T) {
	t.Parallel()
	dir := newModule(t)
	names := map[string]bool{}
	for _, s := range steps(t, "guide.md", func(block, map[string]string) {}) {
		names[s.name] = true
		for i, b := range s.scripts {
			s.files[fmt.Sprintf("script%d_test.go", i)] = fmt.Sprintf(`package main

import (
	"testing"

	"%s/plugins/plugintest"
)

// %s:%d
func TestScript%d(t *testing.T) { plugintest.Script(t, discipline(), %q) }
`, module, b.page, b.line, i, b.text)
		}
		write(t, filepath.Join(dir, s.name, "shout"), s.files)
	}
	for _, name := range []string{"nothing", "upper", "lines", "options", "notes", "timers", "ends", "checkpoint"} {
		if !names[name] {
			t.Errorf("guide.md has no step %s", name)
		}
	}
	if t.Failed() {
		return
	}
	tested := 0
	for _, args := range [][]string{
		{"test", "./upper/...", "./lines/...", "./checkpoint/..."},
		// between them little is new, and Conformance takes seconds
		{"test", "-skip=TestConformance", "./nothing/...", "./options/...", "./notes/...", "./timers/...", "./ends/..."},
	} {
		cmd := exec.Command("go", args...)
		cmd.Dir, cmd.Env = dir, offline()
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("go %v: %v\n%s", args, err, out)
		}
		tested += strings.Count(string(out), "ok  \t")
	}
	if tested != len(names) && !t.Failed() {
		t.Errorf("%d steps were tested of %d", tested, len(names))
	}
}
