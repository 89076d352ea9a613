// Package workbench_test holds the project's architecture: which package may
// know which, and that machines stay pure. The table below is the one of
// docs/architecture.md; a test keeps the two the same.
//
// A new package gets a row in both. An import that the tests refuse is most
// often code that stands in the wrong place; where it is right, the row changes
// in the same commit, and the commit says why.
//
// What cannot be held here is what the standard library imports in its turn:
// fmt alone brings os and time.
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

// row says what the files of one package, tests left out, may import. Lists
// are separated by spaces. Packages of ours are written without the module's
// path, core/... standing for core and all below it; modules of others by their
// path, which allows all their packages.
type row struct {
	place   string // the folder
	imports string // ours and others' modules
	brings  string // others' modules that come with those
	only    string // the standard library: these and no other; empty: all of it …
	without string // … but these, and what is below them
	pure    bool   // holds machines: see impurities
}

var table = []row{
	{place: "core", only: pureLibrary, pure: true},
	{place: "core/wire", imports: "core", without: "net/http os/exec"},
	{place: "core/pluginproto", imports: "core core/wire " + goPlugin, brings: behindGoPlugin, without: "net/http os"},
	{place: "core/transcript", imports: "core", without: "net os"},
	{place: "core/plainfile", imports: "core", without: "net os/exec"},
	{place: "core/feed", imports: "core", only: pureLibrary, pure: true},
	{place: "core/secret", imports: "core", without: "net os"},
	{place: "core/replay", imports: "core core/feed core/transcript core/wire", without: "net os"},
	{place: "core/sandbox", imports: xsys, without: "net"},
	{place: "core/pluginhost", imports: "core core/limit core/pluginproto core/sandbox core/wire " + xtime + " " + goPlugin + " " + hclog + " " + yamux,
		brings: behindGoPlugin, without: "net/http"},
	{place: "core/catalog", imports: "core core/plainfile", without: "net"},
	{place: "core/conformance", imports: "core core/feed core/replay core/secret core/transcript core/wire", without: "net os"},
	{place: "core/compare", imports: "core core/feed core/transcript core/wire", without: "net os"},
	{place: "core/convert", imports: "core core/transcript", without: "net os"},
	{place: "core/convert/pcap", imports: "core core/convert core/transcript " + gopacket, brings: behindGopacket, without: "net/http os/exec"},
	{place: "core/convert/importer", imports: "core core/convert core/convert/pcap core/plainfile", brings: "core/transcript " + gopacket + " " + behindGopacket, without: "net os/exec"},
	{place: "core/devloop", imports: "core core/catalog core/plainfile core/pluginhost core/replay core/secret core/session core/transcript core/wire " + fsnotify,
		brings: "core/feed core/limit core/pluginproto core/sandbox " + xtime + " " + goPlugin + " " + behindGoPlugin, without: "os/exec"},
	{place: "core/limit", without: "net os"},
	{place: "core/patient", imports: xsys, without: "net/http os/exec"},
	{place: "core/play", imports: "core core/patient core/transcript", brings: xsys, without: "net/http os/exec"},
	{place: "core/play/report", imports: "core core/play", brings: "core/patient core/transcript " + xsys, without: "os"},
	{place: "core/rules", imports: "core core/play core/transcript", brings: "core/patient " + xsys, without: "net/http os/exec"},
	{place: "core/redact", imports: "core core/play core/secret core/transcript", brings: "core/patient " + xsys, without: "net/http os/exec"},
	{place: "core/store", imports: "core core/plainfile core/secret core/transcript core/wire", without: "net os/exec"},
	{place: "core/store/storetest", imports: "core core/store core/transcript", brings: "core/plainfile core/secret core/wire"},
	{place: "core/session", imports: "core core/feed core/limit core/secret core/transcript core/wire", without: "net/http os/exec"},
	{place: "core/target", imports: "core/urgent " + xnet, brings: behindTarget, without: "net/http os"},
	{place: "core/gateway", imports: "core core/compare core/limit core/patient core/session core/store core/target core/transcript core/wire " + gorilla, brings: "core/feed core/plainfile core/secret core/urgent " + xsys + " " + behindTarget, without: "os"},
	{place: "core/metrics", imports: "core/pluginhost core/session core/store " + prometheus,
		brings: "core core/feed core/limit core/plainfile core/pluginproto core/sandbox core/secret core/transcript core/wire " + xtime + " " + goPlugin + " " + behindGoPlugin + " " + behindPrometheus},
	{place: "core/loopback", imports: "core/urgent", without: "net/http os/exec"},
	{place: "core/urgent", only: "syscall"},
	{place: "core/practice", without: "net/http os/exec"},
	{place: "plugins", imports: "core core/pluginproto core/wire " + goPlugin + " " + hclog, brings: behindGoPlugin, without: "net/http os/exec"},
	{place: "plugins/http-line", imports: "core", only: pureLibrary, pure: true},
	{place: "plugins/raw", imports: "core", only: pureLibrary, pure: true},
	{place: "plugins/echo-quit", imports: "core", only: pureLibrary, pure: true},
	{place: "plugins/jsonl", imports: "core core/wire plugins", brings: "core/pluginproto " + goPlugin + " " + behindGoPlugin, without: "net/http"},
	{place: "plugins/starlark", imports: "core " + starlark, brings: xsys, without: "net os/exec"},
	{place: "plugins/plugintest", imports: "core core/conformance core/plainfile core/replay core/transcript core/wire", brings: "core/feed core/secret", without: "net os/exec"},
	{place: "cmd/workbench", imports: "cmd/workbench/command cmd/workbench/playcmd cmd/workbench/scaffold cmd/workbench/screen cmd/workbench/tlsflags core/... plugins/... web " + cobra + " " + pflag,
		brings: prometheus + " " + xtime + " " + fsnotify + " " + gopacket + " " + gorilla + " " + starlark + " " + goPlugin + " " + behindGoPlugin + " " + behindCobra + " " + behindPrometheus},
	{place: "cmd/workbench/scaffold", imports: "core", without: "net"},
	{place: "cmd/workbench/command", imports: "core/loopback " + cobra, brings: "core/urgent " + behindCobra, without: "os"},
	{place: "cmd/workbench/playcmd", imports: "cmd/workbench/command cmd/workbench/tlsflags core core/patient core/plainfile core/play core/play/report core/target core/transcript " + cobra,
		brings: "core/loopback core/urgent " + xsys + " " + behindTarget + " " + behindCobra, without: "os"},
	{place: "cmd/workbench/screen", imports: "core core/plainfile", without: "net os/exec"},
	{place: "cmd/workbench/tlsflags", imports: "core core/plainfile core/target " + pflag, brings: "core/urgent " + behindTarget, without: "net os/exec"},
	{place: "cmd/workbench/scaffold/templates/go", imports: "core plugins", brings: "core/pluginproto core/wire " + goPlugin + " " + behindGoPlugin},
	{place: "cmd/echo", imports: "core/loopback core/practice " + cobra, brings: "core/urgent " + behindCobra},
	{place: "web", only: "embed io/fs"},
	{place: "bench", imports: gorilla},
	{place: "e2e"},
}

// pureLibrary is what a machine may use of the standard library: nothing that
// waits, reads a clock, draws a random number or reaches out of the process.
// The list may grow by packages of that kind.
const pureLibrary = "bytes cmp encoding/base64 encoding/binary encoding/hex encoding/json errors fmt " +
	"iter maps math math/bits slices sort strconv strings time unicode unicode/utf16 unicode/utf8"

const (
	cobra    = "github.com/spf13/cobra"
	goPlugin = "github.com/hashicorp/go-plugin"
	gorilla  = "github.com/gorilla/websocket"
	hclog    = "github.com/hashicorp/go-hclog"
	xsys     = "golang.org/x/sys"
	xnet     = "golang.org/x/net"
	xtime    = "golang.org/x/time"
	yamux    = "github.com/hashicorp/yamux"
	fsnotify = "github.com/fsnotify/fsnotify"
	gopacket = "github.com/gopacket/gopacket"
	pflag    = "github.com/spf13/pflag"
	starlark = "go.starlark.net"

	behindTarget   = "golang.org/x/net golang.org/x/text"
	behindGopacket = "golang.org/x/net golang.org/x/sys"

	prometheus       = "github.com/prometheus/client_golang"
	behindPrometheus = "github.com/beorn7/perks github.com/cespare/xxhash/v2 github.com/munnerz/goautoneg " +
		"github.com/prometheus/client_model github.com/prometheus/common github.com/prometheus/procfs " +
		"go.yaml.in/yaml/v2 google.golang.org/protobuf"
	behindCobra    = pflag + " github.com/inconshreveable/mousetrap"
	behindGoPlugin = hclog + " " + yamux + " github.com/fatih/color github.com/golang/protobuf " +
		"github.com/mattn/go-colorable github.com/mattn/go-isatty github.com/oklog/run " +
		"golang.org/x/net golang.org/x/sys golang.org/x/text " +
		"google.golang.org/genproto/googleapis/rpc google.golang.org/grpc google.golang.org/protobuf"
)

func TestDirectImports(t *testing.T) {
	for place, files := range sources(t) {
		r, ok := rowOf(place)
		if !ok {
			t.Errorf("package %s has no row: add one to the table in architecture_test.go and to docs/architecture.md", place)
			continue
		}
		for _, f := range files {
			for _, spec := range f.Imports {
				if why := r.refuses(importPath(spec)); why != "" {
					t.Errorf("%s: package %s may not import %s: %s", f.position(spec), place, importPath(spec), why)
				}
			}
		}
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
		p, ok := all[module+"/"+r.place]
		if !ok {
			t.Errorf("package %s of the table does not exist: remove its row, here and in docs/architecture.md", r.place)
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

// TestTableIsInTheDocs compares places and imports with docs/architecture.md.
func TestTableIsInTheDocs(t *testing.T) {
	doc, err := os.ReadFile("docs/architecture.md")
	if err != nil {
		t.Fatal(err)
	}
	written := map[string]string{}
	for line := range strings.Lines(string(doc)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 6 || !strings.HasPrefix(cells[1], " `") {
			continue
		}
		for _, place := range strings.Split(cells[1], ",") {
			written[strings.Trim(place, " `")] = strings.TrimSpace(cells[4])
		}
	}
	for _, r := range table {
		want := strings.ReplaceAll(strings.Join(strings.Fields(r.imports), ", "), "github.com/", "")
		if want == "" {
			want = "–"
		}
		if got := written[r.place]; got != want {
			t.Errorf("docs/architecture.md says that %s may import %q; the test's table says %q", r.place, got, want)
		}
		delete(written, r.place)
	}
	for place := range written {
		t.Errorf("docs/architecture.md has a row for %s; the test's table has none", place)
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
