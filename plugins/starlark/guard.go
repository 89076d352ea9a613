package starlark

import (
	"fmt"

	"go.starlark.net/starlark"
	"go.starlark.net/syntax"
)

// A number that came from the network can make "x" * n gigabytes: one step, which
// nothing interrupts, and which would end the process for all sessions. So guard
// rewrites a script, before it is compiled:
//
//	a * b        "*" | (a, b)
//	a *= b       a = "*" | (a, b)
//	while True:  while "while" and True:
//
// The last is for the words of an error: names are compiled with their line and
// constants without, and a loop that does not end should be known by its own. A
// quoted name cannot be written in a script, so nothing can shadow it.
const (
	multiplied = `"*"`
	whileTrue  = `"while"`
)

// guard rewrites file in place. It leaves a[f()] *= b as it is, which would call f
// twice.
func guard(file *syntax.File) {
	syntax.Walk(file, func(n syntax.Node) bool {
		switch n := n.(type) {
		case *syntax.BinaryExpr:
			if n.Op == syntax.STAR {
				*n = *product(n.X, n.OpPos, n.Y)
			}
		case *syntax.AssignStmt:
			if n.Op == syntax.STAR_EQ && plain(n.LHS) {
				n.Op, n.RHS = syntax.EQ, product(n.LHS, n.OpPos, n.RHS)
			}
		case *syntax.WhileStmt:
			switch n.Cond.(type) {
			case *syntax.Ident, *syntax.Literal, *syntax.ParenExpr:
				n.Cond = &syntax.BinaryExpr{X: &syntax.Ident{NamePos: n.While, Name: whileTrue}, OpPos: n.While, Op: syntax.AND, Y: n.Cond}
			}
		}
		return true
	})
}

func product(x syntax.Expr, pos syntax.Position, y syntax.Expr) *syntax.BinaryExpr {
	return &syntax.BinaryExpr{
		X: &syntax.Ident{NamePos: pos, Name: multiplied}, OpPos: pos, Op: syntax.PIPE,
		Y: &syntax.TupleExpr{Lparen: pos, List: []syntax.Expr{x, y}, Rparen: pos},
	}
}

// plain reports whether evaluating what is assigned to twice is the same as once.
// What cannot be assigned to so is Starlark's to refuse.
func plain(e syntax.Expr) bool {
	is := true
	syntax.Walk(e, func(n syntax.Node) bool {
		switch n.(type) {
		case *syntax.CallExpr, *syntax.TupleExpr, *syntax.ListExpr:
			is = false
		}
		return is
	})
	return is
}

// multiplier is what a script finds by the name multiplied.
type multiplier struct{ *starlark.Builtin }

var _ starlark.HasBinary = multiplier{}

// Binary returns the product of the two values in y.
func (multiplier) Binary(_ syntax.Token, y starlark.Value, _ starlark.Side) (starlark.Value, error) {
	factors := y.(starlark.Tuple)
	x, times := factors[0], factors[1]
	if n, ok := x.(starlark.Int); ok {
		x, times = times, n // the number is times, if there is one
	}
	if n, ok := times.(starlark.Int); ok {
		if err := checkRepeat(x, n); err != nil {
			return nil, err
		}
	}
	return starlark.Binary(syntax.STAR, factors[0], factors[1])
}

// checkRepeat returns an error when x, n times over, is too large.
func checkRepeat(x starlark.Value, n starlark.Int) error {
	unit, most, what := 0, MaxValue, "bytes"
	switch x := x.(type) {
	case starlark.Int:
		if bits := bitLen(x) + bitLen(n); bits > maxBits {
			return fmt.Errorf("the product would have %d bits; at most %d fit", bits, maxBits)
		}
		return nil
	case starlark.String, starlark.Bytes:
		unit = starlark.Len(x)
	case *starlark.List, starlark.Tuple:
		unit, most, what = starlark.Len(x), MaxRange, "elements"
	}
	times, ok := n.Int64()
	if unit == 0 || n.Sign() <= 0 || ok && times <= int64(most/unit) {
		return nil
	}
	return fmt.Errorf("%d %s, %v times over, would be too much; at most %d %s are made at once", unit, what, n, most, what)
}

// bitLen avoids a big.Int for the numbers that there nearly always are.
func bitLen(n starlark.Int) int {
	if _, ok := n.Int64(); ok {
		return 64
	}
	return n.BigInt().BitLen()
}
