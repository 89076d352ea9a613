package starlark

import (
	"encoding/json"
	"maps"
	"path/filepath"
	"sync"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"

	"github.com/protocol-workbench/workbench/core"
)

// Counting is Discipline of a script that counts which lines of its functions are
// executed. coverage returns them as a JSON object: of each line on which a
// statement begins, whether it was, in any session. The counting takes steps of
// its own, so a script may come to the end of them that otherwise would not.
func Counting(path string) (d core.Discipline, coverage func() ([]byte, error), err error) {
	source, err := read(path)
	if err != nil {
		return d, nil, err
	}
	c := &count{executed: map[int]bool{}}
	d, err = loadCounting(filepath.Base(path), source, c)
	return d, c.coverage, err
}

// callCount is a name that cannot be written in a script.
const callCount = `"line"`

// count counts which lines are executed. There is no hook for that in Starlark,
// so each statement in a function is given a call before it.
type count struct {
	mu       sync.Mutex
	executed map[int]bool
}

func (c *count) coverage() ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	return json.Marshal(c.executed)
}

// in puts the calls into the file, and returns what it then finds predeclared.
func (c *count) in(file *syntax.File) starlark.StringDict {
	for _, s := range file.Stmts {
		c.functions(s)
	}
	found := maps.Clone(predeclared)
	found[callCount] = builtin("line", func(_ *starlark.Thread, _ *starlark.Builtin, args starlark.Tuple, _ []starlark.Tuple) (starlark.Value, error) {
		line, err := starlark.AsInt32(args[0])
		c.mu.Lock()
		defer c.mu.Unlock()
		c.executed[line] = true
		return starlark.None, err
	})
	return found
}

// functions counts in the functions of a statement at the top level, which is
// executed when the script is loaded.
func (c *count) functions(s syntax.Stmt) {
	switch s := s.(type) {
	case *syntax.DefStmt:
		s.Body = c.block(s.Body)
	case *syntax.IfStmt:
		for _, inner := range append(s.True[:len(s.True):len(s.True)], s.False...) {
			c.functions(inner)
		}
	}
}

// block returns the statements, each with a call before it.
func (c *count) block(stmts []syntax.Stmt) []syntax.Stmt {
	var all []syntax.Stmt
	for _, s := range stmts {
		switch s := s.(type) {
		case *syntax.DefStmt:
			s.Body = c.block(s.Body)
		case *syntax.IfStmt:
			s.True, s.False = c.block(s.True), c.block(s.False)
		case *syntax.ForStmt:
			s.Body = c.block(s.Body)
		case *syntax.WhileStmt:
			s.Body = c.block(s.Body)
		case *syntax.ExprStmt:
			if _, text := s.X.(*syntax.Literal); text {
				all = append(all, s) // documentation
				continue
			}
		}
		pos := syntax.Start(s)
		c.executed[int(pos.Line)] = false
		line := &syntax.Literal{Token: syntax.INT, TokenPos: pos, Value: int64(pos.Line)}
		call := &syntax.CallExpr{Fn: &syntax.Ident{NamePos: pos, Name: callCount}, Lparen: pos, Args: []syntax.Expr{line}, Rparen: pos}
		all = append(all, &syntax.ExprStmt{X: call}, s)
	}
	return all
}
