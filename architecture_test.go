// Package workbench_test holds the project's architecture: which package may
// know which, and that machines stay pure. The table is in
// architecture_table_test.go; `go test . -update` writes it into
// docs/architecture.md.
//
// A new package gets a row. An import that the tests refuse most often means
// that the code is in the wrong place; where the import is right, the row
// changes in the same commit, and the commit says why.
//
// These tests do not see what the standard library itself imports: fmt alone
// brings os and time.
package workbench_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const module = "github.com/protocol-workbench/workbench"

func TestDirectImports(t *testing.T) {
	for place, files := range sources(t) {
		r, ok := rowOf(place)
		if !ok {
			t.Errorf("package %s has no row: add one to architecture_table_test.go", place)
			continue
		}
		for _, f := range files {
			for _, spec := range f.Imports {
				if why := r.refuses(importPath(spec)); why != "" {
					t.Errorf("%s: package %s may not import %s: %s", f.position(spec), place, importPath(spec), why)
				}
			}
		}
		for _, name := range r.unused(files) {
			t.Errorf("package %s does not import %s: take it out of its row in architecture_table_test.go", place, name)
		}
	}
}

// TestUnusedCanFail shows a row a name too many.
func TestUnusedCanFail(t *testing.T) {
	r := row{imports: "core core/wire plugins/... docs/... example.com/parser example.com/other " + module}
	files := []file{
		parse(t, "a.go", "package p\nimport \"example.com/parser/ast\"\nimport \""+module+"/core/wire\"\n"),
		parse(t, "b.go", "package p\nimport _ \""+module+"/plugins/raw\"\nimport \"example.com/others\"\n"),
	}
	if got, want := r.unused(files), []string{"core", "docs/...", "example.com/other", module}; !slices.Equal(got, want) {
		t.Errorf("not imported are %q, want %q", got, want)
	}
}

func TestMachinesArePure(t *testing.T) {
	for place, files := range sources(t) {
		if r, _ := rowOf(place); !r.pure {
			continue
		}
		for _, f := range files {
			for _, words := range impurities(f) {
				t.Errorf("%s; a machine answers events and does nothing else", words)
			}
		}
	}
}

// TestPurityCheckCanFail shows the check something to find.
func TestPurityCheckCanFail(t *testing.T) {
	for _, body := range []string{
		"go func() {}()", "time.Now()", "time.Sleep(1)", "time.After(1)", "_ = time.AfterFunc", "time.NewTimer(1)",
		"time.Tick(1)", "clock.Now()", "rand.Int()", "_ = dot", "fmt.Println()", "println()", "_ = os.Args", "net.Dial()",
	} {
		header := "package p\n"
		switch name, _, _ := strings.Cut(strings.TrimPrefix(body, "_ = "), "."); name {
		case "time", "fmt", "os", "net":
			header += `import "` + name + `"`
		case "clock":
			header += `import clock "time"`
		case "rand":
			header += `import "math/rand"`
		case "dot":
			header += `import . "strings"`
		}
		f := parse(t, "p.go", header+"\nfunc f() { "+body+" }\n")
		refused := slices.ContainsFunc(f.Imports, func(spec *ast.ImportSpec) bool {
			return table[0].refuses(importPath(spec)) != ""
		})
		if len(impurities(f)) == 0 && !refused {
			t.Errorf("%q passed for pure", body)
		}
	}
}

// TestReach asks the go command for what comes with a package's imports, so
// that a row which was widened without a thought shows in all that stand on it.
func TestReach(t *testing.T) {
	type listed struct {
		ImportPath    string
		Standard      bool
		Module        *struct{ Path string }
		Imports, Deps []string
	}
	out, err := exec.Command("go", "list", "-deps", "-json=ImportPath,Standard,Module,Imports,Deps", "./...").Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		t.Fatalf("go list: %s", exit.Stderr)
	} else if err != nil {
		t.Fatal(err)
	}
	all := map[string]listed{}
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all[p.ImportPath] = p
	}
	for _, r := range table {
		p, ok := all[path.Join(module, r.place)]
		if !ok {
			t.Errorf("package %s does not exist: remove its row from architecture_table_test.go", r.place)
		}
		reached := map[string][]string{} // by the import that leads there
		for _, dep := range p.Deps {
			name := dep
			if m := all[dep].Module; m != nil && m.Path != module {
				name = m.Path
			}
			if all[dep].Standard || r.allows(name) || allowed(r.brings, name) || slices.Contains(p.Imports, dep) {
				continue // direct imports are TestDirectImports's
			}
			way := p.Imports[slices.IndexFunc(p.Imports, func(i string) bool { return slices.Contains(all[i].Deps, dep) })]
			if !slices.Contains(reached[way], name) {
				reached[way] = append(reached[way], name)
			}
		}
		for way, names := range reached {
			t.Errorf("package %s reaches through %s what its row does not allow: %s", r.place, way, strings.Join(names, ", "))
		}
	}
}

func rowOf(place string) (row, bool) {
	i := slices.IndexFunc(table, func(r row) bool { return r.place == place })
	if i < 0 {
		return row{}, false
	}
	return table[i], true
}

func (r row) allows(path string) bool { return allowed(r.imports, path) }

// refuses says why the package may not import path, or "".
func (r row) refuses(path string) string {
	switch first, _, _ := strings.Cut(path, "/"); {
	case path == "C":
		return "it must build without C"
	case strings.Contains(first, "."):
		if !r.allows(path) {
			return fmt.Sprintf("of ours and of others' its row allows %q", r.imports)
		}
	case r.only != "":
		if !allowed(r.only, path) {
			return fmt.Sprintf("of the standard library its row allows %q", r.only)
		}
	default:
		for _, barred := range strings.Fields(r.without) {
			if path == barred || strings.HasPrefix(path, barred+"/") {
				return "its row bars " + barred
			}
		}
	}
	return ""
}

// unused returns what the row allows and none of the package's files imports.
func (r row) unused(files []file) (names []string) {
	for _, name := range strings.Fields(r.imports) {
		if !slices.ContainsFunc(files, func(f file) bool {
			return slices.ContainsFunc(f.Imports, func(spec *ast.ImportSpec) bool { return allowed(name, importPath(spec)) })
		}) {
			names = append(names, name)
		}
	}
	return names
}

// allowed reports whether the list has the package.
func allowed(list, path string) bool {
	own, isOwn := strings.CutPrefix(path, module+"/")
	return slices.ContainsFunc(strings.Fields(list), func(entry string) bool {
		below, isTree := strings.CutSuffix(entry, "/...")
		switch {
		case isOwn && isTree:
			return own == below || strings.HasPrefix(own, below+"/")
		case isOwn:
			return own == entry
		}
		return path == entry || strings.Contains(entry, ".") && strings.HasPrefix(path, entry+"/")
	})
}

type file struct {
	*ast.File
	set *token.FileSet
}

func (f file) position(n ast.Node) token.Position { return f.set.Position(n.Pos()) }

// sources parses all Go files but tests, whatever system they are for, by the
// folder that they stand in.
func sources(t *testing.T) map[string][]file {
	t.Helper()
	all := map[string][]file{}
	err := fs.WalkDir(os.DirFS("."), ".", func(name string, d fs.DirEntry, err error) error {
		base := path.Base(name)
		switch {
		case err != nil:
			return err
		case d.IsDir() && name != "." && (strings.HasPrefix(base, ".") || strings.HasPrefix(base, "_") || base == "testdata" || base == "node_modules"):
			return fs.SkipDir
		case !d.IsDir() && strings.HasSuffix(base, ".go") && !strings.HasSuffix(base, "_test.go"):
			all[path.Dir(name)] = append(all[path.Dir(name)], parse(t, name, nil))
		}
		return nil
	})
	if err != nil || len(all) == 0 {
		t.Fatalf("found %d packages: %v", len(all), err)
	}
	return all
}

func parse(t *testing.T, name string, source any) file {
	t.Helper()
	set := token.NewFileSet()
	f, err := parser.ParseFile(set, name, source, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	return file{f, set}
}

func importPath(spec *ast.ImportSpec) string {
	p, _ := strconv.Unquote(spec.Path.Value)
	return p
}

// impure lists the functions that a machine may not use, of packages that it
// may import.
var impure = map[string]string{
	"time": "Now Since Until Sleep After AfterFunc NewTimer NewTicker Tick Local LoadLocation",
	"fmt":  "Print Printf Println Scan Scanf Scanln",
}

// impurities says where a file starts goroutines, reads clocks, waits or
// prints. What it imports is for row.refuses.
func impurities(f file) (found []string) {
	names := map[string]string{} // of impure's packages in this file
	for _, spec := range f.Imports {
		p := importPath(spec)
		name := path.Base(p)
		if spec.Name != nil {
			name = spec.Name.Name
		}
		if name == "." {
			found = append(found, fmt.Sprintf("%s: the dot import hides what is used of %s", f.position(spec), p))
		}
		if impure[p] != "" {
			names[name] = p
		}
	}
	ast.Inspect(f.File, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.GoStmt:
			found = append(found, fmt.Sprintf("%s: a goroutine is started", f.position(n)))
		case *ast.CallExpr:
			if id, ok := n.Fun.(*ast.Ident); ok && (id.Name == "print" || id.Name == "println") {
				found = append(found, fmt.Sprintf("%s: %s is called", f.position(n), id.Name))
			}
		case *ast.SelectorExpr:
			id, ok := n.X.(*ast.Ident)
			if ok && slices.Contains(strings.Fields(impure[names[id.Name]]), n.Sel.Name) {
				found = append(found, fmt.Sprintf("%s: %s.%s is used", f.position(n), id.Name, n.Sel.Name))
			}
		}
		return true
	})
	return found
}
