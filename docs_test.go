package workbench_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/lesson/ready"
)

var update = flag.Bool("update", false, "write the table of packages into docs/architecture.md, and web/test/kinds.json")

// TestTableIsInTheDocs compares docs/architecture.md with the table, or writes
// the table there.
func TestTableIsInTheDocs(t *testing.T) {
	const name, start, end = "docs/architecture.md", "| package |", "\n\n"
	text, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, found := strings.Cut(string(text), start)
	old, after, ended := strings.Cut(start+rest, end)
	if !found || !ended {
		t.Fatalf("%s: no table that starts with %q", name, start)
	}
	want := markdown(table)
	if old == want {
		return
	}
	if !*update {
		t.Fatalf("%s: the table differs from architecture_table_test.go; `go test . -update` writes it", name)
	}
	if err := os.WriteFile(name, []byte(before+want+end+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// markdown prints the table as docs/architecture.md has it.
func markdown(rows []row) string {
	var b strings.Builder
	b.WriteString("| package | does | must not know | may import |\n|---|---|---|---|")
	for _, r := range rows {
		imports := strings.ReplaceAll(strings.Join(strings.Fields(r.imports), ", "), "github.com/", "")
		if imports == "" {
			imports = "–"
		}
		fmt.Fprintf(&b, "\n| `%s` | %s | %s | %s |", r.place, r.does, r.not, imports)
	}
	return b.String()
}

// TestNamedFilesExist looks for the files and folders that the documents name: in
// backquotes, by a path from here or, where they are for contributors, by a file's name
// alone, and in links. What docs/limits.md names are constants.
func TestNamedFilesExist(t *testing.T) {
	names := map[string]bool{}
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil && d.IsDir() && (d.Name() == "node_modules" || d.Name() == ".git") {
			return fs.SkipDir
		}
		names[path.Base(name)] = true
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	code := regexp.MustCompile("`([^`\n]+)`")
	link := regexp.MustCompile(`\]\(([^)#:]+)(#[^)]*)?\)`)
	isPath := regexp.MustCompile(`^(core|cmd|plugins|web|e2e|docs|bench|scripts|examples|testdata)(/[\w.-]+)+$`)
	isFile := regexp.MustCompile(`^\w[\w-]*\.(go|js|md|sh)$`)
	docs, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	docs = slices.DeleteFunc(docs, func(doc string) bool { return doc == "docs/limits.md" })
	for _, doc := range append(docs, "README.md", "CONTRIBUTING.md", "SECURITY.md") {
		contributors := doc == "CONTRIBUTING.md" || doc == "docs/architecture.md"
		text, err := os.ReadFile(doc)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range code.FindAllStringSubmatch(string(text), -1) {
			if isPath.MatchString(m[1]) {
				if _, err := os.Stat(m[1]); err != nil {
					t.Errorf("%s names %s: %v", doc, m[1], err)
				}
			} else if contributors && isFile.MatchString(m[1]) && !names[m[1]] {
				t.Errorf("%s names %s: no file has this name", doc, m[1])
			}
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			if _, err := os.Stat(path.Join(path.Dir(doc), m[1])); err != nil {
				t.Errorf("%s links to %s: %v", doc, m[1], err)
			}
		}
	}
}

// TestLessonsHavePlans has docs/lesson-plans.md have a plan for each lesson that comes
// with the workbench, under the lesson's title.
func TestLessonsHavePlans(t *testing.T) {
	plans, err := os.ReadFile("docs/lesson-plans.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range ready.Names() {
		text, err := ready.Archive(name)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(string(text), "\n# ")
		title, _, _ := strings.Cut(rest, "\n")
		if !strings.Contains(string(plans), fmt.Sprintf("\n## %s\n\n`%s`", title, name)) {
			t.Errorf("docs/lesson-plans.md: no plan of %s, %q", name, title)
		}
	}
}
