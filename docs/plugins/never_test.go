package guide_test

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/protocol-workbench/workbench/core/conformance"
	"github.com/protocol-workbench/workbench/docs/docstest"
)

// libraries are what the machines of never.md may import.
var libraries = map[string]string{
	"bytes": "bytes", "errors": "errors", "fmt": "fmt", "maps": "maps", "rand": "math/rand/v2", "slices": "slices",
	"time": "time", "core": module + "/core",
}

const machineType = "type machine struct"

// asPackage makes a package of a machine that stands in never.md.
func asPackage(name string, b docstest.Block) string {
	text := b.Text
	if !strings.Contains(text, machineType) {
		text = machineType + "{}\n\n" + text
	}
	var imports []string
	for name, path := range libraries {
		if name == "core" || regexp.MustCompile(`\b`+name+`\.[A-Z]`).MatchString(text) {
			imports = append(imports, fmt.Sprintf("\t%q\n", path))
		}
	}
	return fmt.Sprintf(`package %s

import (
%s)

// %s:%d
%s

// Discipline has that machine.
func Discipline() core.Discipline {
	return core.Discipline{
		Manifest: core.Manifest{Name: "never", Title: "Never", Input: core.InputLine},
		Open:     func(core.Opening, *core.Out) (core.Machine, error) { return &machine{}, nil },
	}
}
`, name, strings.Join(imports, ""), b.Page, b.Line, text)
}

// neverTest holds the machines to all promises: each is of one line
//
//	check(t, "s1a", s1a.Discipline(), "determinism")
const neverTest = `package never

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"testing/synctest"

	"%[1]s/core"
	"%[1]s/core/conformance"
%[2]s)

// check holds a machine to all promises in a bubble of time, where a second costs
// nothing. Checks are those that find it; none: it is right.
func check(t *testing.T, name string, d core.Discipline, checks ...string) {
	t.Run(name, func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			ctx, found := context.WithCancel(context.Background())
			s := conformance.InProcess(d, slog.New(slog.DiscardHandler))
			s.Short = testing.Short()
			_, err := conformance.Run(ctx, s, conformance.Checks(), func(r conformance.Result) {
				for _, f := range r.Findings {
					if slices.Contains(checks, f.Check) {
						found() // the checks that are left take their time
					} else {
						t.Error(f)
					}
				}
			})
			switch {
			case len(checks) > 0 && ctx.Err() == nil:
				t.Error("it was not found")
			case ctx.Err() == nil && err != nil:
				t.Error(err)
			}
			found()
		})
	})
}

func TestNever(t *testing.T) {
%[3]s}
`

// TestNever holds the machines of never.md to all promises: wrong ones are found
// by the checks that their section names, right ones by none.
func TestNever(t *testing.T) {
	t.Parallel()
	dir := newModule(t)
	files := map[string]string{}
	var imports, calls strings.Builder
	section, nth := "", 0
	named := map[string]bool{}
	for i, b := range docstest.Blocks(t, "never.md") {
		if useOf(b) != machine {
			continue
		}
		head, _, _ := strings.Cut(b.Section, "Found by")
		if head != section {
			section, nth = head, 0
		}
		checks := ""
		if nth++; nth == 1 {
			for _, check := range foundBy(b.Section) {
				named[check] = true
				checks += fmt.Sprintf(", %q", check)
			}
			if checks == "" {
				t.Errorf("never.md:%d: no check is named that finds it", b.Line)
			}
		}
		name := fmt.Sprintf("b%d", i)
		files[name+"/machine.go"] = asPackage(name, b)
		fmt.Fprintf(&imports, "\t%q\n", "guide/"+name)
		fmt.Fprintf(&calls, "\tcheck(t, %q, %s.Discipline()%s)\n", fmt.Sprintf("never.md:%d", b.Line), name, checks)
	}
	files["never_test.go"] = fmt.Sprintf(neverTest, module, imports.String(), calls.String())
	for _, check := range conformance.Checks() {
		if !slices.Contains([]string{"options", "chance", "recovery", "changed goldens", "reach"}, check) && !named[check] {
			t.Errorf("never.md shows nothing that the check %q finds", check)
		}
	}
	write(t, dir, files)
	cmd := goTest(".")
	cmd.Dir, cmd.Env = dir, append(os.Environ(), offline()...)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("go test: %v\n%s", err, out)
	}
	if t.Failed() {
		t.Log(filepath.Join(dir, "never_test.go"))
	}
}

// foundBy returns the checks that a section names after "Found by".
func foundBy(section string) (checks []string) {
	_, words, _ := strings.Cut(strings.Join(strings.Fields(section), " "), "Found by ")
	words, _, _ = strings.Cut(words, ".")
	for _, m := range regexp.MustCompile("`([a-z -]+)`").FindAllStringSubmatch(words, -1) {
		if slices.Contains(conformance.Checks(), m[1]) {
			checks = append(checks, m[1])
		}
	}
	return checks
}
