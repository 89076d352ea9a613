package workbench_test

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/importer"
	"go/parser"
	"go/token"
	"go/types"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// Behaviour is a value that is passed in: no variable of a package holds a
// function, an interface, a time that tests change, or a struct that functions
// are put into. Errors, tables, patterns and pools of buffers are fine.

func TestNoVariableHoldsBehaviour(t *testing.T) {
	type listed struct {
		ImportPath, Dir, Export string
		GoFiles                 []string
	}
	out, err := exec.Command("go", "list", "-export", "-deps", "-json=ImportPath,Dir,Export,GoFiles", "./...").Output()
	if err != nil {
		t.Fatal(err)
	}
	exports := map[string]string{}
	var ours []listed
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := d.Decode(&p); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		exports[p.ImportPath] = p.Export
		if strings.HasPrefix(p.ImportPath, module+"/") {
			ours = append(ours, p)
		}
	}
	set := token.NewFileSet()
	imports := importer.ForCompiler(set, "gc", func(path string) (io.ReadCloser, error) { return os.Open(exports[path]) })
	for _, p := range ours {
		var files []*ast.File
		for _, name := range p.GoFiles {
			f, err := parser.ParseFile(set, filepath.Join(p.Dir, name), nil, parser.SkipObjectResolution)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, f)
		}
		for name, why := range behaviour(t, set, imports, p.ImportPath, files) {
			t.Errorf("variable %s of package %s %s: pass it in", name, p.ImportPath, why)
		}
	}
}

// TestBehaviourCheckCanFail shows the check something to find.
func TestBehaviourCheckCanFail(t *testing.T) {
	const header = "package p; import (\"io\"; \"net\"; \"time\"; \"errors\"; \"regexp\"; \"sync\"); func f() {}; var _ io.Writer; var _ net.Conn; var _ time.Time; var _ = errors.New; var _ *regexp.Regexp; var _ sync.Mutex\n"
	for body, bad := range map[string]bool{
		"var v func()":                      true,
		"var v = f":                         true,
		"var v = time.Now":                  true,
		"var v io.Writer":                   true,
		"var v = 10 * time.Second":          true,
		"var v = &net.Dialer{}":             true,
		"var v struct{ Do func() }":         true,
		"var v = func() int { return 1 }()": false,
		"var v = errors.New(``)":            false,
		"var v = regexp.MustCompile(``)":    false,
		"var v = sync.OnceValue(func() *regexp.Regexp { return nil })": false,
		"var v = map[string]func(){}":                                  false,
		"var v = []time.Duration{1}":                                   false,
		"var v = sync.Pool{New: func() any { return nil }}":            false,
		"func g() { var v = f; v() }":                                  false,
	} {
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, "p.go", header+body, 0)
		if err != nil {
			t.Fatal(err)
		}
		if found := behaviour(t, set, importer.Default(), "p", []*ast.File{file}); (found["v"] != "") != bad {
			t.Errorf("%s: %v", body, found)
		}
	}
}

// behaviour returns why, by the names of a package's variables that hold it.
func behaviour(t *testing.T, set *token.FileSet, imports types.Importer, path string, files []*ast.File) map[string]string {
	t.Helper()
	config := types.Config{Importer: imports, FakeImportC: true}
	p, err := config.Check(path, set, files, nil)
	if err != nil {
		t.Fatalf("%s: %v", path, err)
	}
	found := map[string]string{}
	for _, name := range p.Scope().Names() {
		if v, ok := p.Scope().Lookup(name).(*types.Var); ok {
			if why := holds(v.Type()); why != "" {
				found[name] = why
			}
		}
	}
	return found
}

// holds says how a variable of the type holds behaviour, or "".
func holds(t types.Type) string {
	switch t.String() {
	case "error", "reflect.Type", "sync.Pool", "func() *regexp.Regexp": // the last: a pattern that is compiled when it is first wanted
		return ""
	case "time.Duration":
		return "is a time: a constant, or a value"
	}
	if p, ok := t.Underlying().(*types.Pointer); ok {
		t = p.Elem()
	}
	switch u := t.Underlying().(type) {
	case *types.Signature:
		return "holds a function"
	case *types.Interface:
		return "holds an interface"
	case *types.Struct:
		for f := range u.Fields() {
			switch f.Type().Underlying().(type) {
			case *types.Signature, *types.Interface:
				if f.Exported() {
					return "has a field " + f.Name() + " for behaviour"
				}
			}
		}
	}
	return ""
}
