package guide_test

import (
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/protocol-workbench/workbench/docs/docstest"
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

// goTest is go test, short where this test is.
func goTest(args ...string) *exec.Cmd {
	return exec.Command("go", append([]string{"test", fmt.Sprintf("-short=%v", testing.Short())}, args...)...)
}

// offline is what the go command finds in its environment.
func offline(more ...string) []string {
	return append([]string{"GOPROXY=off", "GOWORK=off", "GOFLAGS=-mod=mod"}, more...)
}

// step is the plugin that a page has built up to some point.
type step struct {
	name    string
	files   map[string]string
	scripts []docstest.Block
}

// steps returns a page's steps as they are when they end, and gives each
// console block the files as they are where it stands. A page without steps
// builds nothing.
func steps(t *testing.T, page string, run func(b docstest.Block, files map[string]string)) (all []step) {
	t.Helper()
	files := map[string]string{}
	for _, b := range docstest.Blocks(t, page) {
		if b.Step != "" && (len(all) == 0 || all[len(all)-1].name != b.Step) {
			all = append(all, step{name: b.Step})
		}
		switch useOf(b) {
		case console:
			run(b, maps.Clone(files))
		case file:
			files[fileOf(b)] = b.Text
			all[len(all)-1].files = maps.Clone(files)
		case script:
			if len(all) == 0 { // of the step that follows
				all = append(all, step{name: "nothing"})
			}
			all[len(all)-1].scripts = append(all[len(all)-1].scripts, b)
		}
	}
	return all
}

// scriptTest is the test of a script that stands in the text of a step.
const scriptTest = `package main

import (
	"testing"

	"%s/plugins/plugintest"
)

// %s:%d
func TestScript%d(t *testing.T) { plugintest.Script(t, discipline(), %q) }
`

// thorough are the steps whose Conformance tests are run, which take seconds.
// Little is new in the others.
var thorough = []string{"./upper/...", "./lines/...", "./checkpoint/..."}

// TestSteps builds each step of the guide and runs its tests, and the scripts
// that stand in its text.
func TestSteps(t *testing.T) {
	t.Parallel()
	dir := newModule(t)
	var quick []string
	all := steps(t, "guide.md", func(docstest.Block, map[string]string) {})
	for _, s := range all {
		for i, b := range s.scripts {
			s.files[fmt.Sprintf("script%d_test.go", i)] = fmt.Sprintf(scriptTest, module, b.Page, b.Line, i, b.Text)
		}
		write(t, filepath.Join(dir, s.name, "shout"), s.files)
		if folder := "./" + s.name + "/..."; !slices.Contains(thorough, folder) {
			quick = append(quick, folder)
		}
	}
	tested := 0
	for _, args := range [][]string{thorough, append([]string{"-skip=TestConformance"}, quick...)} {
		cmd := goTest(args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), offline()...)
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("go test %v: %v\n%s", args, err, out)
		}
		tested += strings.Count(string(out), "ok  \t")
	}
	if (tested != len(all) || tested < 8) && !t.Failed() {
		t.Errorf("%d steps were tested of %d, and guide.md has 8 or more", tested, len(all))
	}
}
