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
// its own, so a script may run out of them that otherwise would not.
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

// in puts the calls into the functions of a file, and returns what it then finds
// predeclared. The rest of the file is executed when the script is loaded.
func (c *count) in(file *syntax.File) starlark.StringDict {
	syntax.Walk(file, func(n syntax.Node) bool {
		_, function := n.(*syntax.DefStmt)
		if function {
			syntax.Walk(n, c.blocks)
		}
		return !function
	})
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

// blocks puts the calls into the blocks of a statement. Those within are visited
// next.
func (c *count) blocks(n syntax.Node) bool {
	switch s := n.(type) {
	case *syntax.DefStmt:
		s.Body = c.block(s.Body)
	case *syntax.IfStmt:
		s.True, s.False = c.block(s.True), c.block(s.False)
	case *syntax.ForStmt:
		s.Body = c.block(s.Body)
	case *syntax.WhileStmt:
		s.Body = c.block(s.Body)
	}
	return true
}

// block returns the statements, each with a call before it.
func (c *count) block(stmts []syntax.Stmt) []syntax.Stmt {
	var all []syntax.Stmt
	for _, s := range stmts {
		if !isText(s) {
			pos := syntax.Start(s)
			c.executed[int(pos.Line)] = false
			line := &syntax.Literal{Token: syntax.INT, TokenPos: pos, Value: int64(pos.Line)}
			call := &syntax.CallExpr{Fn: &syntax.Ident{NamePos: pos, Name: callCount}, Lparen: pos, Args: []syntax.Expr{line}, Rparen: pos}
			all = append(all, &syntax.ExprStmt{X: call})
		}
		all = append(all, s)
	}
	return all
}

// isText reports whether a statement is a text alone, which documents.
func isText(s syntax.Stmt) bool {
	e, ok := s.(*syntax.ExprStmt)
	if !ok {
		return false
	}
	_, text := e.X.(*syntax.Literal)
	return text
}
