package starlark

import (
	"reflect"

	"go.starlark.net/syntax"
)

// A few operations make much out of little at one stroke: "x" * 1000000000 is
// one step, and cannot be interrupted. guard rewrites a script, before it is
// compiled, so that they go through the functions of checked.go:
//
//	a * b        "*"(a, b)                also a + b and a % b
//	a *= b       a = "*"(a, b)            also a %= b
//	a += b       a += "+="(a, b)          which only checks: a list stays the same list
//	s.join(l)    "."(s, "join")(l)        also replace, format and extend
//
// One more is for the words of an error. Names are compiled with their line and
// constants without, and a loop that does not end should be known by its own:
//
//	while True:  while "while" and True:  also while 1
//
// A quoted name cannot be written in a script, so nothing can shadow it.
const (
	callMultiply = `"*"`
	callFormat   = `"%"`
	callAdd      = `"+"`
	callGrow     = `"+="`
	callMethod   = `"."`
	whileTrue    = `"while"`
)

var guardedMethods = map[string]bool{"join": true, "replace": true, "format": true, "extend": true}

var guardedOperators = map[syntax.Token]string{
	syntax.STAR: callMultiply, syntax.STAR_EQ: callMultiply,
	syntax.PLUS: callAdd, syntax.PLUS_EQ: callGrow,
	syntax.PERCENT: callFormat, syntax.PERCENT_EQ: callFormat,
}

// guard rewrites file in place. It refuses a[f()] *= b, which would call f
// twice.
func guard(file *syntax.File) error {
	g := guarding{}
	g.walk(reflect.ValueOf(file.Stmts))
	return g.err
}

type guarding struct{ err error }

var (
	expressions = reflect.TypeFor[syntax.Expr]()
	nodes       = reflect.TypeFor[syntax.Node]()
)

// walk rewrites all expressions below v, the innermost first. The parts of a
// syntax tree are nodes, slices of nodes, and plain data.
func (g *guarding) walk(v reflect.Value) {
	switch {
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			g.walk(v.Index(i))
		}
	case !v.Type().Implements(nodes) || v.IsNil():
	case v.Kind() == reflect.Interface:
		g.walk(v.Elem())
		if v.Type() == expressions {
			v.Set(reflect.ValueOf(rewritten(v.Interface().(syntax.Expr))))
		}
	case v.Kind() == reflect.Pointer:
		for i := range v.Elem().NumField() {
			if f := v.Elem().Type().Field(i); f.IsExported() {
				g.walk(v.Elem().Field(i))
			}
		}
		switch s := v.Interface().(type) {
		case *syntax.AssignStmt:
			g.assign(s)
		case *syntax.WhileStmt:
			s.Cond = placed(s.Cond, s.While)
		}
	}
}

func rewritten(e syntax.Expr) syntax.Expr {
	switch e := e.(type) {
	case *syntax.BinaryExpr:
		if f := guardedOperators[e.Op]; f != "" {
			return call(f, e.OpPos, e.X, e.Y)
		}
	case *syntax.DotExpr:
		if guardedMethods[e.Name.Name] {
			name := &syntax.Literal{Token: syntax.STRING, TokenPos: e.NamePos, Raw: e.Name.Name, Value: e.Name.Name}
			return call(callMethod, e.NamePos, e.X, name)
		}
	}
	return e
}

// assign makes a *= b an a = a * b. Where a is not plain, a += b stays as it
// is: one step of it makes no more than there was.
func (g *guarding) assign(a *syntax.AssignStmt) {
	f := guardedOperators[a.Op]
	if f == "" || f == callGrow && !plain(a.LHS) {
		return
	}
	if g.err == nil && !plain(a.LHS) {
		g.err = at(a.OpPos, "expected a name, or names in brackets, left of %s; put what is in the brackets into a variable first", a.Op)
	}
	left := a.LHS
	if id, ok := left.(*syntax.Ident); ok {
		left = &syntax.Ident{NamePos: id.NamePos, Name: id.Name}
	}
	a.RHS = call(f, a.OpPos, left, a.RHS)
	if f != callGrow {
		a.Op = syntax.EQ
	}
}

// placed gives a condition that may be a constant a position.
func placed(cond syntax.Expr, pos syntax.Position) syntax.Expr {
	switch cond.(type) {
	case *syntax.Ident, *syntax.Literal, *syntax.ParenExpr:
		return &syntax.BinaryExpr{X: &syntax.Ident{NamePos: pos, Name: whileTrue}, OpPos: pos, Op: syntax.AND, Y: cond}
	}
	return cond
}

// plain reports whether evaluating e twice is the same as once.
func plain(e syntax.Expr) bool {
	switch e := e.(type) {
	case *syntax.Ident, *syntax.Literal:
		return true
	case *syntax.ParenExpr:
		return plain(e.X)
	case *syntax.DotExpr:
		return plain(e.X)
	case *syntax.IndexExpr:
		return plain(e.X) && plain(e.Y)
	case *syntax.UnaryExpr:
		return plain(e.X)
	case *syntax.BinaryExpr:
		return plain(e.X) && plain(e.Y)
	}
	return false
}

func call(f string, pos syntax.Position, args ...syntax.Expr) syntax.Expr {
	return &syntax.CallExpr{Fn: &syntax.Ident{NamePos: pos, Name: f}, Lparen: pos, Args: args, Rparen: pos}
}
