package main

import (
	"fmt"
	"go/ast"
	"go/constant"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/protocol-workbench/workbench/core/sandbox"
)

// docs/limits.md says what the flags and the constants say.
func TestLimitsAreDocumented(t *testing.T) {
	text, err := os.ReadFile("../../docs/limits.md")
	if err != nil {
		t.Fatal(err)
	}
	_, table, _ := strings.Cut(string(text), "\n|---|---|---|---|---|\n")
	table, _, _ = strings.Cut(table, "\n\n")
	flags := map[string]bound{}
	for _, b := range bounds() {
		flags[b.flag] = b
	}
	for line := range strings.Lines(table) {
		cells := strings.Split(strings.Trim(line, "| \n"), " | ")
		if len(cells) < 4 {
			t.Errorf("not a row: %s", line)
			continue
		}
		local, exposed, by := cells[1], cells[2], strings.Trim(cells[3], "`")
		name, isFlag := strings.CutPrefix(by, "--")
		b, isBound := flags[name]
		want, wantExposed := "", "the same"
		switch {
		case isBound:
			want = countWords(b.local)
			if b.exposed != b.local {
				wantExposed = countWords(b.exposed)
			}
			delete(flags, name)
		case isFlag:
			want = flagDefault(t, name)
			if want == "none" {
				wantExposed = want
			}
		case strings.HasPrefix(by, "core/"), strings.HasPrefix(by, "core."):
			at := strings.LastIndexByte(by, '.')
			want = constants{t, by[:at]}.words(by[at+1:])
		default: // as other rows say
			continue
		}
		if local != want || exposed != wantExposed {
			t.Errorf("%s: %q and %q, should be %q and %q", cells[0], local, exposed, want, wantExposed)
		}
	}
	for name := range flags {
		t.Errorf("no row for --%s", name)
	}
}

func countWords(n int) string {
	if n == 0 {
		return "none"
	}
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// flagDefault returns the default of a flag of serve, in words.
func flagDefault(t *testing.T, name string) string {
	f := newServeCommand().Flags().Lookup(name)
	if f == nil {
		t.Errorf("no flag --%s", name)
		return ""
	}
	if name == "plugin-memory" {
		return countWords(sandbox.DefaultMemory >> 20)
	}
	if d, err := time.ParseDuration(f.DefValue); err == nil {
		return timeWords(d)
	}
	return f.DefValue
}

func timeWords(d time.Duration) string {
	switch {
	case d == 0:
		return "none"
	case d%(24*time.Hour) == 0:
		return fmt.Sprintf("%d days", d/(24*time.Hour))
	case d%time.Hour == 0:
		return fmt.Sprintf("%d h", d/time.Hour)
	case d%time.Minute == 0:
		return fmt.Sprintf("%d min", d/time.Minute)
	}
	return fmt.Sprintf("%d s", d/time.Second)
}

func sizeWords(n int) string {
	for _, u := range []struct {
		shift int
		name  string
	}{{30, "GiB"}, {20, "MiB"}, {10, "KiB"}} {
		if n >= 1<<u.shift && n%(1<<u.shift) == 0 {
			return fmt.Sprintf("%d %s", n>>u.shift, u.name)
		}
	}
	return countWords(n)
}

// constants are those of a package, by its folder.
type constants struct {
	t      *testing.T
	folder string
}

// words returns a constant's value: a time, or a size in bytes if it is written
// as such (1 << 10), or a number.
func (c constants) words(name string) string {
	e := c.find(name)
	if e == nil {
		return ""
	}
	v := c.value(e)
	n, _ := constant.Int64Val(v)
	isTime, isSize := false, false
	ast.Inspect(e, func(n ast.Node) bool {
		switch n := n.(type) {
		case *ast.SelectorExpr:
			isTime = isTime || n.X.(*ast.Ident).Name == "time"
			isSize = isSize || n.X.(*ast.Ident).Name == "core"
		case *ast.BinaryExpr:
			isSize = isSize || n.Op == token.SHL
		}
		return true
	})
	switch {
	case isTime:
		return timeWords(time.Duration(n))
	case isSize:
		return sizeWords(int(n))
	}
	return countWords(int(n))
}

// find returns what a constant is set to; nil: there is none, or not in one way.
func (c constants) find(name string) (found ast.Expr) {
	files, err := filepath.Glob(filepath.Join("../..", c.folder, "*.go"))
	if err != nil {
		c.t.Fatal(err)
	}
	for _, file := range files {
		if strings.HasSuffix(file, "_test.go") {
			continue
		}
		parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
		if err != nil {
			c.t.Fatal(err)
		}
		ast.Inspect(parsed, func(n ast.Node) bool {
			if s, ok := n.(*ast.ValueSpec); ok && len(s.Values) == len(s.Names) {
				for i, id := range s.Names {
					if id.Name == name {
						found = s.Values[i]
					}
				}
			}
			return true
		})
	}
	if found == nil {
		c.t.Errorf("no constant %s in %s", name, c.folder)
	}
	return found
}

func (c constants) value(e ast.Expr) constant.Value {
	switch e := e.(type) {
	case *ast.BasicLit:
		return constant.MakeFromLiteral(e.Value, e.Kind, 0)
	case *ast.BinaryExpr:
		x, y := c.value(e.X), c.value(e.Y)
		if e.Op == token.SHL {
			n, _ := constant.Uint64Val(y)
			return constant.Shift(x, token.SHL, uint(n))
		}
		return constant.BinaryOp(x, e.Op, y)
	case *ast.SelectorExpr:
		units := map[string]time.Duration{"Second": time.Second, "Minute": time.Minute, "Hour": time.Hour, "Millisecond": time.Millisecond}
		if of := e.X.(*ast.Ident).Name; of != "time" {
			return constants{c.t, of}.value(constants{c.t, of}.find(e.Sel.Name))
		}
		return constant.MakeInt64(int64(units[e.Sel.Name]))
	case *ast.Ident:
		return c.value(c.find(e.Name))
	}
	c.t.Fatalf("%s: what is %T?", c.folder, e)
	return nil
}
